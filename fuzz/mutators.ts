// The mutators, with libFuzzer's names and ideas: bytes in, new bytes out, undefined for "does not apply here".
// None of them knows of targets, corpora or files; test/fuzz-engine/mutators.test.ts has one table for all.

import type { Random } from './random.ts';
import { copyInto, type Room, roomFor } from './room.ts';

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
  /** Where results lie that nobody keeps; otherwise each is an array of its own. */
  readonly room?: Room;
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
const eraseBytes: Mutate = (bytes, random, { room }) => {
  if (bytes.length < 2) return undefined;
  const count = 1 + random.below(Math.ceil(bytes.length / 2));
  return spread(bytes, random.below(bytes.length - count + 1), count, 0, room);
};

/** Inserts one random byte. */
const insertByte: Mutate = (bytes, random, { maxLength, room }) => {
  if (bytes.length >= maxLength) return undefined;
  const at = random.below(bytes.length + 1);
  const out = spread(bytes, at, 0, 1, room);
  out[at] = random.below(256);
  return out;
};

/** Inserts several copies of one byte. */
const insertRepeatedBytes: Mutate = (bytes, random, { maxLength, room }) => {
  const most = Math.min(maxLength - bytes.length, MAX_REPEAT);
  if (most < 3) return undefined;
  const filler = random.below(2) === 0 ? random.below(256) : [0, 255][random.below(2)]!;
  const count = 3 + random.below(most - 2);
  const at = random.below(bytes.length + 1);
  return spread(bytes, at, 0, count, room).fill(filler, at, at + count);
};

/** Replaces one byte. */
const changeByte: Mutate = (bytes, random, { room }) => {
  if (bytes.length === 0) return undefined;
  const out = spread(bytes, 0, 0, 0, room);
  out[random.below(bytes.length)] = random.below(256);
  return out;
};

/** Flips one bit. */
const changeBit: Mutate = (bytes, random, { room }) => {
  if (bytes.length === 0) return undefined;
  const out = spread(bytes, 0, 0, 0, room);
  out[random.below(bytes.length)]! ^= 1 << random.below(8);
  return out;
};

/** Puts a few neighbouring bytes in another order. */
const shuffleBytes: Mutate = (bytes, random, { room }) => {
  if (bytes.length < 2) return undefined;
  const count = Math.min(bytes.length, 2 + random.below(7));
  const at = random.below(bytes.length - count + 1);
  const out = spread(bytes, 0, 0, 0, room);
  for (let i = at + count - 1; i > at; i--) {
    const j = at + random.below(i - at + 1);
    const byte = out[i]!;
    out[i] = out[j]!;
    out[j] = byte;
  }
  return out;
};

/** Changes a decimal number in the text. */
const changeAsciiInteger: Mutate = (bytes, random, { room }) => {
  let from = random.below(bytes.length + 1);
  while (from < bytes.length && !isDigit(bytes[from]!)) from++;
  let to = from;
  let value = 0;
  for (; to < bytes.length && isDigit(bytes[to]!) && to - from < 15; to++) value = value * 10 + bytes[to]! - 0x30;
  if (from === to) return undefined;
  const changed = [value + 1, Math.max(0, value - 1), Math.floor(value / 2), value * 2, value * value][
    random.below(5)
  ]!;
  const digits = String(changed % 1e15)
    .slice(0, to - from)
    .padStart(to - from, '0');
  const out = spread(bytes, 0, 0, 0, room);
  for (let i = from; i < to; i++) out[i] = digits.charCodeAt(i - from);
  return out;
};

/** Adds a little to a number of 1, 2, 4 or 8 bytes in either byte order, or replaces it. */
const changeBinaryInteger: Mutate = (bytes, random, { room }) => {
  const width = 1 << random.below(4);
  if (bytes.length < width) return undefined;
  const at = random.below(bytes.length - width + 1);
  const little = random.below(2) === 0;
  const way = random.below(4);
  const out = spread(bytes, 0, 0, 0, room);
  if (way === 0) {
    const value = INTERESTING[random.below(INTERESTING.length)]!;
    writeNumber(out, at, random.below(2) === 0 ? value : -value, width, little);
  } else if (way === 1 && width > 1) writeNumber(out, at, bytes.length, width, little);
  else {
    let carry = random.below(21) - 10;
    for (let i = 0; i < width; i++) {
      const place = at + (little ? i : width - 1 - i);
      carry += out[place]!;
      out[place] = carry;
      carry >>= 8;
    }
  }
  return out;
};

/** The low `width` bytes of a number of at most 32 bits, extended by its sign. */
function writeNumber(out: Uint8Array, at: number, value: number, width: number, little: boolean): void {
  for (let i = 0; i < width; i++) out[at + (little ? i : width - 1 - i)] = value >> Math.min(8 * i, 31);
}

/** Copies a piece of the input over another place of it, or in between. */
const copyPart: Mutate = (bytes, random, materials) => pasteFrom(bytes, bytes, random, materials);

/** Copies a piece of another unit into this one. */
const crossOver: Mutate = (bytes, random, materials) => pasteFrom(bytes, materials.other, random, materials);

/** A beginning of this unit and an end of another. */
const splitAndJoin: Mutate = (bytes, random, { other, maxLength, room }) => {
  if (bytes.length === 0 || other.length === 0) return undefined;
  const head = Math.min(maxLength, 1 + random.below(bytes.length));
  const from = random.below(other.length);
  const tail = Math.min(maxLength - head, other.length - from);
  const out = roomFor(head + tail, bytes, room);
  copyInto(out, 0, bytes, 0, head);
  copyInto(out, head, other, from, tail);
  return out;
};

/** Inserts or writes a word of the dictionary. */
const addWord: Mutate = (bytes, random, materials) => insertWord(bytes, random, materials, materials.dictionary);

/** The same with a word that has led to something new before. */
const addProvenWord: Mutate = (bytes, random, materials) =>
  insertWord(bytes, random, materials, materials.proven ?? []);

function insertWord(
  bytes: Uint8Array,
  random: Random,
  { maxLength, used, room }: Materials,
  dictionary: readonly Uint8Array[],
): Uint8Array | undefined {
  if (dictionary.length === 0) return undefined;
  const word = dictionary[random.below(dictionary.length)]!;
  used?.push(word);
  if (random.below(2) === 0 && bytes.length + word.length <= maxLength) {
    return splice(bytes, random.below(bytes.length + 1), 0, word, room);
  }
  if (word.length > bytes.length) return undefined;
  return splice(bytes, random.below(bytes.length - word.length + 1), word.length, word, room);
}

/** Where the input holds what the target compared, puts what it was compared with. */
const replaceCompared: Mutate = (bytes, random, { compares, maxLength, used, room }) => {
  if (compares.length === 0) return undefined;
  const { from, to } = compares[random.below(compares.length)]!;
  const at = findAround(bytes, from, random.below(bytes.length + 1));
  if (at < 0 || bytes.length - from.length + to.length > maxLength) return undefined;
  used?.push(to);
  return splice(bytes, at, from.length, to, room);
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

/** libFuzzer's rule for -only_ascii: what is neither printable nor white space becomes a letter, a digit or a sign. */
export function printable(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => {
    const low = byte & 127;
    return low >= 0x20 && low < 0x7f ? low : low >= 9 && low <= 13 ? low : 0x20 + (low % 95);
  });
}

/** `count` bytes at `at` give way to `piece`. */
export function splice(bytes: Uint8Array, at: number, count: number, piece: Uint8Array, room?: Room): Uint8Array {
  const out = spread(bytes, at, count, piece.length, room);
  copyInto(out, at, piece, 0, piece.length);
  return out;
}

/** `count` bytes at `at` give way to `wanted` others, which are yet to be written. */
function spread(bytes: Uint8Array, at: number, count: number, wanted: number, room: Room | undefined): Uint8Array {
  const out = roomFor(bytes.length - count + wanted, bytes, room);
  copyInto(out, 0, bytes, 0, at);
  copyInto(out, at + wanted, bytes, at + count, bytes.length - at - count);
  return out;
}

function pasteFrom(
  bytes: Uint8Array,
  source: Uint8Array,
  random: Random,
  { maxLength, room }: Materials,
): Uint8Array | undefined {
  if (source.length === 0 || bytes.length === 0) return undefined;
  const count = 1 + random.below(Math.min(source.length, random.below(2) === 0 ? MAX_CHUNK : source.length));
  const start = random.below(source.length - count + 1);
  const inserts = random.below(2) === 0 && bytes.length + count <= maxLength;
  if (!inserts && count > bytes.length) return undefined;
  const at = random.below(inserts ? bytes.length + 1 : bytes.length - count + 1);
  const out = spread(bytes, at, inserts ? 0 : count, count, room);
  copyInto(out, at, source, start, count);
  return out;
}

/** The first place of `piece` at or after `start`; -1 if there is none. */
export function find(bytes: Uint8Array, piece: Uint8Array, start = 0): number {
  if (piece.length === 0) return -1;
  const first = piece[0]!;
  const last = bytes.length - piece.length;
  for (let at = start; at <= last; at++) {
    if (bytes[at] !== first) continue;
    let i = 1;
    while (i < piece.length && bytes[at + i] === piece[i]) i++;
    if (i === piece.length) return at;
  }
  return -1;
}

/** The same, or else the first before `start`. */
function findAround(bytes: Uint8Array, piece: Uint8Array, start: number): number {
  const behind = find(bytes, piece, start);
  return behind >= 0 ? behind : find(bytes, piece);
}

export function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
