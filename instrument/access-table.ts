// Every instruction that touches linear memory, one row each: how many bytes, in which direction, and which operands
// lie above the address on the stack. The rewriters, the elimination and the tests all derive from this list;
// test/instrument/access-table.test.ts walks Binaryen's own list and fails for an opcode that has no row.

import { PREFIX_ATOMIC, PREFIX_MISC, PREFIX_SIMD, TYPE } from './wasm/opcodes.ts';

export type Operand = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';

export interface Access {
  /** `prefix << 12 | sub-opcode`, as Decoder.op. */
  readonly op: number;
  /** Text-format mnemonic. */
  readonly name: string;
  /** Bytes accessed; 0 for the bulk operations, whose length is an operand. */
  readonly size: 0 | 1 | 2 | 4 | 8 | 16;
  /** True if the program may change memory: read-modify-writes are checked as writes, as KASAN does. */
  readonly write: boolean;
  readonly atomic: boolean;
  /** Operands above the address, bottom first. The bulk operations are handled by name. */
  readonly operands: readonly Operand[];
}

const rows: Access[] = [];

function add(
  op: number,
  name: string,
  size: Access['size'],
  write: boolean,
  operands: Operand[],
  atomic = false,
): void {
  rows.push({ op, name, size, write, atomic, operands });
}

const simd = (sub: number) => (PREFIX_SIMD << 12) | sub;
const atomic = (sub: number) => (PREFIX_ATOMIC << 12) | sub;
const misc = (sub: number) => (PREFIX_MISC << 12) | sub;

// Plain loads, 0x28..0x35, and stores, 0x36..0x3e, in opcode order.
const LOADS: [string, Access['size']][] = [
  ['i32.load', 4], ['i64.load', 8], ['f32.load', 4], ['f64.load', 8],
  ['i32.load8_s', 1], ['i32.load8_u', 1], ['i32.load16_s', 2], ['i32.load16_u', 2],
  ['i64.load8_s', 1], ['i64.load8_u', 1], ['i64.load16_s', 2], ['i64.load16_u', 2], ['i64.load32_s', 4], ['i64.load32_u', 4],
]; // biome-ignore format: a table
LOADS.forEach(([name, size], i) => add(0x28 + i, name, size, false, []));

const STORES: [string, Access['size'], Operand][] = [
  ['i32.store', 4, 'i32'], ['i64.store', 8, 'i64'], ['f32.store', 4, 'f32'], ['f64.store', 8, 'f64'],
  ['i32.store8', 1, 'i32'], ['i32.store16', 2, 'i32'],
  ['i64.store8', 1, 'i64'], ['i64.store16', 2, 'i64'], ['i64.store32', 4, 'i64'],
]; // biome-ignore format: a table
STORES.forEach(([name, size, value], i) => add(0x36 + i, name, size, true, [value]));

// SIMD: whole vectors, extending and splatting loads, zero-extending loads, single lanes.
add(simd(0), 'v128.load', 16, false, []);
['8x8_s', '8x8_u', '16x4_s', '16x4_u', '32x2_s', '32x2_u'].forEach((n, i) =>
  add(simd(1 + i), `v128.load${n}`, 8, false, []),
);
([1, 2, 4, 8] as const).forEach((n, i) => add(simd(7 + i), `v128.load${n * 8}_splat`, n, false, []));
add(simd(11), 'v128.store', 16, true, ['v128']);
([1, 2, 4, 8] as const).forEach((n, i) => add(simd(84 + i), `v128.load${n * 8}_lane`, n, false, ['v128']));
([1, 2, 4, 8] as const).forEach((n, i) => add(simd(88 + i), `v128.store${n * 8}_lane`, n, true, ['v128']));
add(simd(92), 'v128.load32_zero', 4, false, []);
add(simd(93), 'v128.load64_zero', 8, false, []);

// Atomics. notify reads nothing but traps like a 4-byte access, and a freed futex is a bug: it is checked as a read.
add(atomic(0), 'memory.atomic.notify', 4, false, ['i32'], true);
add(atomic(1), 'memory.atomic.wait32', 4, false, ['i32', 'i64'], true);
add(atomic(2), 'memory.atomic.wait64', 8, false, ['i64', 'i64'], true);

const ATOMIC_SHAPES: [string, string, Access['size'], Operand][] = [
  ['i32', '', 4, 'i32'], ['i64', '', 8, 'i64'], ['i32', '8', 1, 'i32'], ['i32', '16', 2, 'i32'],
  ['i64', '8', 1, 'i64'], ['i64', '16', 2, 'i64'], ['i64', '32', 4, 'i64'],
]; // biome-ignore format: a table
ATOMIC_SHAPES.forEach(([type, width, size, value], i) => {
  const unsigned = width === '' ? '' : '_u';
  add(atomic(0x10 + i), `${type}.atomic.load${width}${unsigned}`, size, false, [], true);
  add(atomic(0x17 + i), `${type}.atomic.store${width}`, size, true, [value], true);
  ['add', 'sub', 'and', 'or', 'xor', 'xchg'].forEach((rmw, k) =>
    add(atomic(0x1e + 7 * k + i), `${type}.atomic.rmw${width}.${rmw}${unsigned}`, size, true, [value], true),
  );
  add(atomic(0x48 + i), `${type}.atomic.rmw${width}.cmpxchg${unsigned}`, size, true, [value, value], true);
});

// Bulk: operands (destination, source or value, length) or (destination, offset in the segment, length).
add(misc(8), 'memory.init', 0, true, []);
add(misc(10), 'memory.copy', 0, true, []);
add(misc(11), 'memory.fill', 0, true, []);

/** All rows, in opcode order within each group. */
export const ACCESS_TABLE: readonly Access[] = rows;

const BY_OP = new Map(rows.map((row) => [row.op, row]));
const PLAIN: (Access | undefined)[] = Array.from({ length: 0x40 }, (_, op) => BY_OP.get(op));

/** The row of an opcode, or undefined if it does not touch linear memory. */
export function accessOf(op: number): Access | undefined {
  return op < 0x40 ? PLAIN[op] : op > 0xff ? BY_OP.get(op) : undefined;
}

/** What reads whole aligned granules reads words: narrower reads are checked exactly even in an over-reading function. */
const SMALLEST_OVER_READ = 4;

/** The runtime's function that checks an access of a fixed size. */
export function checkName(access: Access, overReads: boolean): string {
  const relaxed = overReads && !access.write && access.size >= SMALLEST_OVER_READ ? 'R' : '';
  return `check_${access.write ? 'store' : 'load'}${relaxed}${access.size}`;
}

/** The value type byte of an operand. */
export const OPERAND_TYPE: Readonly<Record<Operand, number>> = {
  i32: TYPE.I32,
  i64: TYPE.I64,
  f32: TYPE.F32,
  f64: TYPE.F64,
  v128: TYPE.V128,
};
