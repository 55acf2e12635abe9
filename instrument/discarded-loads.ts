// Loads whose value counts for nothing unless a condition holds. An optimiser that is told to ignore traps (Binaryen's
// --ignore-implicit-traps, which some packages are built with) takes branches away: reading at address 0, or one element
// too far, does no harm in wasm, so the program may read first and choose then.
//
//   p ? p->next : -1     local.get $p  i32.load offset=4  i32.const -1  local.get $p  select      needs $p
//   i < n && a[i] == x   (i < n)  (i32.load a[i])  local.get $x  i32.eq  i32.and                  needs i < n
//   i == n || a[i] == x  the same with i32.or                                                     needs not i == n
//   p && *p != x ? p : 0  local.get $p  i32.const 0  (i32.load $p) $x  i32.ne  select              needs $p != 0
//   br_if with a value   (i32.load a[i])  (i < n)  br_if  drop                                    needs i < n
//
// Such a load is checked only where the condition holds. The condition must be one that can be told at the load: made of locals
// and constants, and of no local that is set in between.
//
// In any other module the same forms mean that the program itself reads before it asks, which is a bug if the read is bad. What
// tells a module that was optimised so is the first form: no compiler reads through a pointer that it then asks for null.

import { accessOf } from './access-table.ts';
import { PLAIN_EFFECTS } from './elide/stack-effects.ts';
import type { Conditions, Expression } from './plan.ts';
import { bodiesWhere } from './wasm/byte-search.ts';
import { Decoder } from './wasm/decoder.ts';
import type { Body, Module } from './wasm/module.ts';
import { OP } from './wasm/opcodes.ts';

/** Instructions kept: operands that reach further back are not looked at. A power of two. */
const WINDOW = 64;
/** Operations a condition may be made of, in a row. */
const MAX_DEPTH = 4;
const FIRST_NUMERIC = 0x45;
const LAST_NUMERIC = 0xc4;
const ZERO: Expression = { op: OP.I32_CONST, value: 0 };
const WIDE_ZERO: Expression = { op: OP.I64_CONST, value: 0 };

export class DiscardedLoads {
  private readonly decoder: Decoder;
  /** The last WINDOW instructions, by number modulo WINDOW. */
  private readonly op = new Int32Array(WINDOW);
  /** Local of local.get, set and tee; value of i32.const; memory of an access. */
  private readonly arg = new Int32Array(WINDOW);
  private readonly at = new Int32Array(WINDOW);
  /** Constant offset of an access. */
  private readonly offset = new Float64Array(WINDOW);
  private count = 0;
  private found = new Map<number, Expression[]>();
  /** Local -> the first access to what it points to, since it was set. */
  private readonly followed = new Map<number, number>();
  /** A pointer was read through that may be null. */
  private provesIt = false;

  constructor(module: Module) {
    this.decoder = new Decoder(module.bytes);
  }

  read(body: Body): Conditions | undefined {
    const d = this.decoder;
    d.pos = body.start;
    d.end = body.end;
    d.skipLocals();
    this.count = 0;
    this.followed.clear();
    if (this.found.size > 0) this.found = new Map();
    while (d.pos < d.end) {
      d.next();
      const { op } = d;
      if (op === OP.SELECT) this.select();
      else if (op === OP.I32_AND || op === OP.I32_OR) this.combine(op);
      else if (op === OP.DROP && this.opAt(this.count - 1) === OP.BR_IF) this.branch();
      const i = this.count++ % WINDOW;
      this.op[i] = op;
      this.at[i] = d.start;
      this.arg[i] = op === OP.I32_CONST ? d.value : accessOf(op) ? d.memory : d.index;
      this.offset[i] = d.offset;
      this.follow(this.count - 1);
    }
    return this.found.size > 0 ? this.found : undefined;
  }

  /** Whether a body can only be what an optimiser made that ignores traps. */
  proves(body: Body): boolean {
    this.provesIt = false;
    this.read(body);
    return this.provesIt;
  }

  /** In front of a select. */
  private select(): void {
    const test = this.begin(this.count - 1);
    if (test < 0) return;
    const second = this.begin(test - 1);
    if (second < 0) return;
    const first = this.begin(second - 1);
    if (!this.anyLoad(first < 0 ? second : first, this.count)) return;
    const condition = this.express(this.count - 1, 0);
    if (condition) {
      this.need(second, test, this.count, not(condition));
      if (first >= 0) this.need(first, second, this.count, condition);
    } else {
      const left = this.express(second - 1, 0);
      const right = this.express(test - 1, 0);
      // Two locals may be of any type.
      if (left && right && (left.op !== OP.LOCAL_GET || right.op !== OP.LOCAL_GET))
        this.need(test, this.count, this.count, different(left, right));
    }
  }

  /** In front of an i32.and or an i32.or of truths, of which one may settle the outcome. */
  private combine(op: number): void {
    const second = this.begin(this.count - 1);
    const first = second < 0 ? -1 : this.begin(second - 1);
    if (second <= 0 || !this.anyLoad(first < 0 ? second : first, this.count)) return;
    const isLogical = this.isTruth(second - 1) && this.isTruth(this.count - 1);
    const needed = (last: number) => {
      const operand = isLogical || (op === OP.I32_AND && this.isTruth(last)) ? this.express(last, 0) : undefined;
      return operand && op === OP.I32_OR ? not(operand) : operand;
    };
    const left = needed(second - 1);
    if (left) this.need(second, this.count, this.count, left);
    const right = left || first < 0 ? undefined : needed(this.count - 1);
    if (right) this.need(first, second, this.count, right);
  }

  /** In front of the drop that follows a br_if: the branch takes a value along. */
  private branch(): void {
    const test = this.begin(this.count - 2);
    const value = test < 0 ? -1 : this.begin(test - 1);
    if (value < 0 || !this.anyLoad(value, test)) return;
    const condition = this.express(this.count - 2, 0);
    if (condition) this.need(value, test, this.count, condition);
  }

  /** Notes the condition for the loads of the operand [from, to), unless something it is made of is set before `end`. */
  private need(from: number, to: number, end: number, condition: Expression): void {
    let since = end;
    while (since > from && !this.changes(since - 1, condition)) since--;
    for (let load = since; load < to; load++) {
      if (!this.loads(load) || this.isKept(load, to)) continue;
      if (to < end && this.isOf(load, tested(condition, true))) this.provesIt = true;
      const at = this.at[load % WINDOW]!;
      this.found.set(at, [...(this.found.get(at) ?? []), condition]);
    }
  }

  /** Whether a load is of a pointer, or of a field near it, and nothing before it was: else it is known to be no null pointer. */
  private isOf(load: number, pointer: number): boolean {
    return this.followed.get(pointer) === load && this.offset[load % WINDOW]! < LARGEST_FIELD;
  }

  private follow(i: number): void {
    const access = accessOf(this.opAt(i));
    if (!access) {
      if (this.opAt(i) === OP.LOCAL_SET || this.opAt(i) === OP.LOCAL_TEE) this.followed.delete(this.argAt(i));
      return;
    }
    let address = i - 1;
    for (let n = access.operands.length; n > 0; n--) address = this.begin(address) - 1;
    if (address < this.oldest) return;
    const local = this.argAt(address);
    const isLocal = this.opAt(address) === OP.LOCAL_GET || this.opAt(address) === OP.LOCAL_TEE;
    if (isLocal && !this.followed.has(local)) this.followed.set(local, i);
  }

  /** Whether the value of a load in an operand that ends in front of `to` also goes to a local. */
  private isKept(load: number, to: number): boolean {
    for (let i = load + 1; i < to; i++) {
      if (this.opAt(i) === OP.LOCAL_TEE && this.begin(i) <= load) return true;
    }
    return false;
  }

  private changes(i: number, { op, value, left, right }: Expression): boolean {
    if (op === OP.LOCAL_GET)
      return (this.opAt(i) === OP.LOCAL_TEE || this.opAt(i) === OP.LOCAL_SET) && this.argAt(i) === value;
    return (left !== undefined && this.changes(i, left)) || (right !== undefined && this.changes(i, right));
  }

  /** The operand whose last instruction is `i`, if it is made of locals and constants. */
  private express(i: number, depth: number): Expression | undefined {
    if (i < this.oldest || depth > MAX_DEPTH) return undefined;
    const op = this.opAt(i);
    if (op === OP.I32_CONST) return { op, value: this.argAt(i) };
    if (op === OP.LOCAL_GET || op === OP.LOCAL_TEE) return { op: OP.LOCAL_GET, value: this.argAt(i) };
    if (op === OP.I32_EQZ) {
      const operand = this.express(i - 1, depth + 1);
      return operand && not(operand);
    }
    if (op === OP.I64_EQZ) {
      const operand = this.wide(i - 1);
      return operand && { op: OP.I64_EQ, value: 0, left: operand, right: WIDE_ZERO };
    }
    const isWide = op >= OP.I64_EQ && op <= OP.I64_GE_U;
    if (!isWide && !isI32Binary(op)) return undefined;
    const right = isWide ? this.wide(i - 1) : this.express(i - 1, depth + 1);
    const last = right ? this.begin(i - 1) - 1 : -1;
    const left = isWide ? this.wide(last) : this.express(last, depth + 1);
    return left && right && { op, value: 0, left, right };
  }

  /** An operand that is i64: a local, or a constant of one byte. */
  private wide(i: number): Expression | undefined {
    if (i < this.oldest) return undefined;
    const op = this.opAt(i);
    if (op === OP.LOCAL_GET || op === OP.LOCAL_TEE) return { op: OP.LOCAL_GET, value: this.argAt(i) };
    const byte = this.decoder.bytes[this.at[i % WINDOW]! + 1]!;
    return op === OP.I64_CONST && byte < 0x80 ? { op, value: (byte << 25) >> 25 } : undefined;
  }

  /** The first instruction of the operand whose last one is `i`; -1 where it holds more than loads and arithmetic. */
  private begin(i: number): number {
    let wanted = 1;
    for (; i >= this.oldest; i--) {
      const op = this.opAt(i);
      if (op === OP.SELECT) wanted += 2;
      else if (op >= FIRST_NUMERIC && op <= LAST_NUMERIC) wanted += (PLAIN_EFFECTS[op]! >> 4) - 1;
      else if (isLeaf(op)) wanted--;
      else if (op !== OP.LOCAL_TEE && !this.loads(i)) return -1;
      if (wanted === 0) return i;
    }
    return -1;
  }

  private loads(i: number): boolean {
    const access = accessOf(this.opAt(i));
    return access !== undefined && !access.write && access.operands.length === 0 && this.argAt(i) === 0;
  }

  private anyLoad(from: number, to: number): boolean {
    for (let i = from; i < to; i++) if (this.loads(i)) return true;
    return false;
  }

  /** Whether the operand ending at `i` is 0 or 1. */
  private isTruth(i: number): boolean {
    const op = this.opAt(i);
    return op >= FIRST_NUMERIC && op <= LAST_COMPARISON;
  }

  private get oldest(): number {
    return Math.max(0, this.count - WINDOW);
  }

  private opAt(i: number): number {
    return this.op[i % WINDOW]!;
  }

  private argAt(i: number): number {
    return this.arg[i % WINDOW]!;
  }
}

/** Bytes in front of a `select` that may belong to what it chooses from. */
const FORM = 32;
/** Beyond it may be a table at a fixed address, and what is asked for 0 an index. */
const LARGEST_FIELD = 1024;

/** The local that a condition asks for null: it must not be, or with `sense` false it must. */
function tested({ op, value, left, right }: Expression, sense: boolean): number {
  if (op === OP.LOCAL_GET) return sense ? value : -1;
  const isZero = right?.op === OP.I32_CONST && right.value === 0;
  if (!isZero || (op !== OP.I32_EQ && op !== OP.I32_NE)) return -1;
  return tested(left!, op === OP.I32_NE ? sense : !sense);
}

/** By the bytes alone: whether a `select` asks a local, or `i32.eqz` of it, and close in front of it stands a load of that local. */
function mayAskForNull(bytes: Uint8Array, at: number, { start }: Body): boolean {
  if (at < start + 4) return false;
  const from = Math.max(start, at - FORM);
  return asks(bytes, from, at - 1) || (bytes[at - 1] === OP.I32_EQZ && asks(bytes, from, at - 2));
}

/** Whether the byte at `last` may end a local.get, of a local that something since `from` loads from. */
function asks(bytes: Uint8Array, from: number, last: number): boolean {
  const local = bytes[last]!;
  if (bytes[last - 1] !== OP.LOCAL_GET) return bytes[last - 2] === OP.LOCAL_GET && bytes[last - 1]! >= 0x80; // looked at closely
  for (let i = from; i < last - 3; i++) {
    const isAccess = bytes[i + 2]! >= OP.I32_LOAD && bytes[i + 2]! < OP.I32_STORE;
    if (isAccess && bytes[i + 1] === local && (bytes[i] === OP.LOCAL_GET || bytes[i] === OP.LOCAL_TEE)) return true;
  }
  return false;
}

/** Whether a module was optimised as if nothing could trap. */
export function ignoresTraps(module: Module): boolean {
  const { bytes, bodies } = module;
  const loads = new DiscardedLoads(module);
  const candidates = bodiesWhere(module, OP.SELECT, (at, body) => mayAskForNull(bytes, at, body));
  return candidates.some((i) => loads.proves(bodies[i]!));
}

/** f64.ge */
const LAST_COMPARISON = 0x66;

function isLeaf(op: number): boolean {
  return op === OP.LOCAL_GET || op === OP.GLOBAL_GET || (op >= OP.I32_CONST && op < FIRST_NUMERIC);
}

/** Comparisons of i32 and what computes with two of them, but for i32.div and i32.rem, which trap. */
function isI32Binary(op: number): boolean {
  return (
    (op >= OP.I32_EQ && op <= OP.I32_GE_U) ||
    (op >= OP.I32_ADD && op <= OP.I32_MUL) ||
    (op >= OP.I32_AND && op <= OP.I32_SHR_U)
  );
}

function not(e: Expression): Expression {
  return { op: OP.I32_EQ, value: 0, left: e, right: ZERO };
}

function different(left: Expression, right: Expression): Expression {
  return { op: OP.I32_NE, value: 0, left, right };
}
