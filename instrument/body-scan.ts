// One function body, decoded once into flat arrays, with what each loop (and try) changes: who walks it must know that at the
// loop's head, before it has seen the loop. Frames and elimination walk the same arrays.

import { doubled } from './doubled.ts';
import { Reader } from './wasm/bytes.ts';
import { Decoder, opcodeTable } from './wasm/decoder.ts';
import type { Module } from './wasm/module.ts';
import { IMM, IMMEDIATES, OP } from './wasm/opcodes.ts';

export const INSIDE = {
  /** An instruction that may change which bytes are valid. */
  KILL: 1,
  LOOP: 2,
  /** A call, or exception handling. */
  CALL: 4,
} as const;

/** The byte from which on a number has more than one. */
const LONG = 0x80;
const INDICES: ReadonlySet<number> = new Set([IMM.LOCAL, IMM.LABEL, IMM.FUNC, IMM.GLOBAL, IMM.INDEX]);
/** Block types with another part. */
const REF_NULL = 0x63;
const REF = 0x64;
/** IMM.* of one-byte opcodes, all single indices as one. */
const SHAPE = IMMEDIATES.map((immediates) => (INDICES.has(immediates) ? IMM.INDEX : immediates));
/** 1 for opcodes of one byte that BodyScan.note() does something about. */
const NOTED = opcodeTable(
  ...[OP.CALL, OP.CALL_INDIRECT, OP.RETURN_CALL, OP.RETURN_CALL_INDIRECT, OP.CALL_REF, OP.RETURN_CALL_REF],
  ...[OP.BLOCK, OP.LOOP, OP.IF, OP.TRY, OP.TRY_TABLE, OP.END, OP.DELEGATE],
  ...[OP.LOCAL_SET, OP.LOCAL_TEE, OP.GLOBAL_SET],
);

export interface ScanTraits {
  /** Whether an instruction, with its first index, may change which bytes are valid. */
  kills(op: number, index: number): boolean;
  /** The shadow stack pointer's global, or -1. It is followed as if it were one more local. */
  readonly stackPointer: number;
}

export class BodyScan {
  count = 0;
  op = new Int32Array(1 << 12);
  /** First index, constant or block type. */
  arg = new Int32Array(1 << 12);
  /** memarg offset. */
  offset = new Float64Array(1 << 12);
  /** File offset of the instruction; behind the last one, the end of the body. */
  at = new Int32Array(1 << 12);
  /** 1 if the instruction may change which bytes are valid. */
  killing = new Uint8Array(1 << 12);
  /** For block, loop, if, try, try_table: the instruction just past its `end`; the locals set inside are sets[from, to). */
  close = new Int32Array(1 << 12);
  setsFrom = new Int32Array(1 << 12);
  setsTo = new Int32Array(1 << 12);
  /** INSIDE.*: what there is inside the block. */
  inside = new Uint8Array(1 << 12);
  /** Locals, in the order in which they are set. */
  sets = new Int32Array(1 << 12);
  setCount = 0;
  localCount = 0;
  private readonly module: Module;
  private readonly traits: ScanTraits;
  private readonly decoder: Decoder;
  /** The body that the arrays hold, or -1. */
  private body = -1;
  /** Blocks that are open where it is being read. */
  private readonly open: number[] = [];

  constructor(module: Module, traits: ScanTraits) {
    this.module = module;
    this.traits = traits;
    this.decoder = new Decoder(module.bytes);
  }

  /** Decodes the i-th body, unless it was the last one read. */
  read(body: number): void {
    if (body === this.body) return;
    this.body = -1;
    const { module, decoder: d } = this;
    const { start, end } = module.bodies[body]!;
    const type = module.types[module.functions[module.importedFunctions + body]!]!;
    d.pos = start;
    d.end = end;
    this.count = 0;
    this.setCount = 0;
    this.localCount = type.params.length + d.skipLocals();
    this.readInstructions();
    this.body = body;
  }

  /** The value of an i32.const or i64.const. */
  integer(i: number): number {
    if (this.op[i] === OP.I32_CONST) return this.arg[i]!;
    return Number(new Reader(this.module.bytes, this.at[i]! + 1, this.at[i + 1]).s64());
  }

  private readInstructions(): void {
    const d = this.decoder;
    this.open.length = 0;
    while (d.pos < d.end) {
      if (this.count + 1 >= this.op.length) this.grow();
      this.readShort();
      if (d.pos >= d.end) break;
      if (this.count + 1 >= this.op.length) this.grow();
      const i = this.count++;
      this.at[i] = d.pos;
      this.readAny(i);
      this.note(this.op[i]!, i);
    }
    this.at[this.count] = d.end;
  }

  /**
   * Most instructions are a byte, and a number of one byte or none: reads them up to another one, the end, or the end of the
   * arrays. Decoder.next() would do as well.
   */
  private readShort(): void {
    const d = this.decoder;
    const { bytes, end } = d;
    const { op: ops, arg: args, at, killing, offset } = this;
    const last = ops.length - 1;
    let { pos } = d;
    let i = this.count;
    for (; pos < end && i < last; i++) {
      const op = bytes[pos]!;
      const first = pos + 1 < end ? bytes[pos + 1]! : LONG;
      let size = 2;
      switch (SHAPE[op]) {
        case IMM.NONE:
          size = 1;
          break;
        case IMM.INDEX:
          if (first >= LONG) size = 0;
          args[i] = first;
          break;
        case IMM.I32:
        case IMM.BLOCK_TYPE:
          if (first >= LONG || (op !== OP.I32_CONST && (first === REF || first === REF_NULL))) size = 0;
          args[i] = (first << 25) >> 25;
          break;
        case IMM.MEMARG: {
          const second = pos + 2 < end ? bytes[pos + 2]! : LONG;
          size = first >= 0x10 || second >= LONG ? 0 : 3;
          args[i] = 0;
          offset[i] = second;
          break;
        }
        default:
          size = 0;
      }
      if (size === 0) break;
      ops[i] = op;
      at[i] = pos;
      killing[i] = 0;
      pos += size;
      if (NOTED[op]) this.note(op, i);
    }
    this.count = i;
    d.pos = pos;
  }

  /** Keeps what is to be known of blocks, of locals that are set, and of instructions that may change what is valid. */
  private note(op: number, i: number): void {
    if (op <= OP.TRY_TABLE) this.structure(op, i, this.open);
    else if (op > OP.GLOBAL_SET ? op > OP.REF_FUNC : op >= OP.LOCAL_SET) this.change(op, i, this.open);
  }

  private readAny(i: number): void {
    const d = this.decoder;
    d.next();
    this.op[i] = d.op;
    this.killing[i] = 0;
    switch (d.immediates) {
      case IMM.MEMARG:
      case IMM.MEMARG_LANE:
        this.offset[i] = d.offset;
        this.arg[i] = d.memory;
        break;
      case IMM.I32:
      case IMM.BLOCK_TYPE:
      case IMM.TRY_TABLE:
        this.arg[i] = d.value;
        break;
      default:
        this.arg[i] = d.index;
    }
  }

  /** A local or a global is set; or an instruction of another kind that may change what is valid. */
  private change(op: number, i: number, open: number[]): void {
    const index = this.arg[i]!;
    if (op === OP.LOCAL_SET || op === OP.LOCAL_TEE) return this.addSet(index);
    if (op === OP.GLOBAL_GET) return;
    if (op === OP.GLOBAL_SET && index === this.traits.stackPointer) this.addSet(this.localCount);
    this.markKill(i, open);
  }

  private structure(op: number, i: number, open: number[]): void {
    if (op >= OP.CALL && op <= OP.RETURN_CALL_REF) {
      this.markKill(i, open);
      this.markInside(open, INSIDE.CALL);
    } else if (op === OP.BLOCK || op === OP.LOOP || op === OP.IF || op === OP.TRY || op === OP.TRY_TABLE) {
      this.setsFrom[i] = this.setCount;
      this.inside[i] = 0;
      if (op === OP.LOOP) this.markInside(open, INSIDE.LOOP);
      else if (op >= OP.TRY) this.markInside(open, INSIDE.CALL);
      open.push(i);
    } else if (op === OP.END || op === OP.DELEGATE) {
      const opener = open.pop();
      if (opener === undefined) return;
      this.close[opener] = i + 1;
      this.setsTo[opener] = this.setCount;
      const outer = open[open.length - 1];
      if (outer !== undefined) this.inside[outer]! |= this.inside[opener]!;
    }
  }

  private markKill(i: number, open: number[]): void {
    if (!this.traits.kills(this.op[i]!, this.arg[i]!)) return;
    this.killing[i] = 1;
    this.markInside(open, INSIDE.KILL);
  }

  private markInside(open: number[], what: number): void {
    const inner = open[open.length - 1];
    if (inner !== undefined) this.inside[inner]! |= what;
  }

  private addSet(local: number): void {
    if (this.setCount === this.sets.length) this.sets = doubled(this.sets);
    this.sets[this.setCount++] = local;
  }

  private grow(): void {
    for (const key of ['op', 'arg', 'at', 'close', 'setsFrom', 'setsTo'] as const) this[key] = doubled(this[key]);
    this.offset = doubled(this.offset);
    this.killing = doubled(this.killing);
    this.inside = doubled(this.inside);
  }
}
