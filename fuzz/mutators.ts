// The mutators, with libFuzzer's names and ideas: bytes in, new bytes out, undefined for "does not apply here".
// None of them knows of targets, corpora or files; test/fuzz-engine/mutators.test.ts has one table for all.

import type { Random } from './random.ts';

export interface Materials {
  /** Results are never longer. */
  readonly maxLength: number;
  /** Words given by the user, and constants the target compared with. */
  readonly dictionary: readonly Uint8Array[];
  /** Words that have led to something new. */
  readonly proven?: readonly Uint8Array[];
  /** What the target compared when it last ran this input: seen there, wanted there. */
  readonly compares: readonly Replacement[];
  /** Another unit of the corpus. */
  readonly other: Uint8Array;
  /** Bytes above 127 and control characters become printable ones. */
  readonly onlyAscii?: boolean;
  /** Names of the mutators applied, in order, for whoever wants to tell. */
  readonly applied?: string[];
  /** Words put in, in order. */
  readonly used?: Uint8Array[];
}

/** Bytes the target saw, and bytes it compared them with. */
export interface Replacement {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

export type Mutate = (bytes: Uint8Array, random: Random, materials: Materials) => Uint8Array | undefined;

export interface Mutator {
  readonly name: string;
  readonly mutate: Mutate;
}

const MAX_CHUNK = 10;
const MAX_REPEAT = 128;
const INTERESTING = [
  0, 1, 2, 4, 7, 8, 16, 32, 64, 100, 127, 128, 255, 256, 512, 1000, 1024, 4096, 32767, 32768, 65535, 65536,
];

/** Removes a run of bytes. */
const eraseBytes: Mutate = (bytes, random) => {
  if (bytes.length < 2) return undefined;
  const count = 1 + random.below(Math.ceil(bytes.length / 2));
  return splice(bytes, random.below(bytes.length - count + 1), count, NOTHING);
};

/** Inserts one random byte. */
const insertByte: Mutate = (bytes, random, { maxLength }) => {
  if (bytes.length >= maxLength) return undefined;
  return splice(bytes, random.below(bytes.length + 1), 0, Uint8Array.of(random.below(256)));
};

/** Inserts several copies of one byte. */
const insertRepeatedBytes: Mutate = (bytes, random, { maxLength }) => {
  const room = Math.min(maxLength - bytes.length, MAX_REPEAT);
  if (room < 3) return undefined;
  const filler = random.below(2) === 0 ? random.below(256) : [0, 255][random.below(2)]!;
  const count = 3 + random.below(room - 2);
  return splice(bytes, random.below(bytes.length + 1), 0, new Uint8Array(count).fill(filler));
};

/** Replaces one byte. */
const changeByte: Mutate = (bytes, random) => {
  if (bytes.length === 0) return undefined;
  return overwrite(bytes, random.below(bytes.length), Uint8Array.of(random.below(256)));
};

/** Flips one bit. */
const changeBit: Mutate = (bytes, random) => {
  if (bytes.length === 0) return undefined;
  const at = random.below(bytes.length);
  return overwrite(bytes, at, Uint8Array.of(bytes[at]! ^ (1 << random.below(8))));
};

/** Puts a few neighbouring bytes in another order. */
const shuffleBytes: Mutate = (bytes, random) => {
  if (bytes.length < 2) return undefined;
  const count = Math.min(bytes.length, 2 + random.below(7));
  const at = random.below(bytes.length - count + 1);
  const piece = bytes.slice(at, at + count);
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [piece[i], piece[j]] = [piece[j]!, piece[i]!];
  }
  return overwrite(bytes, at, piece);
};

/** Changes a decimal number in the text. */
const changeAsciiInteger: Mutate = (bytes, random) => {
  const start = random.below(bytes.length + 1);
  let from = start;
  while (from < bytes.length && !isDigit(bytes[from]!)) from++;
  let to = from;
  while (to < bytes.length && isDigit(bytes[to]!) && to - from < 15) to++;
  if (from === to) return undefined;
  const value = Number(new TextDecoder().decode(bytes.subarray(from, to)));
  const changed = [value + 1, Math.max(0, value - 1), Math.floor(value / 2), value * 2, value * value][
    random.below(5)
  ]!;
  const digits = String(changed % 1e15)
    .slice(0, to - from)
    .padStart(to - from, '0');
  return overwrite(bytes, from, ascii(digits));
};

/** Adds a little to a number of 1, 2, 4 or 8 bytes in either byte order, or replaces it. */
const changeBinaryInteger: Mutate = (bytes, random) => {
  const width = 1 << random.below(4);
  if (bytes.length < width) return undefined;
  const at = random.below(bytes.length - width + 1);
  const little = random.below(2) === 0;
  const way = random.below(4);
  if (way === 0) {
    const value = INTERESTING[random.below(INTERESTING.length)]!;
    return overwrite(bytes, at, integer(BigInt(random.below(2) === 0 ? value : -value), width, little));
  }
  if (way === 1 && width > 1) return overwrite(bytes, at, integer(BigInt(bytes.length), width, little));
  let value = 0n;
  for (let i = 0; i < width; i++) value |= BigInt(bytes[at + (little ? i : width - 1 - i)]!) << BigInt(8 * i);
  return overwrite(bytes, at, integer(value + BigInt(random.below(21) - 10), width, little));
};

/** Copies a piece of the input over another place of it, or in between. */
const copyPart: Mutate = (bytes, random, { maxLength }) => pasteFrom(bytes, bytes, random, maxLength);

/** Copies a piece of another unit into this one. */
const crossOver: Mutate = (bytes, random, { other, maxLength }) => pasteFrom(bytes, other, random, maxLength);

/** A beginning of this unit and an end of another. */
const splitAndJoin: Mutate = (bytes, random, { other, maxLength }) => {
  if (bytes.length === 0 || other.length === 0) return undefined;
  const head = bytes.subarray(0, 1 + random.below(bytes.length));
  const joined = splice(head, head.length, 0, other.subarray(random.below(other.length)));
  return joined.slice(0, maxLength);
};

/** Inserts or writes a word of the dictionary. */
const addWord: Mutate = (bytes, random, materials) => insertWord(bytes, random, materials, materials.dictionary);

/** The same with a word that has led to something new before. */
const addProvenWord: Mutate = (bytes, random, materials) =>
  insertWord(bytes, random, materials, materials.proven ?? []);

function insertWord(
  bytes: Uint8Array,
  random: Random,
  { maxLength, used }: Materials,
  dictionary: readonly Uint8Array[],
): Uint8Array | undefined {
  if (dictionary.length === 0) return undefined;
  const word = dictionary[random.below(dictionary.length)]!;
  used?.push(word);
  if (random.below(2) === 0 && bytes.length + word.length <= maxLength) {
    return splice(bytes, random.below(bytes.length + 1), 0, word);
  }
  return word.length > bytes.length ? undefined : overwrite(bytes, random.below(bytes.length - word.length + 1), word);
}

/** Where the input holds what the target compared, puts what it was compared with. */
const replaceCompared: Mutate = (bytes, random, { compares, maxLength, used }) => {
  if (compares.length === 0) return undefined;
  const { from, to } = compares[random.below(compares.length)]!;
  const at = find(bytes, from, random.below(bytes.length + 1));
  if (at < 0 || bytes.length - from.length + to.length > maxLength) return undefined;
  used?.push(to);
  return splice(bytes, at, from.length, to);
};

/** Every mutator; each is as likely as any other. */
export const MUTATORS: readonly Mutator[] = [
  { name: 'EraseBytes', mutate: eraseBytes },
  { name: 'InsertByte', mutate: insertByte },
  { name: 'InsertRepeatedBytes', mutate: insertRepeatedBytes },
  { name: 'ChangeByte', mutate: changeByte },
  { name: 'ChangeBit', mutate: changeBit },
  { name: 'ShuffleBytes', mutate: shuffleBytes },
  { name: 'ChangeASCIIInt', mutate: changeAsciiInteger },
  { name: 'ChangeBinInt', mutate: changeBinaryInteger },
  { name: 'CopyPart', mutate: copyPart },
  { name: 'CrossOver', mutate: crossOver },
  { name: 'SplitAndJoin', mutate: splitAndJoin },
  { name: 'Dict', mutate: addWord },
  { name: 'PersAutoDict', mutate: addProvenWord },
  { name: 'CMP', mutate: replaceCompared },
];

/** Applies one mutator that fits; a byte is inserted where none does. */
export function mutateOnce(bytes: Uint8Array, random: Random, materials: Materials): Uint8Array {
  for (let attempt = 0; attempt < 32; attempt++) {
    const mutator = MUTATORS[random.below(MUTATORS.length)]!;
    const result = mutator.mutate(bytes, random, materials);
    if (!result || result.length > materials.maxLength) continue;
    materials.applied?.push(mutator.name);
    return materials.onlyAscii ? printable(result) : result;
  }
  return Uint8Array.of(random.below(256)).slice(0, materials.maxLength);
}

const NOTHING = new Uint8Array(0);

/** libFuzzer's rule for -only_ascii: what is neither printable nor white space becomes a letter, a digit or a sign. */
export function printable(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => {
    const low = byte & 127;
    return low >= 0x20 && low < 0x7f ? low : low >= 9 && low <= 13 ? low : 0x20 + (low % 95);
  });
}

/** `count` bytes at `at` give way to `piece`. */
export function splice(bytes: Uint8Array, at: number, count: number, piece: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length - count + piece.length);
  out.set(bytes.subarray(0, at));
  out.set(piece, at);
  out.set(bytes.subarray(at + count), at + piece.length);
  return out;
}

function overwrite(bytes: Uint8Array, at: number, piece: Uint8Array): Uint8Array {
  const out = bytes.slice();
  out.set(piece, at);
  return out;
}

function pasteFrom(bytes: Uint8Array, source: Uint8Array, random: Random, maxLength: number): Uint8Array | undefined {
  if (source.length === 0 || bytes.length === 0) return undefined;
  const count = 1 + random.below(Math.min(source.length, random.below(2) === 0 ? MAX_CHUNK : source.length));
  const start = random.below(source.length - count + 1);
  const piece = source.slice(start, start + count);
  if (random.below(2) === 0 && bytes.length + count <= maxLength) {
    return splice(bytes, random.below(bytes.length + 1), 0, piece);
  }
  return count > bytes.length ? undefined : overwrite(bytes, random.below(bytes.length - count + 1), piece);
}

/** The first place of `piece` at or after `start`, or else before it; -1 if there is none. */
export function find(bytes: Uint8Array, piece: Uint8Array, start = 0): number {
  const last = bytes.length - piece.length;
  if (piece.length === 0 || last < 0) return -1;
  for (let k = 0; k <= last; k++) {
    const at = (start + k) % (last + 1);
    let i = 0;
    while (i < piece.length && bytes[at + i] === piece[i]) i++;
    if (i === piece.length) return at;
  }
  return -1;
}

/** The low `width` bytes of a number. */
export function integer(value: bigint, width: number, little: boolean): Uint8Array {
  const out = new Uint8Array(width);
  for (let i = 0; i < width; i++) out[little ? i : width - 1 - i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return out;
}

export function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
