// Functions whose frames are not understood: where they use the stack pointer, and what the runtime is told of it.

import { STACK_RED_ZONE } from '../../runtime/abi.ts';
import type { Edit } from '../plan.ts';
import { Decoder, opcodeTable } from '../wasm/decoder.ts';
import type { Module } from '../wasm/module.ts';
import { OP, TYPE } from '../wasm/opcodes.ts';
import type { Borrow } from './analysis.ts';
import type { FrameTarget } from './frame-edits.ts';
import { integerConstant } from './operands.ts';

const GLOBAL_GET: number = OP.GLOBAL_GET;
const GLOBAL_SET: number = OP.GLOBAL_SET;
const GLOBALS = opcodeTable(OP.GLOBAL_GET, OP.GLOBAL_SET);

/** Where a function reads and writes the stack pointer. */
export class PointerUses {
  private readonly module: Module;
  private readonly stackPointer: number;
  private readonly decoder: Decoder;
  reads: Borrow[] = [];
  /** Offset of each. */
  writes: number[] = [];
  touchesMemory = false;
  /** It subtracts something else than the size of a frame: a leaf function that allocates dynamically does. */
  subtracts = false;

  constructor(module: Module, stackPointer: number) {
    this.module = module;
    this.stackPointer = stackPointer;
    this.decoder = new Decoder(module.bytes);
  }

  private enter(i: number): void {
    const { start, end } = this.module.bodies[i]!;
    this.decoder.pos = start;
    this.decoder.end = end;
    this.decoder.skipLocals();
  }

  /** Whether the i-th body uses the stack pointer. Mostly it does so first of all, or its bytes show that it does not. */
  isIn(i: number): boolean {
    const d = this.decoder;
    this.enter(i);
    if (!this.mayBeIn(d.pos, d.end)) return false;
    while (d.nextOf(GLOBALS)) if (d.index === this.stackPointer) return true;
    return false;
  }

  /** Whether one of the bytes that the two instructions begin with is followed by one that the index may begin with. */
  private mayBeIn(from: number, to: number): boolean {
    const { bytes } = this.module;
    const low = this.stackPointer & 0x7f;
    for (let at = from; at < to; at++) {
      const op = bytes[at];
      if ((op === GLOBAL_GET || op === GLOBAL_SET) && (bytes[at + 1]! & 0x7f) === low) return true;
    }
    return false;
  }

  /** Looks at the whole of the i-th body. */
  find(i: number): void {
    const d = this.decoder;
    this.enter(i);
    this.reads = [];
    this.writes = [];
    this.touchesMemory = false;
    this.subtracts = false;
    let constant = { at: 0, end: 0, value: 0 };
    while (d.pos < d.end) {
      d.next();
      if (d.op >= OP.I32_LOAD && d.op <= 0x3e) this.touchesMemory = true;
      if (d.op === OP.I32_CONST || d.op === OP.I64_CONST) {
        constant = { at: d.start, end: d.pos, value: integerConstant(d) };
      }
      const subtracts = d.op === OP.I32_SUB || d.op === OP.I64_SUB;
      if (subtracts || d.op === OP.I32_ADD || d.op === OP.I64_ADD) {
        const isFrame = this.borrow(constant, subtracts ? constant.value : -constant.value);
        if (subtracts && !isFrame) this.subtracts = true;
      }
      if (d.index !== this.stackPointer) continue;
      if (d.op === OP.GLOBAL_GET) this.reads.push({ at: d.pos, bytes: STACK_RED_ZONE });
      else if (d.op === OP.GLOBAL_SET) this.writes.push(d.start);
    }
  }

  /** So much is taken from the stack pointer if the constant follows a read of it: it is used below without moving it. */
  private borrow({ at, end }: { at: number; end: number }, bytes: number): boolean {
    const read = this.reads.at(-1);
    if (read?.at !== at || end !== this.decoder.start || bytes <= 0) return false;
    this.reads[this.reads.length - 1] = { at, bytes: Math.max(read.bytes, bytes) };
    return true;
  }
}

/**
 * A function that is not understood: the runtime is told where it moves the stack pointer to, and wherever it reads it
 * that it may use what lies below without moving it. That may be a leaf function inlined here, behind calls that gave
 * the same memory back.
 */
export function plainEdits({ writes, reads, touchesMemory, subtracts }: PointerUses, target: FrameTarget): Edit[] {
  const type = target.is64 ? TYPE.I64 : TYPE.I32;
  const insert = (at: number, write: Edit['write']): Edit => ({ at, removes: 0, isSite: false, write });
  const whole = subtracts && writes.length === 0;
  const borrowing = (touchesMemory ? reads : []).map(({ at, bytes }) =>
    insert(at, (emit) => {
      emit.byte(OP.GLOBAL_GET);
      emit.u32(target.stackPointer);
      if (!whole) emit.constant(bytes);
      emit.callRuntime(whole ? 'stack_borrowed_whole' : 'stack_borrowed');
    }),
  );
  const moving = writes.map((at) =>
    insert(at, (emit) => {
      emit.scratch(OP.LOCAL_SET, 'stack pointer', type);
      emit.scratch(OP.LOCAL_GET, 'stack pointer', type);
      emit.byte(OP.GLOBAL_GET);
      emit.u32(target.stackPointer);
      emit.callRuntime('stack_moved');
      emit.scratch(OP.LOCAL_GET, 'stack pointer', type);
    }),
  );
  return [...borrowing, ...moving].sort((a, b) => a.at - b.at);
}
