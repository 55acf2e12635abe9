// Walks one function's instructions with what is known of each operand and local, to find the frame it keeps on the program's
// stack and everything that depends on it. Loops are walked again until what was assumed at their heads holds.

import type { Access } from '../access-table.ts';
import { accessOf } from '../access-table.ts';
import { PLAIN_EFFECTS, STACK_EFFECTS } from '../elide/stack-effects.ts';
import { InstrumentError } from '../errors.ts';
import { Reader } from '../wasm/bytes.ts';
import { Decoder } from '../wasm/decoder.ts';
import type { Module } from '../wasm/module.ts';
import { OP, PREFIX_ATOMIC, PREFIX_MISC, PREFIX_SIMD } from '../wasm/opcodes.ts';
import type { Address, Analysis, DirectAccess, FrameTrouble, PointerWrite, ReachedAccess } from './analysis.ts';
import { Assumptions, Control } from './control.ts';
import { tagTypes } from './tags.ts';
import { BASE, COMPARE, ENTRY, OTHER, type Room, State, type Value } from './values.ts';

const MAX_PASSES = 12;
const I32_AND = OP.I32_AND;
const I64_AND = 0x83;
const I64_EQZ = 0x50;

class Trouble extends Error {
  readonly trouble: FrameTrouble;
  constructor(trouble: FrameTrouble) {
    super(trouble);
    this.trouble = trouble;
  }
}

/** Analyses the i-th body. */
export function analyseFrame(module: Module, i: number, stackPointer: number): Analysis {
  const assumptions = new Assumptions();
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    assumptions.changed = false;
    const walk = new FrameWalk(module, i, stackPointer, assumptions);
    const trouble = walk.run();
    if (!assumptions.changed || trouble) return walk.result(trouble);
  }
  return new FrameWalk(module, i, stackPointer, assumptions).result('loops');
}

class FrameWalk {
  private readonly module: Module;
  private readonly decoder: Decoder;
  private readonly stackPointer: number;
  private readonly control: Control;
  private readonly results: number;
  private readonly add: number;
  private readonly sub: number;
  private readonly and: number;
  private stack: Value[] = [];
  /** Undefined in code that is never reached. */
  private state: State | undefined = new State(new Map(), undefined, 'entry');
  private block = 0;

  private entryRead = 0;
  private size: Analysis['size'];
  private baseEnd = 0;
  private align = 16;
  private catches = false;
  private optimised = false;
  private baseUnclear = false;
  /** A call that was given the base has a result: memset, a constructor and others return it, and LLVM then goes on from there. */
  private baseReturned = false;
  private readonly baseLocals = new Set<number>();
  private readonly writes: PointerWrite[] = [];
  private readonly rooms: Room[] = [];
  /** Room of constant size was taken: a dynamic allocation, or the frame of an inlined function. */
  private constantRoom = false;
  /** What would be dynamic allocations in a leaf function, which takes them without moving the stack pointer. */
  private readonly unwritten: Room[] = [];
  private unclearRoom = false;
  private readonly rereads: number[] = [];
  private readonly addresses: Address[] = [];
  /** Constants that lead back to the stack pointer at entry. */
  private readonly restores = new Set<number>();
  private readonly accesses: DirectAccess[] = [];
  private readonly reached: ReachedAccess[] = [];
  private readonly escapes = new Set<number>();
  private readonly merged = new Set<number>();
  private readonly folded = new Set<number>();
  private readonly usedConstants = new Set<number>();
  private readonly sharedConstants = new Set<number>();
  /** Constants that are kept in a local: optimised code does so where it needs them again, perhaps in another round of a loop. */
  private readonly keptConstants = new Set<number>();

  constructor(module: Module, i: number, stackPointer: number, assumptions: Assumptions) {
    const body = module.bodies[i]!;
    this.module = module;
    this.decoder = new Decoder(module.bytes, body.start, body.end);
    this.stackPointer = stackPointer;
    this.control = new Control(assumptions);
    this.results = module.types[module.functions[module.importedFunctions + i]!]!.results.length;
    const is64 = module.memories[0]!.is64;
    this.add = is64 ? OP.I64_ADD : OP.I32_ADD;
    this.sub = is64 ? OP.I64_SUB : OP.I32_SUB;
    this.and = is64 ? I64_AND : I32_AND;
  }

  result(trouble: FrameTrouble | undefined): Analysis {
    if (this.writes.length === 0) this.leafRooms();
    return { ...this.facts(), trouble: trouble ?? this.missing() };
  }

  private facts(): Omit<Analysis, 'trouble'> {
    const { entryRead, size, baseEnd, align, baseLocals, writes, rooms, rereads, accesses } = this;
    // The end of the frame, where it serves for nothing but to give the frame back, is no address of anything.
    const isRestored = (a: Address) => this.restores.has(a.at) && !this.escapes.has(a.offset);
    const addresses = this.addresses.filter((a) => !isRestored(a));
    const { reached, escapes, merged, folded, catches, optimised } = this;
    const baseUnclear = this.baseUnclear || (optimised && this.baseReturned);
    const sharedConstants = new Set([...this.sharedConstants, ...(optimised ? this.keptConstants : [])]);
    return {
      ...{ entryRead, size, baseEnd, align, baseLocals, writes, rooms, rereads, addresses, accesses },
      ...{ reached, escapes, merged, folded, catches, optimised, baseUnclear, sharedConstants },
    };
  }

  private leafRooms(): void {
    for (const room of this.unwritten) if (isRoomSize(room.size)) this.rooms.push(room);
  }

  private missing(): FrameTrouble | undefined {
    if (this.writes.length === 0 && this.rooms.length > 0 && this.unclearRoom) return 'pointer kept';
    if (this.entryRead === 0 || (!this.size && this.rooms.length === 0)) return 'no prologue';
    if (this.size && this.size.bytes % 16 !== 0) return 'odd size';
    if (this.optimised && this.rooms.some((room) => room.size.kind === 'constant')) return 'folded allocation';
    return undefined;
  }

  run(): FrameTrouble | undefined {
    const d = this.decoder;
    try {
      d.skipLocals();
      this.control.enter(OP.BLOCK, d.pos, 0, 0, this.results, this.state);
      while (d.pos < d.end && this.control.open.length > 0) {
        d.next();
        this.step();
      }
    } catch (error) {
      if (error instanceof Trouble) return error.trouble;
      if (error instanceof InstrumentError) return 'instruction';
      throw error;
    }
    return undefined;
  }

  private step(): void {
    const { op } = this.decoder;
    if (op === OP.LOCAL_GET) this.push(this.getLocal(this.decoder.index));
    else if (op === OP.LOCAL_SET) this.setLocal(this.pop());
    else if (op === OP.LOCAL_TEE) {
      this.optimised = true;
      const value = this.pop();
      this.setLocal(value);
      this.push(value);
    } else if (op === OP.I32_CONST || op === OP.I64_CONST) this.constant();
    else if (op === this.add) this.addition();
    else if (op === this.sub) this.subtraction();
    else if (op === this.and) this.masking();
    else if (op === OP.GLOBAL_GET) this.readGlobal();
    else if (op === OP.GLOBAL_SET) this.writeGlobal();
    else if (op <= OP.RETURN_CALL_INDIRECT || (op >= OP.CALL_REF && op <= OP.TRY_TABLE)) this.structure(op);
    else this.plain(op);
  }

  // ------------------------------------------------------------------------------------------------- operands

  private push(value: Value): void {
    this.stack.push(value);
  }

  private pop(): Value {
    return this.stack.length > this.control.top.height ? this.stack.pop()! : OTHER;
  }

  /** Takes `count` operands whose use is not followed: pointers among them go out of sight. */
  private consume(count: number): void {
    for (let n = count; n > 0; n--) this.escape(this.pop());
  }

  private escape(value: Value): void {
    if (value.kind === 'base') this.escapes.add(0);
    else if (value.kind === 'object') this.escapes.add(value.origin);
    else if (value.kind === 'constant') this.use(value);
    else if (value.kind === 'below' && value.ours && !isRoomSize(value.room.size)) {
      // Not room, but a pointer to something in the frame: an index was subtracted.
      this.escapes.add(0);
      this.baseUnclear = true;
    }
  }

  /** One of the values that may be in the same place, depending on the way taken to it. */
  private merge(value: Value): void {
    if (value.kind === 'object') this.merged.add(value.origin);
    this.escape(value);
  }

  /** A constant that serves two purposes cannot be changed for one of them. */
  private use(constant: Value & { kind: 'constant' }): void {
    if (this.usedConstants.has(constant.at)) this.sharedConstants.add(constant.at);
    this.usedConstants.add(constant.at);
  }

  private getLocal(local: number): Value {
    const { state } = this;
    if (!state) return OTHER;
    const lost = state.lostBy(local);
    if (lost) {
      for (const value of lost) {
        if (value.kind === 'base') this.baseUnclear = true;
        this.merge(value);
      }
    }
    return state.get(local);
  }

  private setLocal(value: Value): void {
    const local = this.decoder.index;
    if (value.kind === 'base') this.baseLocals.add(local);
    if (value.kind === 'constant') this.keptConstants.add(value.at);
    this.state?.set(local, value);
    this.control.changed(local);
  }

  private constant(): void {
    const d = this.decoder;
    let { value } = d;
    if (d.op === OP.I64_CONST) value = Number(new Reader(d.bytes, d.immediateStart, d.end).s64());
    this.push({ kind: 'constant', value, at: d.start, end: d.pos });
  }

  // ------------------------------------------------------------------------------------------------- arithmetic

  private addition(): void {
    const right = this.pop();
    const left = this.pop();
    const [pointer, constant] = right.kind === 'constant' ? [left, right] : [right, left];
    if (constant.kind !== 'constant') {
      this.escape(left);
      this.escape(right);
      return this.push(OTHER);
    }
    this.use(constant);
    const taken = constant.value < 0 ? { at: constant.at, end: this.decoder.pos, size: constant, align: 0 } : undefined;
    if (taken && (pointer.kind === 'base' || pointer.kind === 'entry' || pointer.kind === 'below')) {
      this.unwritten.push(taken);
      return this.push({ kind: 'below', room: taken, ours: pointer.kind !== 'below' || pointer.ours });
    }
    if (pointer.kind === 'base') {
      const offset = constant.value;
      this.addresses.push({ at: constant.at, end: constant.end, offset, block: this.block });
      return this.push({ kind: 'object', origin: offset, offset, at: constant.at });
    }
    if (pointer.kind === 'object') return this.push({ ...pointer, offset: pointer.offset + constant.value });
    this.escape(pointer);
    this.push({ kind: 'sum', constant, end: this.decoder.pos });
  }

  private subtraction(): void {
    const d = this.decoder;
    const right = this.pop();
    const left = this.pop();
    if (left.kind === 'entry' && right.kind === 'constant') return this.prologue(right);
    if (left.kind === 'object') this.escape(left);
    this.escape(right);
    const room = { at: d.start, end: d.pos, size: right, align: 0 };
    const ours = left.kind === 'base' || left.kind === 'entry' || (left.kind === 'below' && left.ours);
    if (ours || left.kind === 'below') this.unwritten.push(room);
    else if (left.kind === 'other' && right.kind === 'rounded') this.unclearRoom = true;
    this.push({ kind: 'below', room, ours });
  }

  private prologue(size: Value & { kind: 'constant' }): void {
    if (this.size && this.size.at !== size.at) throw new Trouble('several prologues');
    if (this.control.open.length !== 1) throw new Trouble('not at the top');
    this.use(size);
    this.size = { at: size.at, end: size.end, bytes: size.value };
    this.baseEnd = this.decoder.pos;
    this.push(BASE);
  }

  private masking(): void {
    const right = this.pop();
    const left = this.pop();
    const mask = right.kind === 'constant' ? -right.value : 0;
    const align = mask > 0 && Number.isInteger(Math.log2(mask)) ? mask : 0;
    if (align && left.kind === 'base') {
      this.align = Math.max(16, align);
      this.baseEnd = this.decoder.pos;
      return this.push(BASE);
    }
    if (align && left.kind === 'sum' && left.constant.value >= align - 1)
      return this.push({ kind: 'rounded', sum: left.end, align });
    if (align && left.kind === 'below')
      return this.push({ ...left, room: { ...left.room, end: this.decoder.pos, align } });
    this.escape(left);
    this.escape(right);
    this.push(OTHER);
  }

  // ------------------------------------------------------------------------------------------------- stack pointer

  private readGlobal(): void {
    const d = this.decoder;
    if (d.index !== this.stackPointer || !this.state) return this.push(OTHER);
    if (this.state.pointer === 'entry') {
      if (this.entryRead === 0) {
        if (this.control.open.length !== 1) throw new Trouble('not at the top');
        this.entryRead = d.pos;
      }
      return this.push(ENTRY);
    }
    if (this.state.pointer !== 'frame') throw new Trouble('pointer kept');
    this.rereads.push(d.pos);
    this.push(OTHER);
  }

  private writeGlobal(): void {
    const d = this.decoder;
    const value = this.pop();
    if (d.index !== this.stackPointer) return this.escape(value);
    const { state } = this;
    if (!state) return;
    const to = this.target(value);
    state.pointer = to === 'entry' ? 'entry' : 'frame';
    // The frame of a function that was inlined after compilation is given back by adding its size to where it lies.
    if (this.constantRoom && to === 'other') throw new Trouble('several prologues');
    this.writes.push({ at: d.start, end: d.pos, to });
    const room = roomOf(value);
    if (!room) return;
    if (this.optimised && room.size.kind === 'constant') this.constantRoom = true;
    this.rooms.push(room);
    this.folded.add(this.block); // the fast instruction selector does not do dynamic allocations
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

  private leave(): void {
    if (this.state && this.state.pointer !== 'entry') throw new Trouble('pointer kept');
  }

  // ------------------------------------------------------------------------------------------------- other instructions

  private plain(op: number): void {
    const access = accessOf(op);
    if (access && access.size > 0) return this.access(access);
    const effect = op < 256 ? PLAIN_EFFECTS[op]! : (STACK_EFFECTS.get(op) ?? -1);
    if (effect < 0) throw new Trouble('instruction');
    const comparison = (op >= 0x46 && op <= 0x4f) || (op >= 0x51 && op <= 0x66) || op === I64_EQZ;
    const negated = op === OP.I32_EQZ && this.stack[this.stack.length - 1]?.kind === 'compare';
    this.consume(effect >> 4);
    for (let n = effect & 15; n > 0; n--) this.push(comparison || negated ? COMPARE : OTHER);
    const prefix = op >> 12;
    if (prefix === PREFIX_ATOMIC || prefix === PREFIX_SIMD || (prefix === PREFIX_MISC && (op & 0xfff) < 8)) {
      this.folded.add(this.block);
    }
  }

  private access(access: Access): void {
    const d = this.decoder;
    this.consume(access.operands.length);
    const address = this.pop();
    if (access.operands.length > 0 && access.atomic) this.folded.add(this.block);
    if (d.memory !== 0) this.escape(address);
    else if (address.kind === 'base') this.accesses.push({ at: d.start, offset: d.offset, size: access.size });
    else if (address.kind === 'object') this.objectAccess(address, access);
    else this.escape(address);
    const effect = access.op < 256 ? PLAIN_EFFECTS[access.op]! : STACK_EFFECTS.get(access.op)!;
    if (effect & 15) this.push(OTHER);
  }

  private objectAccess(address: Value & { kind: 'object' }, access: Access): void {
    const from = address.offset + this.decoder.offset;
    this.reached.push({ at: this.decoder.start, origin: address.origin, offset: from, size: access.size });
  }

  // ------------------------------------------------------------------------------------------------- structure

  private structure(op: number): void {
    const d = this.decoder;
    switch (op) {
      case OP.BLOCK:
      case OP.LOOP:
      case OP.IF:
      case OP.TRY:
      case OP.TRY_TABLE:
        return this.open(op);
      case OP.ELSE:
        return this.otherwise();
      case OP.CATCH:
      case OP.CATCH_ALL:
        return this.handler(op);
      case OP.END:
      case OP.DELEGATE:
        return this.close();
      case OP.BR:
        this.jump(d.index);
        return this.dead();
      case OP.BR_IF:
        this.condition();
        this.block++;
        return this.jump(d.index, true);
      case OP.BR_TABLE:
        return this.table();
      case OP.RETURN:
        this.consume(this.results);
        this.leave();
        return this.dead();
      case OP.UNREACHABLE:
      case OP.THROW:
      case OP.RETHROW:
      case OP.THROW_REF:
        return this.dead();
      case OP.SELECT:
      case OP.SELECT_T:
        this.escape(this.pop());
        this.merge(this.pop());
        this.merge(this.pop());
        return this.push(OTHER);
      case OP.DROP:
        this.pop();
        return;
      case 0x01: // nop
        return;
      default:
        return this.call(op);
    }
  }

  private call(op: number): void {
    const d = this.decoder;
    const direct = op === OP.CALL || op === OP.RETURN_CALL;
    const known = direct || op === OP.CALL_INDIRECT || op === OP.RETURN_CALL_INDIRECT;
    const type = known ? this.module.types[direct ? this.module.functions[d.index]! : d.index] : undefined;
    if (!type) throw new Trouble('instruction');
    const operands = type.params.length + (direct ? 0 : 1);
    if (type.results.length > 0 && d.bytes[d.pos] !== OP.DROP && this.isGiven(operands)) this.baseReturned = true;
    this.consume(operands);
    if (op === OP.RETURN_CALL || op === OP.RETURN_CALL_INDIRECT) {
      this.leave();
      return this.dead();
    }
    for (let n = type.results.length; n > 0; n--) this.push(OTHER);
  }

  /** Whether the base is among the operands on top of the stack. */
  private isGiven(operands: number): boolean {
    for (let k = Math.max(0, this.stack.length - operands); k < this.stack.length; k++) {
      if (this.stack[k]!.kind === 'base') return true;
    }
    return false;
  }

  private open(op: number): void {
    const d = this.decoder;
    if (op === OP.IF) this.condition();
    const type = d.value >= 0 ? this.module.types[d.value] : undefined;
    const parameters = type?.params.length ?? 0;
    const results = type ? type.results.length : d.value === -64 ? 0 : 1;
    if (op !== OP.BLOCK) this.block++;
    const height = Math.max(this.control.top.height, this.stack.length - parameters);
    const entry = this.control.enter(op, d.start, height, parameters, results, this.state);
    if (op === OP.LOOP && this.state) this.state = entry.meeting!.copy();
    if (op === OP.TRY || op === OP.TRY_TABLE) this.catches = true;
    if (op === OP.TRY_TABLE) this.catchClauses(entry.handlers);
  }

  /** Each clause is a branch that may be taken from anywhere inside. Labels count from outside the try_table. */
  private catchClauses(handlers: State[]): void {
    const d = this.decoder;
    const r = new Reader(d.bytes, d.immediateStart, d.end);
    r.s33();
    for (let count = r.u32(); count > 0; count--) {
      if (r.byte() < 2) r.u32();
      const depth = r.u32() + 1;
      const target = this.control.open[this.control.open.length - 1 - depth];
      if (!target || target.op === OP.LOOP) throw new Trouble('instruction');
      const state = this.control.branch(depth, this.state, 'thrown');
      if (state) handlers.push(state);
    }
  }

  private condition(): void {
    const value = this.pop();
    if (value.kind === 'compare') this.folded.add(this.block);
    this.escape(value);
  }

  private table(): void {
    const d = this.decoder;
    this.folded.add(this.block);
    this.escape(this.pop());
    const r = new Reader(d.bytes, d.immediateStart, d.end);
    for (let count = r.u32() + 1; count > 0; count--) this.jump(r.u32(), true);
    this.dead();
  }

  /** A branch: its operands go to a merge, which is not followed. */
  private jump(depth: number, stays = false): void {
    const target = this.control.open[this.control.open.length - 1 - depth];
    if (!target) throw new Trouble('instruction');
    if (depth === this.control.open.length - 1) this.leave();
    const count = target.op === OP.LOOP ? target.parameters : target.results;
    if (count === 0) {
      this.control.branch(depth, this.state);
      return;
    }
    const operands = Array.from({ length: count }, () => this.pop()).reverse();
    for (const value of operands) this.merge(value);
    this.control.branch(depth, this.state);
    if (stays) for (const value of operands) this.push(value);
  }

  private dead(): void {
    this.state = undefined;
    this.stack.length = Math.min(this.stack.length, this.control.top.height);
    this.block++;
  }

  private otherwise(): void {
    const entry = this.control.top;
    this.arrive();
    this.state = entry.otherwise?.copy();
    entry.otherwise = undefined;
    for (let n = entry.parameters; n > 0; n--) this.push(OTHER);
  }

  private handler(op: number): void {
    const entry = this.control.top;
    this.arrive();
    this.state = entry.handlers[0]?.copy();
    this.block++;
    if (op !== OP.CATCH) return;
    const type = this.module.types[tagTypes(this.module)[this.decoder.index] ?? -1];
    if (!type) throw new Trouble('instruction');
    for (let n = type.params.length; n > 0; n--) this.push(OTHER);
  }

  /** The end of a block's body: its results meet those of the branches to it. */
  private arrive(): void {
    const entry = this.control.top;
    if (this.state) {
      for (let n = entry.results; n > 0; n--) this.merge(this.pop());
      if (entry.op === OP.LOOP) return;
      if (entry.meeting) entry.meeting.meet(this.state);
      else entry.meeting = this.state.copy();
    }
    this.stack.length = Math.min(this.stack.length, entry.height);
    this.block++;
  }

  private close(): void {
    const entry = this.control.top;
    if (this.control.open.length === 1) this.leave();
    this.arrive();
    if (entry.op === OP.IF && entry.otherwise) {
      if (entry.meeting) entry.meeting.meet(entry.otherwise);
      else entry.meeting = entry.otherwise;
    }
    if (entry.op !== OP.LOOP) this.state = entry.meeting;
    this.control.open.pop();
    this.stack.length = Math.min(this.stack.length, entry.height);
    for (let n = entry.results; n > 0; n--) this.push(OTHER);
  }
}

/** What the compiler makes of the size of a dynamic allocation. */
function isRoomSize(size: Value): boolean {
  return size.kind === 'rounded' || (size.kind === 'constant' && size.value % 16 === 0);
}

/** The room taken by a value that goes to the stack pointer. */
function roomOf(value: Value): Room | undefined {
  if (value.kind === 'below') return value.room;
  if (value.kind !== 'sum' || value.constant.value >= 0) return undefined;
  return { at: value.constant.at, end: value.end, size: value.constant, align: 0 };
}
