// Walks one function's instructions with what is known of each operand and local, to find the frame it keeps on the program's
// stack and everything that depends on it. A function is walked again where what was assumed at the
// head of a loop does not hold at its end.

import { STACK_RED_ZONE } from '../../runtime/abi.ts';
import type { Access } from '../access-table.ts';
import { accessOf } from '../access-table.ts';
import { PLAIN_EFFECTS, STACK_EFFECTS } from '../elide/stack-effects.ts';
import { InstrumentError } from '../errors.ts';
import { OP, PREFIX_ATOMIC, PREFIX_MISC, PREFIX_SIMD } from '../wasm/opcodes.ts';
import type { Analysis, FrameTrouble, PointerWrite } from './analysis.ts';
import { Branches } from './branches.ts';
import { Clues } from './clues.ts';
import { Assumptions } from './control.ts';
import { type FrameSubject, Trouble } from './operands.ts';
import { BASE, COMPARE, ENTRY, OTHER, type Room, State, type Value } from './values.ts';

const MAX_PASSES = 12;
const I64_EQZ = 0x50;
const I64_AND = 0x83;

/** Analyses the i-th body. Without `variables`, what only serves to move them apart is not looked for. */
export function analyseFrame(subject: FrameSubject, body: number, variables = true): Analysis {
  const assumptions = new Assumptions();
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    assumptions.changed = false;
    const walk = new FrameWalk(subject, body, assumptions, variables ? new Clues() : undefined);
    const trouble = walk.run(body);
    if (!assumptions.changed || trouble) return walk.result(trouble);
  }
  return new FrameWalk(subject, body, assumptions).result('loops');
}

/** What the walk tells apart. */
const FORM = {
  ...{ PLAIN: 0, GET: 1, SET: 2, TEE: 3, CONSTANT: 4, ACCESS: 5, STRUCTURE: 6 },
  ...{ ADD: 7, SUB: 8, AND: 9, GLOBAL_GET: 10, GLOBAL_SET: 11 },
} as const;

function formsOf(add: number, sub: number, and: number): Uint8Array {
  const forms = Uint8Array.from({ length: 256 }, (_, op) =>
    op <= OP.RETURN_CALL_INDIRECT || (op >= OP.CALL_REF && op <= OP.TRY_TABLE)
      ? FORM.STRUCTURE
      : accessOf(op)
        ? FORM.ACCESS
        : FORM.PLAIN,
  );
  const others: readonly (readonly [op: number, form: number])[] = [
    ...([
      [OP.LOCAL_GET, FORM.GET],
      [OP.LOCAL_SET, FORM.SET],
      [OP.LOCAL_TEE, FORM.TEE],
    ] as const),
    ...([
      [OP.I32_CONST, FORM.CONSTANT],
      [OP.I64_CONST, FORM.CONSTANT],
    ] as const),
    ...([
      [add, FORM.ADD],
      [sub, FORM.SUB],
      [and, FORM.AND],
    ] as const),
    ...([
      [OP.GLOBAL_GET, FORM.GLOBAL_GET],
      [OP.GLOBAL_SET, FORM.GLOBAL_SET],
    ] as const),
  ];
  for (const [op, form] of others) forms[op] = form;
  return forms;
}

/** FORM.* by opcode of one byte, for either width of pointers. */
const FORMS_32 = formsOf(OP.I32_ADD, OP.I32_SUB, OP.I32_AND);
const FORMS_64 = formsOf(OP.I64_ADD, OP.I64_SUB, I64_AND);

class FrameWalk extends Branches {
  run(body: number): FrameTrouble | undefined {
    const { scan, control, type } = this;
    try {
      scan.read(body);
      this.state = new State(new Array<Value | undefined>(scan.localCount).fill(undefined), undefined, 'entry');
      control.enter(OP.BLOCK, scan.at[0]!, 0, { params: [], results: type.results }, this.state);
      const forms = this.module.memories[0]!.is64 ? FORMS_64 : FORMS_32;
      for (this.i = 0; this.i < scan.count && control.open.length > 0; this.i++) {
        const op = scan.op[this.i]!;
        this.step(op, op < 256 ? forms[op]! : accessOf(op)?.size ? FORM.ACCESS : FORM.PLAIN);
      }
    } catch (error) {
      if (error instanceof Trouble) return error.trouble;
      if (error instanceof InstrumentError) return 'instruction';
      throw error;
    }
    return undefined;
  }

  private step(op: number, form: number): void {
    switch (form) {
      case FORM.GET:
        return this.push(this.getLocal(this.arg));
      case FORM.SET:
        return this.setLocal(this.pop());
      case FORM.TEE:
        return this.tee();
      case FORM.CONSTANT:
        return this.constant();
      case FORM.ACCESS:
        return this.access(accessOf(op)!);
      case FORM.STRUCTURE:
        return this.structure(op);
      case FORM.ADD:
        return this.addition();
      case FORM.SUB:
        return this.subtraction();
      case FORM.AND:
        return this.masking();
      case FORM.GLOBAL_GET:
        return this.readGlobal();
      case FORM.GLOBAL_SET:
        return this.writeGlobal();
      default:
        return this.plain(op);
    }
  }

  private tee(): void {
    this.optimised = true;
    const value = this.pop();
    this.setLocal(value);
    this.push(value);
  }

  // ------------------------------------------------------------------------------------------------- arithmetic

  private addition(): void {
    const right = this.pop();
    const left = this.pop();
    const pointer = right.kind === 'constant' ? left : right;
    const constant = right.kind === 'constant' ? right : left;
    if (constant.kind !== 'constant') {
      this.escape(left);
      this.escape(right);
      return this.push(OTHER);
    }
    this.clues?.use(constant.at);
    const taken = constant.value < 0 ? { at: constant.at, end: this.end, size: constant, align: 0 } : undefined;
    if (taken && (pointer.kind === 'base' || pointer.kind === 'entry' || pointer.kind === 'below')) {
      this.unwritten.push(taken);
      return this.push({ kind: 'below', room: taken, ours: pointer.kind !== 'below' || pointer.ours });
    }
    if (pointer.kind === 'base') {
      const offset = constant.value;
      this.addresses.push({ at: constant.at, end: constant.end, offset, block: this.block });
      return this.push({ kind: 'object', origin: offset, offset, at: constant.at });
    }
    if (pointer.kind === 'object') {
      const { origin, offset, at } = pointer;
      return this.push({ kind: 'object', origin, offset: offset + constant.value, at });
    }
    if (pointer.kind === 'entry' && constant.value > 0) throw new Trouble('grows up');
    if (taken) this.borrow(right, constant.at);
    this.escape(pointer);
    this.clues?.hints.add(constant.value);
    this.push({ kind: 'sum', constant, end: this.end });
  }

  private subtraction(): void {
    const { at, end } = this;
    const right = this.pop();
    const left = this.pop();
    if (left.kind === 'entry' && right.kind === 'constant') return this.prologue(right);
    if (left.kind === 'object') this.escape(left);
    this.borrow(right, at);
    this.escape(right);
    const room = { at, end, size: right, align: 0 };
    const ours = left.kind === 'base' || left.kind === 'entry' || (left.kind === 'below' && left.ours);
    if (ours || left.kind === 'below') this.unwritten.push(room);
    else if (left.kind === 'other') {
      this.subtracts = true;
      if (right.kind === 'rounded') this.unclearRoom = true;
    }
    this.push({ kind: 'below', room, ours });
  }

  /** The constant may be taken from the stack pointer, read just before: room by that instruction, unless it is written. */
  private borrow(constant: Value, room: number): void {
    if (constant.kind !== 'constant' || constant.end !== this.at || constant.at !== this.rereads.at(-1)) return;
    this.borrows.set(room, { at: this.rereads.pop()!, bytes: Math.max(Math.abs(constant.value), STACK_RED_ZONE) });
  }

  private prologue(size: Value & { kind: 'constant' }): void {
    if (this.size && this.size.at !== size.at) throw new Trouble('several prologues');
    if (this.control.open.length !== 1) throw new Trouble('not at the top');
    if (size.value < 0) throw new Trouble('grows up');
    this.clues?.use(size.at);
    this.size = { at: size.at, end: size.end, bytes: size.value };
    this.baseEnd = this.end;
    this.push(BASE);
  }

  private masking(): void {
    const right = this.pop();
    const left = this.pop();
    const mask = right.kind === 'constant' ? -right.value : 0;
    const align = mask > 0 && Number.isInteger(Math.log2(mask)) ? mask : 0;
    if (align && left.kind === 'base') {
      this.align = Math.max(16, align);
      this.baseEnd = this.end;
      return this.push(BASE);
    }
    if (align && left.kind === 'sum' && left.constant.value >= align - 1)
      return this.push({ kind: 'rounded', sum: left.end, align });
    if (align && left.kind === 'below') {
      const room = { ...left.room, end: this.end, align };
      const unwritten = this.unwritten.indexOf(left.room);
      if (unwritten >= 0) this.unwritten[unwritten] = room;
      return this.push({ ...left, room });
    }
    this.escape(left);
    this.escape(right);
    this.push(OTHER);
  }

  // ------------------------------------------------------------------------------------------------- stack pointer

  private readGlobal(): void {
    if (this.arg !== this.stackPointer || !this.state) return this.push(OTHER);
    if (this.state.pointer === 'entry') {
      if (this.entryRead === 0) {
        if (this.control.open.length !== 1) throw new Trouble('not at the top');
        this.entryRead = this.end;
      }
      return this.push(ENTRY);
    }
    if (this.state.pointer !== 'frame') throw new Trouble('pointer kept');
    this.rereads.push(this.end);
    this.push(OTHER);
  }

  private writeGlobal(): void {
    const value = this.pop();
    if (this.arg !== this.stackPointer) return this.escape(value);
    const { state } = this;
    if (!state) return;
    const to = this.target(value);
    const room = roomOf(value);
    const takes = room ? room.end >= this.previous() : state.pointer === 'entry';
    state.pointer = to === 'entry' ? 'entry' : 'frame';
    // The frame of a function that was inlined after compilation is given back by adding its size to where it lies.
    if (this.constantRoom && to === 'other') throw new Trouble('several prologues');
    this.writes.push({ at: this.at, end: this.end, to, takes });
    if (!room) return;
    const reread = this.borrows.get(room.at);
    if (reread !== undefined && this.borrows.delete(room.at)) this.rereads.push(reread.at);
    if (this.optimised && room.size.kind === 'constant') this.constantRoom = true;
    this.rooms.push(room);
    this.clues?.folded.add(this.block); // the fast instruction selector does not do dynamic allocations
  }

  /** Offset of the instruction before. */
  private previous(): number {
    return this.i > 0 ? this.scan.at[this.i - 1]! : 0;
  }

  private target(value: Value): PointerWrite['to'] {
    if (value.kind === 'entry') return 'entry';
    if (roomOf(value)) return 'below';
    if (value.kind === 'base') return 'base';
    if (value.kind !== 'object') return 'other';
    const { size } = this;
    if (size && value.origin === size.bytes && value.offset === size.bytes && this.align === 16) {
      this.restores.add(value.at);
      return 'entry';
    }
    this.baseUnclear = true;
    return 'other';
  }

  // ------------------------------------------------------------------------------------------------- other instructions

  private plain(op: number): void {
    const effect = op < 256 ? PLAIN_EFFECTS[op]! : (STACK_EFFECTS.get(op) ?? -1);
    if (effect < 0) throw new Trouble('instruction');
    const result = this.clues && this.isComparison(op) ? COMPARE : OTHER;
    this.consume(effect >> 4);
    for (let n = effect & 15; n > 0; n--) this.push(result);
    const prefix = op >> 12;
    if (prefix === PREFIX_ATOMIC || prefix === PREFIX_SIMD || (prefix === PREFIX_MISC && (op & 0xfff) < 8)) {
      this.clues?.folded.add(this.block);
    }
  }

  /** A comparison, or the negation of one. */
  private isComparison(op: number): boolean {
    if (op === OP.I32_EQZ) return this.height > 0 && this.stack[this.height - 1]!.kind === 'compare';
    return (op >= 0x46 && op <= 0x4f) || (op >= 0x51 && op <= 0x66) || op === I64_EQZ;
  }

  private access(access: Access): void {
    const { scan, i, at } = this;
    this.consume(access.operands.length);
    const address = this.pop();
    if (access.operands.length > 0 && access.atomic) this.clues?.folded.add(this.block);
    if (this.arg !== 0) this.escape(address);
    else if (address.kind === 'base') this.accesses.push({ at, offset: scan.offset[i]!, size: access.size });
    else if (address.kind === 'object') this.objectAccess(address, access);
    else {
      this.escape(address);
      this.clues?.hints.add(scan.offset[i]!);
    }
    const effect = access.op < 256 ? PLAIN_EFFECTS[access.op]! : STACK_EFFECTS.get(access.op)!;
    if (effect & 15) this.push(OTHER);
  }

  private objectAccess(address: Value & { kind: 'object' }, access: Access): void {
    const from = address.offset + this.scan.offset[this.i]!;
    this.reached.push({ at: this.at, origin: address.origin, offset: from, size: access.size });
  }
}

/** The room taken by a value that goes to the stack pointer. */
function roomOf(value: Value): Room | undefined {
  if (value.kind === 'below') return value.room;
  if (value.kind !== 'sum' || value.constant.value >= 0) return undefined;
  return { at: value.constant.at, end: value.end, size: value.constant, align: 0 };
}
