// Functions whose frames are not understood: where they use the stack pointer, and what the runtime is told of it.

import { STACK_RED_ZONE } from '../../runtime/abi.ts';
import type { BodyScan } from '../body-scan.ts';
import type { Edit, Emitter } from '../plan.ts';
import { Decoder, stopTable } from '../wasm/decoder.ts';
import type { Module } from '../wasm/module.ts';
import { OP, TYPE } from '../wasm/opcodes.ts';
import type { Borrow } from './analysis.ts';
import { type FrameTarget, roomBelow } from './frame-edits.ts';
import { roomsBelow } from './rooms-below.ts';

const GLOBAL_GET: number = OP.GLOBAL_GET;
const GLOBAL_SET: number = OP.GLOBAL_SET;
const GLOBALS = stopTable(OP.GLOBAL_GET, OP.GLOBAL_SET);

/** Where a function reads and writes the stack pointer. */
export class PointerUses {
  private readonly module: Module;
  private readonly scan: BodyScan;
  private readonly stackPointer: number;
  private readonly decoder: Decoder;
  /** But those of which the stack pointer is set at once: then the runtime is told of all that was taken. */
  reads: Borrow[] = [];
  /** Just past what was taken from the last of them. */
  private taken = -1;
  /** Offset of each. */
  writes: number[] = [];
  touchesMemory = false;
  /** Just past each instruction that may take room below without moving it. */
  rooms: readonly number[] = [];

  constructor(module: Module, scan: BodyScan, stackPointer: number) {
    this.module = module;
    this.scan = scan;
    this.stackPointer = stackPointer;
    this.decoder = new Decoder(module.bytes);
  }

  /** Whether the i-th body uses the stack pointer. Mostly it does so first of all, or its bytes show that it does not. */
  isIn(i: number): boolean {
    const d = this.decoder;
    const { start, end } = this.module.bodies[i]!;
    d.pos = start;
    d.end = end;
    d.skipLocals();
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
    this.scan.read(i);
    this.reads = [];
    this.writes = [];
    this.taken = -1;
    this.touchesMemory = false;
    this.look();
    this.rooms = this.touchesMemory ? roomsBelow(this.module, this.scan, this.stackPointer) : [];
  }

  /** Not in find() itself: what V8 compiles of a loop before the function has gone on behind it is thrown away there, each time. */
  private look(): void {
    const { op: ops, arg, at, count } = this.scan;
    for (let k = 0; k < count; k++) {
      const op = ops[k]!;
      if (op >= OP.I32_LOAD && op <= 0x3e) this.touchesMemory = true;
      switch (op) {
        case OP.I32_SUB:
        case OP.I64_SUB:
          this.borrow(k, 1);
          break;
        case OP.I32_ADD:
        case OP.I64_ADD:
          this.borrow(k, -1);
          break;
        case OP.LOCAL_TEE:
          if (at[k] === this.taken) this.taken = at[k + 1]!;
          break;
        case OP.GLOBAL_GET:
          if (arg[k] === this.stackPointer) this.reads.push({ at: at[k + 1]!, bytes: STACK_RED_ZONE });
          break;
        case OP.GLOBAL_SET:
          if (arg[k] === this.stackPointer) this.write(at[k]!);
      }
    }
  }

  private write(at: number): void {
    this.writes.push(at);
    if (at === this.taken) this.reads.pop();
  }

  /**
   * The k-th instruction adds or subtracts. So much is taken from the stack pointer if it is a constant that follows a read of
   * it: mostly it is used below without moving it.
   */
  private borrow(k: number, sign: 1 | -1): void {
    const { scan } = this;
    const read = this.reads.at(-1);
    const constant = scan.op[k - 1];
    if (constant !== OP.I32_CONST && constant !== OP.I64_CONST) return;
    if (read?.at !== scan.at[k - 1]) return;
    const bytes = sign * scan.integer(k - 1);
    if (bytes <= 0) return;
    this.taken = scan.at[k + 1]!;
    if (bytes > read!.bytes) this.reads[this.reads.length - 1] = { at: read!.at, bytes };
  }
}

/**
 * A function that is not understood: the runtime is told where it moves the stack pointer to, and wherever it reads it
 * that it may use what lies below without moving it. That may be a leaf function inlined here, behind calls that gave
 * the same memory back.
 */
export function plainEdits({ writes, reads, rooms, touchesMemory }: PointerUses, target: FrameTarget): Edit[] {
  const type = target.is64 ? TYPE.I64 : TYPE.I32;
  const insert = (at: number, write: Edit['write']): Edit => ({ at, removes: 0, isSite: false, write });
  const borrowing = (touchesMemory ? reads : []).map(({ at, bytes }) =>
    insert(at, (emit) => {
      emit.byte(OP.GLOBAL_GET);
      emit.u32(target.stackPointer);
      emit.constant(bytes);
      emit.callRuntime('stack_borrowed');
    }),
  );
  const pointer = (emit: Emitter) => {
    emit.byte(OP.GLOBAL_GET);
    emit.u32(target.stackPointer);
  };
  const taking = rooms.map((at) => insert(at, (emit) => roomBelow(emit, target, pointer)));
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
  return [...borrowing, ...taking, ...moving].sort((a, b) => a.at - b.at);
}
