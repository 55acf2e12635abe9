// What the target compared, read from the log runtime/coverage.ts keeps, and what follows from it: bytes that the target
// saw and would have liked to be others, and words for the dictionary. A run may leave thousands of records, and every new
// unit has one: nothing is allocated for those that lead to nothing.

import { COMPARE_FLAG } from '../instrument/coverage-flags.ts';
import { joined } from '../instrument/wasm/bytes.ts';
import { HEADER_COMPARES, HEADER_COMPARES_TOP } from '../runtime/abi.ts';
import { LONGEST_WORD } from './learning.ts';
import { ascii, find, isDigit, type Replacement } from './mutators.ts';

export interface Compare {
  /** The instruction's number. */
  readonly id: number;
  readonly flags: number;
  readonly left: Uint8Array;
  readonly right: Uint8Array;
}

const TWO_32 = 2 ** 32;

/** Reads the log; what one instruction compared again and again is there once. */
export function readCompares(memory1: Uint8Array): Compare[] {
  const view = new DataView(memory1.buffer, memory1.byteOffset, memory1.byteLength);
  const begin = view.getUint32(HEADER_COMPARES, true);
  const end = view.getUint32(HEADER_COMPARES_TOP, true);
  const log = memory1.slice(begin, end);
  const words = new Uint32Array(log.buffer);
  const found: Compare[] = [];
  const seen = new Set<number>();
  for (let at = 0; at < log.length; ) {
    let next = after(words, at);
    while (next < log.length && words[next / 4]! & COMPARE_FLAG.PART) next = after(words, next);
    const key = hash(words, at / 4, next / 4);
    if (!seen.has(key)) {
      seen.add(key);
      const parts: Compare[] = [];
      for (let each = at; each < next; each = after(words, each)) parts.push(compareAt(log, words, each));
      found.push(...parts);
      if (parts.length > 1) found.push(together(parts));
    }
    at = next;
  }
  return found;
}

/** Where the record after the one at `at` begins. */
function after(words: Uint32Array, at: number): number {
  return at + 8 + 2 * ((words[at / 4 + 1]! + 7) & ~7);
}

function compareAt(log: Uint8Array, words: Uint32Array, at: number): Compare {
  const head = words[at / 4]!;
  const size = words[at / 4 + 1]!;
  const second = at + 8 + ((size + 7) & ~7);
  return {
    id: head >>> 8,
    flags: head & 0xff & ~COMPARE_FLAG.PART,
    left: log.subarray(at + 8, at + 8 + size),
    right: log.subarray(second, second + size),
  };
}

/** Pieces of memory that were compared one after the other, as the memory they are of. */
function together(parts: readonly Compare[]): Compare {
  let left: Uint8Array = new Uint8Array(0);
  let right = left;
  for (const part of parts) {
    const size = width(part);
    const a = part.left.subarray(0, size);
    const b = part.right.subarray(0, size);
    const twice = overlap(left, right, a, b);
    left = joined([left, a.subarray(twice)]);
    right = joined([right, b.subarray(twice)]);
  }
  const constant = parts.every(({ flags }) => flags & COMPARE_FLAG.CONSTANT) ? COMPARE_FLAG.CONSTANT : 0;
  return { id: parts[0]!.id, flags: COMPARE_FLAG.MEMORY | constant, left, right };
}

/** Bytes that were loaded: zeros above them say nothing. */
function width({ left, right }: Compare): number {
  let bytes = 1;
  while (left.subarray(bytes).some(isSet) || right.subarray(bytes).some(isSet)) bytes *= 2;
  return bytes;
}

function isSet(byte: number): boolean {
  return byte !== 0;
}

/** Bytes at the end of what came before that the next piece has once more: seven are compared as four and four. */
function overlap(left: Uint8Array, right: Uint8Array, nextLeft: Uint8Array, nextRight: Uint8Array): number {
  for (let n = Math.min(left.length, nextLeft.length - 1); n > 0; n--) {
    const isSame = (a: Uint8Array, b: Uint8Array) => same(a.subarray(a.length - n), b.subarray(0, n));
    if (isSame(left, nextLeft) && isSame(right, nextRight)) return n;
  }
  return 0;
}

/** 53 bits of what is hashed: two that have them in common are taken for one. */
function hash(words: Uint32Array | Uint8Array, from: number, to: number, seed = 0): number {
  let a = 0x811c9dc5 ^ seed;
  let b = 0x9e3779b9 ^ (seed / 2 ** 21);
  for (let i = from; i < to; i++) {
    a = Math.imul(a ^ words[i]!, 0x01000193);
    a ^= a >>> 15;
    b = Math.imul(b + words[i]!, 0x85ebca6b);
    b ^= b >>> 13;
  }
  return (a >>> 0) * 2 ** 21 + (b >>> 11);
}

type Add = (from: Uint8Array, to: Uint8Array) => void;

/**
 * Replacements worth trying in `input`, either operand by the other. A number may stand in the input in either byte order, narrower
 * than it was compared, or in decimal digits; a loop's bound may want to be passed by one.
 */
export function replacements(compares: readonly Compare[], input: Uint8Array): Replacement[] {
  const found: Replacement[] = [];
  const keys = new Set<number>();
  const searched = new Searched(input);
  const add: Add = (from, to) => {
    if (same(from, to)) return;
    const known = keys.size;
    if (keys.add(hash(to, 0, to.length, hash(from, 0, from.length, from.length))).size > known)
      found.push({ from, to });
  };
  for (const { flags, left, right } of compares) {
    if (flags & COMPARE_FLAG.CALL || same(left, right)) continue;
    if (flags & (COMPARE_FLAG.STRING | COMPARE_FLAG.MEMORY)) {
      const [a, b] = flags & COMPARE_FLAG.STRING ? [untilZero(left), untilZero(right)] : [left, right];
      if (searched.holds(a)) add(a, b);
      if (searched.holds(b) && !(flags & COMPARE_FLAG.CONSTANT)) add(b, a);
    } else {
      numbers(left, right, searched, add);
      if (!(flags & COMPARE_FLAG.CONSTANT)) numbers(right, left, searched, add);
    }
  }
  return found;
}

/** An input that is asked many times whether it holds something: the pairs of bytes in it answer most questions. */
class Searched {
  readonly input: Uint8Array;
  private readonly pairs = new Uint8Array(1 << 13);
  private readonly single = new Uint8Array(256);
  /** Two digits side by side. */
  readonly hasDigits: boolean;

  constructor(input: Uint8Array) {
    this.input = input;
    let digits = false;
    for (let i = 0; i < input.length; i++) {
      this.single[input[i]!] = 1;
      if (i === 0) continue;
      const pair = (input[i - 1]! << 8) | input[i]!;
      this.pairs[pair >> 3]! |= 1 << (pair & 7);
      digits ||= isDigit(input[i - 1]!) && isDigit(input[i]!);
    }
    this.hasDigits = digits;
  }

  holds(piece: Uint8Array): boolean {
    if (piece.length < 2) return piece.length === 1 && this.single[piece[0]!] === 1;
    return this.holdsPair(piece[0]!, piece[1]!) && find(this.input, piece) >= 0;
  }

  private holdsPair(first: number, second: number): boolean {
    const pair = (first << 8) | second;
    return ((this.pairs[pair >> 3]! >> (pair & 7)) & 1) === 1;
  }

  /** Whether a text of two ASCII characters or more may be there: cheap, and never wrong when it says no. */
  mayHoldText(text: string): boolean {
    return this.holdsPair(text.charCodeAt(0), text.charCodeAt(1));
  }

  /** Whether the low `width` bytes of a number may be there in this order; cheap, and never wrong when it says no. */
  mayHold(number: Uint8Array, width: number, little: boolean): boolean {
    if (width === 1) return this.single[number[0]!] === 1;
    return little ? this.holdsPair(number[0]!, number[1]!) : this.holdsPair(number[width - 1]!, number[width - 2]!);
  }

  /** The length of the input, as a program holds it. */
  isLength(number: Uint8Array): boolean {
    return number.length >= 4 && low(number) === this.input.length && high(number) === 0;
  }
}

/** Comparisons of two computed values that came out equal: one of the two may be a checksum of the input. */
export function checks(compares: readonly Compare[]): Set<number> {
  const equal = compares.filter(
    ({ flags, left, right }) => flags === 0 && (low(left) > 255 || high(left) > 0) && same(left, right),
  );
  return new Set(equal.map((c) => c.id));
}

/** What would make those comparisons equal again. */
export function repairs(compares: readonly Compare[], input: Uint8Array, wanted: ReadonlySet<number>): Replacement[] {
  return replacements(
    compares.filter((c) => wanted.has(c.id)),
    input,
  );
}

/** Both operands as numbers, lowest byte first; only encodings of `from` that the input holds lead to anything. */
function numbers(from: Uint8Array, to: Uint8Array, searched: Searched, add: Add): void {
  let wanted: (Uint8Array | undefined)[] | undefined;
  for (let width = from.length; width >= 1; width >>= 1) {
    if (!fits(from, width)) continue;
    for (const little of width > 1 ? BOTH : LITTLE) {
      const asLength = little && width >= 4 && searched.isLength(from);
      if (!asLength && !searched.mayHold(from, width, little)) continue;
      const seen = encoded(from, width, little);
      if (!asLength && !searched.holds(seen)) continue;
      wanted ??= STEPS.map((step) => plus(to, step));
      for (const each of wanted) if (each && fits(each, width)) add(seen, encoded(each, width, little));
    }
  }
  if (!searched.hasDigits || (low(from) <= 9 && high(from) === 0)) return;
  const digits = decimal(from);
  if (!searched.mayHoldText(digits)) return;
  const seen = ascii(digits);
  if (searched.holds(seen)) add(seen, ascii(decimal(to)));
}

const BOTH = [true, false] as const;
const LITTLE = [true] as const;
const STEPS = [0, 1, -1] as const;

/** Whether the low bytes, extended with zeros or with the sign, are the whole number. */
function fits(number: Uint8Array, width: number): boolean {
  if (width === number.length) return true;
  const filler = number[width]!;
  if (filler !== 0 && (filler !== 255 || number[width - 1]! < 128)) return false;
  for (let i = width + 1; i < number.length; i++) if (number[i] !== filler) return false;
  return true;
}

/** The number and a little more or less; undefined where it would wrap. */
function plus(number: Uint8Array, step: -1 | 0 | 1): Uint8Array | undefined {
  if (step === 0) return number;
  const wraps = step === 1 ? 255 : 0;
  const out = number.slice();
  for (let i = 0; i < out.length; i++) {
    out[i] = out[i]! + step;
    if (number[i] !== wraps) return out;
  }
  return undefined;
}

function encoded(number: Uint8Array, width: number, little: boolean): Uint8Array {
  const bytes = number.slice(0, width);
  return little ? bytes : bytes.reverse();
}

/** Constants and strings that the target looked for. */
export function words(compares: readonly Compare[]): Uint8Array[] {
  const found: Uint8Array[] = [];
  const seen = new Set<number>();
  for (const { flags, left, right } of compares) {
    if (flags & COMPARE_FLAG.STRING) found.push(untilZero(left), untilZero(right));
    else if (flags & COMPARE_FLAG.MEMORY) found.push(...(flags & COMPARE_FLAG.CONSTANT ? [right] : [left, right]));
    else if (flags & COMPARE_FLAG.CONSTANT) {
      const number = low(right) + high(right) * TWO_32;
      if (number < 256 || seen.has(number)) continue;
      seen.add(number);
      const width = number < 65536 ? 2 : number < TWO_32 ? 4 : 8;
      found.push(encoded(right, width, true), encoded(right, width, false));
    }
  }
  return found.filter((word) => word.length > 1 && word.length <= LONGEST_WORD);
}

function low(number: Uint8Array): number {
  return (number[0]! | (number[1]! << 8) | (number[2]! << 16) | (number[3]! << 24)) >>> 0;
}

function high(number: Uint8Array): number {
  return number.length < 8 ? 0 : (number[4]! | (number[5]! << 8) | (number[6]! << 16) | (number[7]! << 24)) >>> 0;
}

function decimal(number: Uint8Array): string {
  const upper = high(number);
  return upper < 1 << 21 ? String(upper * TWO_32 + low(number)) : String((BigInt(upper) << 32n) | BigInt(low(number)));
}

function untilZero(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
