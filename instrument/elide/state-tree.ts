// What is known at a point of a function, as a path in a tree: each node says one thing (a local was set, bytes were found
// valid, everything known about memory was lost). The state at a merge is the deepest node all incoming paths share, which
// costs what the paths differ by and nothing for what they have in common.
//
//   node 0 ── set $p ── fact p+0..8 ─┬─ set $i ── kill          one arm of an `if`
//                                    └─ fact p+8..16            the other
//   at `end`: the fact on p+0..8 is shared, but `kill` on one path makes it unknown; $i gets a new number

import { doubled } from '../doubled.ts';

/** Kinds of node. */
const SET = 0;
const FACT = 1;
const KILL = 2;

/** Older facts about one base than this are not looked at. */
const LOOK_BACK = 12;

export class StateTree {
  current = 0;
  count = 1;
  /** Current value number of every local. */
  locals = new Int32Array(64);
  /** Facts older than this node are lost. */
  private epoch = 0;
  /** Newest fact about each base. */
  private heads = new Int32Array(1 << 10);
  private headsUsed = 0;

  private kind = new Uint8Array(1 << 10);
  private parent = new Int32Array(1 << 10);
  /** SET: the local. FACT: the base. */
  private subject = new Int32Array(1 << 10);
  /** What undoing restores: SET: the local's number before; FACT: the previous fact about the base; KILL: the epoch before. */
  private before = new Int32Array(1 << 10);
  /** SET: the number after. FACT: 1 if the bytes may be written, too. */
  private after = new Int32Array(1 << 10);
  /** FACT: valid bytes [from, to) relative to the base, and the smallest constant offset of the accesses that showed it. */
  private from = new Float64Array(1 << 10);
  private to = new Float64Array(1 << 10);
  private reach = new Float64Array(1 << 10);
  /** Steps taken along paths: the analysis gives up on a function where they outgrow its size. */
  steps = 0;

  reset(locals: number): void {
    this.current = 0;
    this.count = 1;
    this.epoch = 0;
    this.steps = 0;
    if (this.locals.length < locals) this.locals = new Int32Array(locals * 2);
    this.heads.fill(0, 0, this.headsUsed);
    this.headsUsed = 0;
  }

  set(local: number, number: number): void {
    const node = this.push(SET);
    this.subject[node] = local;
    this.before[node] = this.locals[local]!;
    this.after[node] = number;
    this.locals[local] = number;
  }

  /** Everything known about memory is lost. */
  kill(): void {
    const node = this.push(KILL);
    this.before[node] = this.epoch;
    this.epoch = node;
  }

  /**
   * Whether [from, to) relative to `base` is known to be valid. `offset` is the access's own constant offset, which does not
   * wrap where `base + constant` does: a fact shown by accesses with smaller offsets speaks only for addresses at or above it.
   */
  knows(base: number, from: number, to: number, write: boolean, offset: number): boolean {
    let fact = this.headOf(base);
    for (let n = LOOK_BACK; fact > this.epoch && n > 0; n--) {
      if (
        this.from[fact]! <= from &&
        to <= this.to[fact]! &&
        (!write || this.after[fact]) &&
        offset <= this.reach[fact]!
      )
        return true;
      fact = this.before[fact]!;
    }
    return false;
  }

  /** Notes that [from, to) is valid, joined with what it touches. */
  learn(base: number, from: number, to: number, write: boolean, reach: number): void {
    let low = from;
    let high = to;
    let least = reach;
    const head = this.headOf(base);
    for (let fact = head, n = LOOK_BACK; fact > this.epoch && n > 0; n--) {
      if (this.from[fact]! <= high && low <= this.to[fact]! && (!write || this.after[fact])) {
        low = Math.min(low, this.from[fact]!);
        high = Math.max(high, this.to[fact]!);
        least = Math.min(least, this.reach[fact]!);
      }
      fact = this.before[fact]!;
    }
    const node = this.push(FACT);
    this.subject[node] = base;
    this.before[node] = head;
    this.after[node] = write ? 1 : 0;
    this.from[node] = low;
    this.to[node] = high;
    this.reach[node] = least;
    this.heads[base] = node;
  }

  private headOf(base: number): number {
    if (base >= this.heads.length) {
      const larger = new Int32Array(Math.max(base + 1, this.heads.length * 2));
      larger.set(this.heads);
      this.heads = larger;
    }
    if (base >= this.headsUsed) this.headsUsed = base + 1;
    return this.heads[base]!;
  }

  /** Makes `target` the current state. */
  moveTo(target: number): void {
    const shared = this.common(this.current, target);
    for (let node = this.current; node !== shared; node = this.parent[node]!) this.undo(node);
    if (target !== shared) this.redo(shared, target);
    this.current = target;
  }

  private undo(node: number): void {
    this.steps++;
    const before = this.before[node]!;
    switch (this.kind[node]) {
      case SET:
        this.locals[this.subject[node]!] = before;
        break;
      case FACT:
        this.heads[this.subject[node]!] = before;
        break;
      default:
        this.epoch = before;
    }
  }

  private redo(shared: number, target: number): void {
    const path: number[] = [];
    for (let node = target; node !== shared; node = this.parent[node]!) path.push(node);
    this.steps += path.length;
    for (let i = path.length - 1; i >= 0; i--) {
      const node = path[i]!;
      if (this.kind[node] === SET) this.locals[this.subject[node]!] = this.after[node]!;
      else if (this.kind[node] === FACT) this.heads[this.subject[node]!] = node;
      else this.epoch = node;
    }
  }

  /** The deepest node on the way to both. A node's number is larger than its parent's. */
  private common(a: number, b: number): number {
    let x = a;
    let y = b;
    while (x !== y) {
      this.steps++;
      if (x > y) x = this.parent[x]!;
      else y = this.parent[y]!;
    }
    return x;
  }

  /** The state shared by `a` and `b`; what happened after it on either path goes into `merge`. */
  meet(a: number, b: number, merge: Merge): number {
    const shared = this.common(a, b);
    for (let node = a; node !== shared; node = this.parent[node]!) this.collect(node, merge);
    for (let node = b; node !== shared; node = this.parent[node]!) this.collect(node, merge);
    return shared;
  }

  private collect(node: number, merge: Merge): void {
    if (this.kind[node] === SET) merge.locals.push(this.subject[node]!);
    else if (this.kind[node] === KILL) merge.killed = true;
  }

  private push(kind: number): number {
    if (this.count === this.kind.length) this.grow();
    const node = this.count++;
    this.kind[node] = kind;
    this.parent[node] = this.current;
    this.current = node;
    return node;
  }

  private grow(): void {
    this.kind = doubled(this.kind);
    for (const key of ['parent', 'subject', 'before', 'after'] as const) this[key] = doubled(this[key]);
    for (const key of ['from', 'to', 'reach'] as const) this[key] = doubled(this[key]);
  }
}

/** What differs between the paths into a merge. */
export interface Merge {
  /** Locals set on some path, with repeats. */
  readonly locals: number[];
  killed: boolean;
}
