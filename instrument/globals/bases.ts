// Which accesses of a function compute their address from the address of one object: a constant that the linker wrote,
// plus something only known at run time.
//
//   i32.const 0x10440 (padded to five bytes: an address, not a number) ... i32.add ... i32.load
//   i32.load offset=0x10440 (padded), of something
//
// Values are followed through the operand stack and through locals. A local stands for an object if everything the
// function ever stores in it does, whatever the order; control flow only makes the operand stack forget.

import { accessOf } from '../access-table.ts';
import { PLAIN_EFFECTS } from '../elide/stack-effects.ts';
import { Decoder } from '../wasm/decoder.ts';
import type { Body, Module } from '../wasm/module.ts';
import { IMM, OP } from '../wasm/opcodes.ts';
import { paddedValue } from './extents.ts';

/** An access whose address is `base` plus something. */
export interface BasedAccess {
  /** File offset of the instruction. */
  readonly at: number;
  /** Its opcode, as in Decoder.op. */
  readonly op: number;
  /** Its constant offset. */
  readonly offset: number;
  readonly base: number;
  /** The most that can be added to the base, where an index is masked or loaded from few bits. */
  readonly reach: number | undefined;
  /** The local that carried the pointer, where one did: a loop and its unrolled rest share it. */
  readonly carrier: number | undefined;
}

export interface BodyBases {
  readonly accesses: readonly BasedAccess[];
  /** The compiler did not optimise: every variable lives in memory, and a constant is an object's own address. */
  readonly unoptimised: boolean;
}

// Abstract values: a number, to keep the walk cheap.
const UNSET = -1; // a local nothing has been stored in yet
const ANY = 0;
const NUMBER = 1; // a negative constant
const upTo = (limit: number) => -2 - limit; // a number in [0, limit]
const isLimited = (value: number) => value <= -2;
const limitOf = (value: number) => -2 - value;
const within = (address: number) => address * 4 + 1; // plus no more than Walk.reach tells
const exactly = (address: number) => address * 4 + 2;
const basedOn = (address: number) => address * 4 + 3;
const CARRIER = 2 ** 34; // above address and kind: the local a pointer was last read from, plus 1
const isPointer = (value: number) => value >= 2;
const plain = (value: number) => value % CARRIER;
const baseOf = (value: number) => Math.floor(plain(value) / 4);
const carrierOf = (value: number) => Math.floor(value / CARRIER);
/** The same pointer plus something. */
const moved = (value: number) => basedOn(baseOf(value)) + carrierOf(value) * CARRIER;

/** What two ways to the same local agree on. */
function join(a: number, b: number): number {
  if (a === UNSET || a === b) return b;
  if (b === UNSET) return a;
  return isPointer(a) && isPointer(b) && baseOf(a) === baseOf(b) ? basedOn(baseOf(a)) : ANY;
}

/** Facts about locals settle after as many walks as they depend on each other; beyond this, give up. */
const MAX_WALKS = 6;

export function findBases(module: Module, body: Body, parameters: number, stackPointer: number | undefined): BodyBases {
  const walk = new Walk(module, body, parameters, stackPointer);
  for (let i = 0; i < MAX_WALKS; i++) {
    if (!walk.run()) return { accesses: walk.accesses, unoptimised: walk.unoptimised };
  }
  return { accesses: [], unoptimised: false };
}

class Walk {
  accesses: BasedAccess[] = [];
  unoptimised = false;
  /** It has a local.tee, which is written by optimisation alone. */
  private keepsOnStack = false;
  private readonly module: Module;
  private readonly d: Decoder;
  private readonly start: number;
  private readonly stackPointer: number | undefined;
  private readonly locals: Float64Array;
  private readonly stack: number[] = [];
  private changed = false;
  /** The most that is added to each base in this body, where every addition is limited. */
  private readonly reach = new Map<number, number>();

  constructor(module: Module, body: Body, parameters: number, stackPointer: number | undefined) {
    this.module = module;
    this.stackPointer = stackPointer;
    this.d = new Decoder(module.bytes, body.start, body.end);
    this.locals = new Float64Array(parameters + this.d.skipLocals()).fill(UNSET);
    this.start = this.d.pos;
    this.locals.fill(ANY, 0, parameters);
  }

  /** One pass over the code; answers whether another is needed. */
  run(): boolean {
    const d = this.d;
    d.pos = this.start;
    this.stack.length = 0;
    this.accesses = [];
    this.changed = false;
    this.keepsOnStack = false;
    const plain = this.hasPlainPrologue();
    let [last, before] = [0, 0];
    while (d.pos < d.end) {
      d.next();
      this.step();
      [last, before] = [d.op, last];
    }
    // LLVM leaves a `return` in front of the last `end` only where it does not optimise.
    const returns = last === OP.END && before === OP.RETURN;
    this.unoptimised = (plain || returns) && !this.keepsOnStack;
    return this.changed;
  }

  /** `global.get sp; const; sub; local.set`: optimised code would keep the value on the stack (local.tee). */
  private hasPlainPrologue(): boolean {
    const d = this.d;
    const wanted = [OP.GLOBAL_GET, OP.I32_CONST, OP.I32_SUB, OP.LOCAL_SET];
    const matches = wanted.every((op) => {
      if (d.pos >= d.end) return false;
      d.next();
      return d.op === op && (op !== OP.GLOBAL_GET || d.index === this.stackPointer);
    });
    d.pos = this.start;
    return matches;
  }

  private pop(): number {
    return this.stack.pop() ?? ANY;
  }

  private step(): void {
    const d = this.d;
    switch (d.op) {
      case OP.LOCAL_GET:
        this.stack.push(read(this.locals[d.index]!, d.index));
        return;
      case OP.LOCAL_SET:
        this.assign(d.index, this.pop());
        return;
      case OP.LOCAL_TEE:
        this.keepsOnStack = true;
        this.assign(d.index, this.stack.at(-1) ?? ANY);
        return;
      case OP.I32_CONST:
        if (d.pos - d.immediateStart === 5 && isPadded(d.value)) this.stack.push(exactly(d.value >>> 0));
        else this.stack.push(d.value < 0 ? NUMBER : upTo(d.value));
        return;
      case OP.I32_ADD:
        this.stack.push(this.sum(this.pop(), this.pop()));
        return;
      case OP.I32_AND:
      case OP.I32_SHL:
      case OP.I32_MUL:
        this.stack.push(limited(d.op, this.pop(), this.pop()));
        return;
      case OP.I32_LOAD8_U:
      case OP.I32_LOAD16_U:
        this.other();
        this.stack[this.stack.length - 1] = upTo(d.op === OP.I32_LOAD8_U ? 0xff : 0xffff);
        return;
      case OP.I32_SUB: {
        const right = this.pop();
        const left = this.pop();
        this.stack.push(isPointer(left) && (right === NUMBER || isLimited(right)) ? moved(left) : ANY);
        return;
      }
      case OP.I64_CONST:
      case OP.GLOBAL_GET:
        this.stack.push(ANY);
        return;
      case OP.GLOBAL_SET:
        this.pop();
        return;
      case OP.SELECT:
        for (let i = 0; i < 3; i++) this.pop();
        this.stack.push(ANY);
        return;
      default:
        this.other();
    }
  }

  private assign(local: number, value: number): void {
    const before = this.locals[local]!;
    const after = join(before, value === UNSET ? UNSET : plain(value));
    if (after === before) return;
    this.locals[local] = after;
    this.changed = true;
  }

  private other(): void {
    const d = this.d;
    const access = accessOf(d.op);
    if (access && access.size > 0) {
      if (d.memory === 0) this.access(access.operands.length);
    } else if (d.op === OP.CALL) {
      return this.call(this.module.types[this.module.functions[d.index]!]);
    }
    const effect = d.op < 256 ? PLAIN_EFFECTS[d.op]! : -1;
    if (effect < 0) {
      this.stack.length = 0; // control flow, or an instruction nobody computes addresses with
      return;
    }
    for (let i = effect >> 4; i > 0; i--) this.pop();
    for (let i = effect & 15; i > 0; i--) this.stack.push(ANY);
  }

  /** An index added to a pointer. Two pointers added are nothing. */
  private sum(right: number, left: number): number {
    if (left === UNSET || right === UNSET) return UNSET;
    if (isPointer(left)) return isPointer(right) ? ANY : this.indexed(left, right);
    if (isPointer(right)) return this.indexed(right, left);
    if (!isLimited(left) || !isLimited(right)) return ANY;
    const limit = limitOf(left) + limitOf(right);
    return limit < 2 ** 31 ? upTo(limit) : ANY;
  }

  private indexed(pointer: number, index: number): number {
    const kind = pointer % 4;
    if (kind === 3 || !isLimited(index)) return moved(pointer);
    const base = baseOf(pointer);
    const reach = limitOf(index) + (kind === 1 ? this.reach.get(base)! : 0);
    this.reach.set(base, Math.max(reach, this.reach.get(base) ?? 0));
    return within(base) + carrierOf(pointer) * CARRIER;
  }

  private call(type: { params: readonly number[]; results: readonly number[] } | undefined): void {
    for (let i = type?.params.length ?? 0; i > 0; i--) this.pop();
    for (let i = type?.results.length ?? 0; i > 0; i--) this.stack.push(ANY);
  }

  private access(operands: number): void {
    const d = this.d;
    const address = this.stack.at(-1 - operands) ?? ANY;
    if (address === UNSET) return;
    const { op, start: at, offset } = d;
    const padded = paddedOffset(d);
    if (padded !== undefined) {
      const reach = isLimited(address) ? limitOf(address) : undefined;
      if (address === ANY || reach) this.accesses.push({ at, op, offset, base: padded, reach, carrier: undefined });
    } else if (isPointer(address) && address !== NUMBER && address % 4 !== 2) {
      const carrier = carrierOf(address) || undefined;
      const base = baseOf(address);
      const known = address % 4 === 1 ? this.reach.get(base)! + offset : undefined;
      this.accesses.push({ at, op, offset, base, reach: known, carrier: carrier && carrier - 1 });
    }
  }
}

function read(value: number, local: number): number {
  return isPointer(value) ? value + (local + 1) * CARRIER : value;
}

/** What becomes of limited numbers in a product, a shift or a mask: the upper operand comes first. */
function limited(op: number, right: number, left: number): number {
  if (op === OP.I32_AND) {
    const limits = [left, right].filter(isLimited).map(limitOf);
    return limits.length > 0 ? upTo(Math.min(...limits)) : ANY;
  }
  if (!isLimited(left) || !isLimited(right)) return ANY;
  const limit = op === OP.I32_MUL ? limitOf(left) * limitOf(right) : limitOf(left) * 2 ** limitOf(right);
  return limit < 2 ** 31 ? upTo(limit) : ANY;
}

/** Whether a signed number takes fewer than five bytes where it is not padded. */
function isPadded(value: number): boolean {
  return value >= -(2 ** 27) && value < 2 ** 27;
}

/** The constant offset of a memory access, if the linker wrote it. */
function paddedOffset(d: Decoder): number | undefined {
  if (d.immediates !== IMM.MEMARG) return undefined;
  const at = d.pos - 5;
  const bytes = d.bytes;
  if (at <= d.immediateStart || d.offset >= 2 ** 28) return undefined;
  const padded = (bytes[at]! & bytes[at + 1]! & bytes[at + 2]! & bytes[at + 3]! & 0x80) !== 0;
  return padded && paddedValue(bytes, at) === d.offset ? d.offset : undefined;
}
