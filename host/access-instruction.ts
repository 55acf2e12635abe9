// What a memory instruction of a module does: bytes and direction. The engine's trap says where it happened and no more.

export interface AccessInstruction {
  /** 0 where an operand decides: the bulk operations. */
  readonly size: number;
  readonly write: boolean;
  readonly atomic: boolean;
}

const FIRST_LOAD = 0x28;
/** i32.load 0x28 .. i64.load32_u 0x35, then i32.store 0x36 .. i64.store32 0x3e. */
const PLAIN_SIZES = [4, 8, 4, 8, 1, 1, 2, 2, 1, 1, 2, 2, 4, 4, 4, 8, 4, 8, 1, 2, 1, 2, 4];
const FIRST_STORE = 0x36;
const MISC = 0xfc;
const SIMD = 0xfd;
const ATOMIC = 0xfe;
/** v128.load and its forms 0..10, v128.store 11; lanes 84..91; zero-extending loads 92, 93. */
const SIMD_SIZES = new Map([
  ...[16, 8, 8, 8, 8, 8, 8, 1, 2, 4, 8, 16].map((size, i): [number, number] => [i, size]),
  ...[1, 2, 4, 8, 1, 2, 4, 8, 4, 8].map((size, i): [number, number] => [84 + i, size]),
]);
/** Sizes within each group of seven atomic operations: i32, i64, i32 8, i32 16, i64 8, i64 16, i64 32. */
const ATOMIC_SIZES = [4, 8, 1, 2, 1, 2, 4];

/** The memory instruction at a file offset, or undefined if another one stands there. */
export function accessInstruction(bytes: Uint8Array, offset: number): AccessInstruction | undefined {
  const opcode = bytes[offset] ?? 0;
  const sub = (bytes[offset + 1] ?? 0) & 0x7f; // sub-opcodes of interest have one significant byte
  const plain = PLAIN_SIZES[opcode - FIRST_LOAD];
  if (plain !== undefined) return { size: plain, write: opcode >= FIRST_STORE, atomic: false };
  if (opcode === MISC && (sub === 8 || sub === 10 || sub === 11)) return { size: 0, write: true, atomic: false };
  if (opcode === SIMD) {
    const size = SIMD_SIZES.get(sub);
    return size === undefined ? undefined : { size, write: sub === 11 || (sub >= 88 && sub <= 91), atomic: false };
  }
  if (opcode === ATOMIC && sub >= 0x10 && sub <= 0x4e) {
    return { size: ATOMIC_SIZES[(sub - 0x10) % 7]!, write: sub >= 0x17, atomic: true };
  }
  return undefined;
}
