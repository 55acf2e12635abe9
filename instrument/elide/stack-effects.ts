// How many operands an instruction takes and leaves, for those whose immediates do not decide it. The analysis follows the
// operand stack with this list; a function with an instruction it does not have keeps all its checks.

import { ACCESS_TABLE } from '../access-table.ts';
import { PREFIX_ATOMIC, PREFIX_MISC, PREFIX_SIMD } from '../wasm/opcodes.ts';

type Row = readonly [from: number, to: number, takes: number, leaves: number];

const ONE_BYTE: readonly Row[] = [
  [0x01, 0x01, 0, 0], // nop
  [0x1a, 0x1a, 1, 0], // drop
  [0x25, 0x25, 1, 1], // table.get
  [0x26, 0x26, 2, 0], // table.set
  [0x3f, 0x3f, 0, 1], // memory.size
  [0x40, 0x40, 1, 1], // memory.grow
  [0x43, 0x44, 0, 1], // f32.const f64.const
  [0x45, 0x45, 1, 1], // i32.eqz
  [0x46, 0x4f, 2, 1], // i32 comparisons
  [0x50, 0x50, 1, 1], // i64.eqz
  [0x51, 0x66, 2, 1], // i64, f32, f64 comparisons
  [0x67, 0x69, 1, 1], // i32.clz ctz popcnt
  [0x6a, 0x78, 2, 1], // i32 arithmetic
  [0x79, 0x7b, 1, 1], // i64.clz ctz popcnt
  [0x7c, 0x8a, 2, 1], // i64 arithmetic
  [0x8b, 0x91, 1, 1], // f32.abs .. sqrt
  [0x92, 0x98, 2, 1], // f32.add .. copysign
  [0x99, 0x9f, 1, 1], // f64.abs .. sqrt
  [0xa0, 0xa6, 2, 1], // f64.add .. copysign
  [0xa7, 0xc4, 1, 1], // conversions, sign extensions
  [0xd0, 0xd0, 0, 1], // ref.null
  [0xd1, 0xd1, 1, 1], // ref.is_null
  [0xd2, 0xd2, 0, 1], // ref.func
];

const MISC: readonly Row[] = [
  [0, 7, 1, 1], // saturating truncations
  [8, 8, 3, 0], // memory.init
  [9, 9, 0, 0], // data.drop
  [10, 12, 3, 0], // memory.copy memory.fill table.init
  [13, 13, 0, 0], // elem.drop
  [14, 14, 3, 0], // table.copy
  [15, 15, 2, 1], // table.grow
  [16, 16, 0, 1], // table.size
  [17, 17, 3, 0], // table.fill
  [19, 20, 4, 2], // i64.add128 sub128
  [21, 22, 2, 2], // i64.mul_wide
];

const SIMD: readonly Row[] = [
  [12, 12, 0, 1], // v128.const
  [13, 14, 2, 1], // shuffle swizzle
  [15, 22, 1, 1], // splats, extract_lane
  [23, 23, 2, 1],
  [24, 25, 1, 1],
  [26, 26, 2, 1],
  [27, 27, 1, 1],
  [28, 28, 2, 1],
  [29, 29, 1, 1],
  [30, 30, 2, 1],
  [31, 31, 1, 1],
  [32, 32, 2, 1],
  [33, 33, 1, 1],
  [34, 76, 2, 1], // replace_lane, comparisons
  [77, 77, 1, 1], // not
  [78, 81, 2, 1],
  [82, 82, 3, 1], // bitselect
  [83, 83, 1, 1], // any_true
  [94, 100, 1, 1],
  [101, 102, 2, 1],
  [103, 106, 1, 1],
  [107, 115, 2, 1],
  [116, 117, 1, 1],
  [118, 121, 2, 1],
  [122, 122, 1, 1],
  [123, 123, 2, 1],
  [124, 129, 1, 1],
  [130, 130, 2, 1],
  [131, 132, 1, 1],
  [133, 134, 2, 1],
  [135, 138, 1, 1],
  [139, 147, 2, 1],
  [148, 148, 1, 1],
  [149, 153, 2, 1],
  [155, 159, 2, 1],
  [160, 161, 1, 1],
  [163, 164, 1, 1],
  [167, 170, 1, 1],
  [171, 174, 2, 1],
  [177, 177, 2, 1],
  [181, 186, 2, 1],
  [188, 191, 2, 1],
  [192, 193, 1, 1],
  [195, 196, 1, 1],
  [199, 202, 1, 1],
  [203, 206, 2, 1],
  [209, 209, 2, 1],
  [213, 223, 2, 1],
  [224, 225, 1, 1],
  [227, 227, 1, 1],
  [228, 235, 2, 1],
  [236, 237, 1, 1],
  [239, 239, 1, 1],
  [240, 247, 2, 1],
  [248, 255, 1, 1],
  [256, 256, 2, 1], // relaxed swizzle
  [257, 260, 1, 1],
  [261, 268, 3, 1], // relaxed madd, laneselect
  [269, 274, 2, 1],
  [275, 275, 3, 1],
];

/** `takes << 4 | leaves`, by Decoder.op; undefined where immediates decide, or the instruction is not known here. */
export const STACK_EFFECTS: ReadonlyMap<number, number> = new Map([
  ...ONE_BYTE.flatMap((row) => spread(row, 0)),
  ...MISC.flatMap((row) => spread(row, PREFIX_MISC)),
  [(PREFIX_ATOMIC << 12) | 3, 0], // atomic.fence
  ...SIMD.flatMap((row) => spread(row, PREFIX_SIMD)),
  ...ACCESS_TABLE.filter((a) => a.size > 0).map((a): [number, number] => [
    a.op,
    ((a.operands.length + 1) << 4) | (leaves(a.name) ? 1 : 0),
  ]),
]);

/** A value stays behind unless the access is a plain store. */
function leaves(name: string): boolean {
  return !/(^|\.)store/.test(name);
}

function spread([from, to, takes, left]: Row, prefix: number): [number, number][] {
  return Array.from({ length: to - from + 1 }, (_, i) => [(prefix << 12) | (from + i), (takes << 4) | left]);
}

/** The same for one-byte opcodes, as an array; -1 where there is no row. */
export const PLAIN_EFFECTS = Int16Array.from({ length: 256 }, (_, op) => STACK_EFFECTS.get(op) ?? -1);

/** Integer operations without a result that depends on anything but the operands. */
export const PURE = Uint8Array.from({ length: 256 }, (_, op) =>
  (op >= 0x45 && op <= 0x5a) ||
  (op >= 0x67 && op <= 0x8a) ||
  op === 0xa7 ||
  op === 0xac ||
  op === 0xad ||
  (op >= 0xc0 && op <= 0xc4)
    ? 1
    : 0,
);
