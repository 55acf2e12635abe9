// Walks the instructions of one function body (or constant expression). One Decoder is reused for many bodies: its
// fields describe the instruction last read, so that the hot loop allocates nothing.

import { InstrumentError } from '../errors.ts';
import { Reader } from './bytes.ts';
import { IMM, IMMEDIATES, PREFIXED } from './opcodes.ts';

/** 0x63 and 0x64, which begin two-part reference types, as a block type's signed number. */
const REF_NULL_BLOCK = 0x63 - 0x80;
const REF_BLOCK = 0x64 - 0x80;

/** More, or others than LEB128 numbers. */
const UNCOUNTED = 3;
const COUNTS: ReadonlyMap<number, number> = new Map([
  [IMM.NONE, 0],
  ...[IMM.LOCAL, IMM.LABEL, IMM.FUNC, IMM.GLOBAL, IMM.INDEX, IMM.REF_FUNC].map((i): [number, number] => [i, 1]),
  ...[IMM.I32, IMM.I64].map((i): [number, number] => [i, 1]),
  [IMM.MEMARG, 2], // flags below 0x40, offset
]);
/** How many numbers follow a one-byte opcode. */
const NUMBERS = IMMEDIATES.map((immediates) => COUNTS.get(immediates) ?? UNCOUNTED);
/** In place of that, in a table for Decoder.nextOf: it stops there. */
const STOP = 4;

/** A table with 1 for each of some opcodes of one byte, and for the prefixes of others. */
export function opcodeTable(...ops: readonly number[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const op of ops) table[op > 0xff ? op >> 12 : op] = 1;
  return table;
}

/** For Decoder.nextOf, which stops at these opcodes, and at those that have a prefix with one of them. */
export function stopTable(...ops: readonly number[]): Uint8Array {
  const stops = opcodeTable(...ops);
  return NUMBERS.map((numbers, op) => (stops[op] ? STOP : numbers));
}

export class Decoder extends Reader {
  /** Opcode of the current instruction; `prefix << 12 | sub-opcode` for prefixed ones. */
  op = 0;
  /** IMM.* of the current instruction. */
  immediates = 0;
  /** Offset of the current instruction's first byte; `pos` is just past its last. */
  start = 0;
  /** Offset of its first immediate. */
  immediateStart = 0;
  /** First index immediate: function, local, global, label, type, table, data. */
  index = 0;
  /** Second index immediate (call_indirect's table, memory.copy's source memory, memory.init's memory). */
  index2 = 0;
  /** memarg: memory index, log2 of the alignment, byte offset. */
  memory = 0;
  align = 0;
  offset = 0;
  /** i32.const's value, or the block type (s33). */
  value = 0;

  /** Reads the instruction at `pos`. */
  next(): void {
    const bytes = this.bytes;
    this.start = this.pos;
    if (this.pos >= this.end) throw new InstrumentError('E_TRUNCATED', `in a function body at offset ${this.pos}`);
    const op = bytes[this.pos++]!;
    let immediates = IMMEDIATES[op]!;
    this.op = op;
    if (op >= 0xfb && op <= 0xfe) {
      const sub = this.u32();
      immediates = PREFIXED[op]![sub] ?? IMM.ILLEGAL;
      this.op = (op << 12) | sub;
    }
    this.immediates = immediates;
    this.immediateStart = this.pos;
    switch (immediates) {
      case IMM.NONE:
        return;
      case IMM.LOCAL:
      case IMM.LABEL:
      case IMM.FUNC:
      case IMM.GLOBAL:
      case IMM.INDEX:
      case IMM.REF_FUNC:
      case IMM.DATA:
        this.index = this.u32();
        return;
      case IMM.MEMARG:
        this.memarg();
        return;
      case IMM.I32:
        this.value = this.s33();
        return;
      case IMM.BLOCK_TYPE:
        this.blockType();
        return;
      default:
        this.rareImmediates(immediates);
    }
  }

  /**
   * Reads on to the next instruction whose first byte `stops` marks; false at the end of the body. What lies between is passed
   * over, several times faster than next() reads it.
   */
  nextOf(stops: Uint8Array): boolean {
    const { bytes, end } = this;
    let { pos } = this;
    while (pos < end) {
      const what = stops[bytes[pos]!]!;
      if (what === 0) pos++;
      else if (what === 1 || (what === 2 && bytes[pos + 1]! < 0x40)) {
        pos += what;
        while (bytes[pos++]! >= 0x80);
      } else {
        this.pos = pos;
        this.next();
        if (what === STOP) return true;
        pos = this.pos;
      }
    }
    if (pos > end) throw new InstrumentError('E_TRUNCATED', `in a function body at offset ${pos}`);
    this.pos = pos;
    return false;
  }

  private memarg(): void {
    let flags = this.u32();
    this.memory = 0;
    if (flags & 0x40) {
      flags &= ~0x40;
      this.memory = this.u32();
    }
    if (flags > 0x0f) throw new InstrumentError('E_UNSUPPORTED', `a memory order at offset ${this.start}`);
    this.align = flags;
    this.offset = this.offset64();
  }

  private rareImmediates(immediates: number): void {
    switch (immediates) {
      case IMM.I64:
      case IMM.HEAP_TYPE:
        this.skipLeb();
        return;
      case IMM.F32:
        this.skip(4);
        return;
      case IMM.F64:
        this.skip(8);
        return;
      case IMM.V128:
        this.skip(16);
        return;
      case IMM.LANE:
      case IMM.FENCE:
        this.skip(1);
        return;
      case IMM.MEMARG_LANE:
        this.memarg();
        this.skip(1);
        return;
      case IMM.MEMORY:
        this.memory = this.u32();
        return;
      case IMM.TYPE_TABLE:
      case IMM.INDEX2:
      case IMM.MEMORY_INIT:
      case IMM.MEMORY_COPY:
        this.index = this.u32();
        this.index2 = this.u32();
        return;
      case IMM.BR_TABLE:
        for (let count = this.u32() + 1; count > 0; count--) this.u32();
        return;
      case IMM.SELECT_TYPES:
        for (let count = this.u32(); count > 0; count--) this.valueType();
        return;
      case IMM.TRY_TABLE:
        this.tryTable();
        return;
      case IMM.BR_ON_CAST:
        this.skip(1);
        this.index = this.u32();
        this.skipLeb();
        this.skipLeb();
        return;
      default:
        throw new InstrumentError('E_UNSUPPORTED', `opcode 0x${this.op.toString(16)} at offset ${this.start}`);
    }
  }

  /** A type index, or a value type as a negative number: (ref null? heaptype) has more bytes. */
  private blockType(): void {
    this.value = this.s33();
    if (this.value === REF_NULL_BLOCK || this.value === REF_BLOCK) this.skipLeb();
  }

  private tryTable(): void {
    this.blockType();
    for (let count = this.u32(); count > 0; count--) {
      const kind = this.byte();
      if (kind < 2) this.u32(); // catch, catch_ref: tag
      this.u32(); // label
    }
  }

  /**
   * Passes over a body's local declarations, telling `each` their types: `pos` is then its first instruction. Answers how many
   * locals they declare.
   */
  skipLocals(each?: (type: number) => void): number {
    let locals = 0;
    for (let groups = this.u32(); groups > 0; groups--) {
      locals += this.u32();
      const type = this.valueType();
      each?.(type);
    }
    return locals;
  }

  /** Skips a value type: one byte, or (ref null? heaptype). */
  valueType(): number {
    const b = this.byte();
    if (b === 0x63 || b === 0x64) this.skipLeb();
    return b;
  }
}
