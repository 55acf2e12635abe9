// Value numbers: two operands get the same number only if they are the same value whenever both exist. A number is kept as
// `base + constant`, so that `p`, `p + 8` and `(p + 4) + 4` are known to be neighbours.
//
//   number:   base    its own number, or the number it differs from by a constant
//             off     that constant, modulo 2^32 (signed)
//             op a b  how a base was computed: an integer opcode over two numbers, or OPAQUE (a load, a call, a merge)
//             most    the largest a base can be, unsigned: a byte that was loaded, a masked index

import { doubled } from '../doubled.ts';
import { OP } from '../wasm/opcodes.ts';

/** A value nothing is known about. */
export const OPAQUE = -1;
/** `base + constant`. */
export const PLUS = -2;
/** Number 0 is the constant 0; every other constant is `0 + c`. */
export const ZERO = 0;

const NO_OPERAND = -1;
/** At least; a power of 2. */
const SLOTS = 1 << 11;
/** Nothing is known of how large a value is. */
const ANY = 0xffffffff;

export class ValueTable {
  count = 1;
  base = new Int32Array(1 << 10);
  off = new Int32Array(1 << 10);
  op = new Int32Array(1 << 10);
  a = new Int32Array(1 << 10);
  b = new Int32Array(1 << 10);
  /** 1 if it was computed from the value `follow` names. */
  follows = new Uint8Array(1 << 10);
  most = new Uint32Array(1 << 10);
  /** Open addressing; a slot counts only if its stamp is this function's. */
  private slots = new Int32Array(SLOTS);
  private stamps = new Int32Array(SLOTS);
  private stamp = 0;
  /** Slots in use, less 1: few for a small function, for those of the largest one would not stay in the cache. */
  private mask = SLOTS - 1;

  constructor() {
    this.op[ZERO] = OPAQUE;
    this.follows[ZERO] = 0;
  }

  /** Forgets every number, for the next function. */
  reset(): void {
    this.count = 1;
    this.stamp++;
    this.mask = SLOTS - 1;
  }

  /** A number of its own, for a value that is at most so large. */
  opaque(most = ANY): number {
    const v = this.allocate();
    this.follows[v] = 0;
    this.base[v] = v;
    this.off[v] = 0;
    this.op[v] = OPAQUE;
    this.most[v] = most;
    return v;
  }

  /** A number of its own; what is computed from it can be told. */
  followed(): number {
    const v = this.opaque();
    this.follows[v] = 1;
    return v;
  }

  constant(value: number): number {
    return this.plus(ZERO, value);
  }

  isConstant(v: number): boolean {
    return this.base[v] === ZERO;
  }

  /** `v + c`, modulo 2^32. */
  plus(v: number, c: number): number {
    const base = this.base[v]!;
    const off = (this.off[v]! + c) | 0;
    return off === 0 ? base : this.intern(PLUS, base, off);
  }

  unary(op: number, x: number): number {
    return this.intern(op, x, NO_OPERAND);
  }

  /** An integer operation without side effects, other than trapping on some operands. */
  binary(op: number, x: number, y: number): number {
    const ox = this.off[x]!;
    const oy = this.off[y]!;
    const bx = this.base[x]!;
    const by = this.base[y]!;
    switch (op) {
      case OP.I32_ADD:
        if (by === ZERO) return this.plus(x, oy);
        if (bx === ZERO) return this.plus(y, ox);
        return this.plus(this.intern(op, Math.min(bx, by), Math.max(bx, by)), (ox + oy) | 0);
      case OP.I32_SUB:
        if (by === ZERO) return this.plus(x, -oy);
        if (bx === by) return this.constant((ox - oy) | 0);
        return this.plus(this.intern(op, bx, by), (ox - oy) | 0);
      case OP.I32_SHL:
        if (by === ZERO && bx !== ZERO) return this.plus(this.intern(op, bx, y), ox << oy);
        break;
      case OP.I32_MUL:
        if (by === ZERO && bx !== ZERO) return this.plus(this.intern(op, bx, y), Math.imul(ox, oy));
    }
    return this.intern(op, x, y);
  }

  private intern(op: number, a: number, b: number): number {
    if (this.count * 2 > this.mask) this.rehash();
    const { mask } = this;
    let at = hash(op, a, b);
    for (at &= mask; this.stamps[at] === this.stamp; at = (at + 1) & mask) {
      const v = this.slots[at]!;
      if (this.op[v] === op && this.a[v] === a && this.b[v] === b) return v;
    }
    const v = this.allocate();
    this.op[v] = op;
    this.a[v] = a;
    this.b[v] = b;
    this.base[v] = op === PLUS ? a : v;
    this.off[v] = op === PLUS ? b : 0;
    this.follows[v] = this.follows[a]! | (op === PLUS || b < 0 ? 0 : this.follows[b]!);
    this.most[v] = b < 0 ? ANY : Math.min(this.mostOf(op, a, b), ANY);
    this.slots[at] = v;
    this.stamps[at] = this.stamp;
    return v;
  }

  /** The largest result of an operation, or more where it may wrap around. */
  private mostOf(op: number, a: number, b: number): number {
    switch (op) {
      case OP.I32_AND:
        return Math.min(this.largest(a), this.largest(b));
      case OP.I32_ADD:
        return this.largest(a) + this.largest(b);
      case OP.I32_MUL:
        return this.largest(a) * this.largest(b);
      case OP.I32_SHL:
        return this.isConstant(b) ? this.largest(a) * 2 ** (this.off[b]! & 31) : ANY;
      case OP.I32_SHR_U:
        return this.isConstant(b) ? this.largest(a) >>> this.off[b]! : ANY;
    }
    return ANY;
  }

  /** The largest an i32 can be: ANY, unless it is a constant or a base that is bounded, with a constant above it or none. */
  private largest(v: number): number {
    const off = this.off[v]! >>> 0;
    if (this.isConstant(v)) return off;
    const most = this.most[this.base[v]!]! + off;
    return Math.min(most, ANY);
  }

  private allocate(): number {
    if (this.count === this.base.length) this.grow();
    return this.count++;
  }

  private grow(): void {
    for (const key of ['base', 'off', 'op', 'a', 'b'] as const) this[key] = doubled(this[key]);
    this.follows = doubled(this.follows);
    this.most = doubled(this.most);
  }

  /** Spreads what is known over twice as many slots. */
  private rehash(): void {
    this.mask = this.mask * 2 + 1;
    if (this.mask >= this.slots.length) {
      this.slots = new Int32Array(this.mask + 1);
      this.stamps = new Int32Array(this.mask + 1);
    }
    this.stamp++;
    for (let v = 1; v < this.count; v++) {
      if (this.op[v] === OPAQUE) continue;
      let at = hash(this.op[v]!, this.a[v]!, this.b[v]!) & this.mask;
      while (this.stamps[at] === this.stamp) at = (at + 1) & this.mask;
      this.slots[at] = v;
      this.stamps[at] = this.stamp;
    }
  }
}

function hash(op: number, a: number, b: number): number {
  return (Math.imul(op, 0x9e3779b1) ^ Math.imul(a, 0x85ebca6b) ^ Math.imul(b, 0xc2b2ae35)) >>> 7;
}
