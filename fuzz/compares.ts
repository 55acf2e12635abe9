// What the target compared, read from the log runtime/coverage.ts keeps, and what follows from it: bytes that the target
// saw and would have liked to be others, and words for the dictionary.

import { COMPARE_FLAG } from '../instrument/coverage.ts';
import { HEADER_COMPARES, HEADER_COMPARES_TOP } from '../runtime/abi.ts';
import { ascii, find, integer, type Replacement } from './mutators.ts';

export interface Compare {
  /** The instruction's number. */
  readonly id: number;
  readonly flags: number;
  readonly left: Uint8Array;
  readonly right: Uint8Array;
}

/** Reads the log. */
export function readCompares(memory1: Uint8Array): Compare[] {
  const view = new DataView(memory1.buffer, memory1.byteOffset, memory1.byteLength);
  const found: Compare[] = [];
  const end = view.getUint32(HEADER_COMPARES_TOP, true);
  for (let at = view.getUint32(HEADER_COMPARES, true); at < end; ) {
    const head = view.getUint32(at, true);
    const size = view.getUint32(at + 4, true);
    const padded = (size + 7) & ~7;
    const left = memory1.slice(at + 8, at + 8 + size);
    const right = memory1.slice(at + 8 + padded, at + 8 + padded + size);
    found.push({ id: head >>> 8, flags: head & 0xff, left, right });
    at += 8 + 2 * padded;
  }
  return found;
}

type Add = (from: Uint8Array, to: Uint8Array) => void;

/**
 * Replacements worth trying in `input`, either operand by the other. A number may stand in the input in either byte order, narrower
 * than it was compared, or in decimal digits; a loop's bound may want to be passed by one.
 */
export function replacements(compares: readonly Compare[], input: Uint8Array): Replacement[] {
  const found = new Map<string, Replacement>();
  const holds = (piece: Uint8Array) => find(input, piece) >= 0 || isLength(piece, input);
  const add: Add = (from, to) => {
    if (same(from, to) || !holds(from)) return;
    found.set(`${from.join()}:${to.join()}`, { from, to });
  };
  for (const { flags, left, right } of distinct(compares)) {
    if (flags & COMPARE_FLAG.STRING) {
      add(untilZero(left), untilZero(right));
      add(untilZero(right), untilZero(left));
    } else if (flags & COMPARE_FLAG.MEMORY) {
      add(left, right);
      add(right, left);
    } else {
      numbers(left, right, holds, add);
      if (!(flags & COMPARE_FLAG.CONSTANT)) numbers(right, left, holds, add);
    }
  }
  return [...found.values()];
}

/** Each pair of different operands once: a loop compares the same again and again. */
function distinct(compares: readonly Compare[]): Compare[] {
  const seen = new Set<string>();
  return compares.filter((compare) => {
    const { flags, left, right } = compare;
    if (same(left, right)) return false;
    const key = `${flags} ${text(left)} ${text(right)}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** Comparisons of two computed values that came out equal: one of the two may be a checksum of the input. */
export function checks(compares: readonly Compare[]): Set<number> {
  const equal = compares.filter((c) => c.flags === 0 && same(c.left, c.right) && value(c.left) > 255n);
  return new Set(equal.map((c) => c.id));
}

/** What would make those comparisons equal again. */
export function repairs(compares: readonly Compare[], input: Uint8Array, wanted: ReadonlySet<number>): Replacement[] {
  return replacements(
    compares.filter((c) => wanted.has(c.id)),
    input,
  );
}

/** The length of the input, as a program holds it. */
function isLength(number: Uint8Array, input: Uint8Array): boolean {
  return number.length >= 4 && value(number) === BigInt(input.length);
}

/** Both operands as numbers; only encodings of `from` that the input holds are worth the allocations. */
function numbers(from: Uint8Array, to: Uint8Array, holds: (piece: Uint8Array) => boolean, add: Add): void {
  const a = value(from);
  const b = value(to);
  for (const width of [8, 4, 2, 1]) {
    if (width > from.length || !fits(a, width, from.length)) continue;
    for (const little of width > 1 ? [true, false] : [true]) {
      const seen = integer(a, width, little);
      if (!holds(seen)) continue;
      for (const wanted of [b, b + 1n, b - 1n]) {
        if (fits(wanted, width, from.length)) add(seen, integer(wanted, width, little));
      }
    }
  }
  if (a > 9n) {
    const digits = ascii(a.toString());
    if (holds(digits)) add(digits, ascii(b.toString()));
  }
}

/** Whether the low bytes, extended with zeros or with the sign, are the value. */
function fits(number: bigint, width: number, size: number): boolean {
  if (number < 0n) return false;
  const full = BigInt.asUintN(8 * size, number);
  const bits = 8 * width;
  return BigInt.asUintN(bits, full) === full || BigInt.asUintN(8 * size, BigInt.asIntN(bits, full)) === full;
}

/** Constants and strings that the target looked for. */
export function words(compares: readonly Compare[]): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const { flags, left, right } of compares) {
    if (flags & COMPARE_FLAG.STRING) found.push(untilZero(left), untilZero(right));
    else if (flags & COMPARE_FLAG.MEMORY) found.push(left, right);
    else if (flags & COMPARE_FLAG.CONSTANT) {
      const number = value(right);
      if (number < 256n) continue;
      const width = number < 65536n ? 2 : number < 2n ** 32n ? 4 : 8;
      found.push(integer(number, width, true), integer(number, width, false));
    }
  }
  return found.filter((word) => word.length > 1 && word.length <= 32);
}

function value(bytes: Uint8Array): bigint {
  let result = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) result = (result << 8n) | BigInt(bytes[i]!);
  return result;
}

function untilZero(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
