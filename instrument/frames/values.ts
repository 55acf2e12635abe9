// What the frame analysis knows of a value: whether it is the stack pointer at entry, the frame's base, a pointer to one of
// the frame's objects, or room taken below the frame. And the state of all locals at one point of a function.

export type Value =
  | { readonly kind: 'other' }
  /** The i1 of a comparison, not masked. */
  | { readonly kind: 'compare' }
  /** An integer constant and the bytes of its instruction. */
  | { readonly kind: 'constant'; readonly value: number; readonly at: number; readonly end: number }
  /** The stack pointer as it was at entry. */
  | { readonly kind: 'entry' }
  /** The lowest address of the frame. */
  | { readonly kind: 'base' }
  /** Made as base + `origin` by the constant at `at`, and moved by constants to `offset` since. */
  | { readonly kind: 'object'; readonly origin: number; readonly offset: number; readonly at: number }
  /** x + constant. `end`: past the addition. */
  | { readonly kind: 'sum'; readonly constant: Value & { kind: 'constant' }; readonly end: number }
  /** x + (align - 1), which is there just before `sum`, rounded down to `align`: LLVM's size of a dynamic allocation. */
  | { readonly kind: 'rounded'; readonly sum: number; readonly align: number }
  /** x - size: perhaps a dynamic allocation. `ours` if x is the frame's base or the stack pointer at entry. */
  | { readonly kind: 'below'; readonly room: Room; readonly ours: boolean };

/** A subtraction, or the addition of a negative constant, that may take room on the stack. */
export interface Room {
  /** The subtraction; or the negative constant's instruction, which is `size` then. */
  readonly at: number;
  /** Just past the instruction that leaves the new address: the subtraction, or the masking behind it. */
  readonly end: number;
  readonly size: Value;
  /** What the new address is rounded down to, if it is. */
  readonly align: number;
}

export const OTHER: Value = { kind: 'other' };
export const COMPARE: Value = { kind: 'compare' };
export const ENTRY: Value = { kind: 'entry' };
export const BASE: Value = { kind: 'base' };

export function same(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b) return true;
  if (!a || !b || a.kind !== b.kind) return false;
  if (a.kind === 'object' && b.kind === 'object') return a.origin === b.origin && a.offset === b.offset;
  if (a.kind === 'constant' && b.kind === 'constant') return a.at === b.at;
  if (a.kind === 'below' && b.kind === 'below') return a.room.at === b.room.at;
  return a.kind === 'entry' || a.kind === 'base' || a.kind === 'other';
}

/** Where the stack pointer stands: as at entry, below this function's frame, wherever a throw left it, or unknown. */
export type Pointer = 'entry' | 'frame' | 'thrown' | 'mixed';

/** Locals that hold something worth knowing, and the stack pointer. Copies share what they know until one of them changes. */
export class State {
  /** By local; undefined where nothing is worth knowing. An array, for it is copied at most branches. */
  private locals: readonly (Value | undefined)[];
  /**
   * Pointers into the frame that a local held on one of the paths that met, and something else on another. Mostly there
   * are none, and states are copied at every branch.
   */
  private lost: ReadonlyMap<number, readonly Value[]> | undefined;
  pointer: Pointer;
  /** Another state may have the same maps. */
  private shares = true;

  constructor(
    locals: readonly (Value | undefined)[],
    lost: ReadonlyMap<number, readonly Value[]> | undefined,
    pointer: Pointer,
  ) {
    this.locals = locals;
    this.lost = lost;
    this.pointer = pointer;
  }

  copy(pointer: Pointer = this.pointer): State {
    this.shares = true;
    return new State(this.locals, this.lost, pointer);
  }

  /** What it knows, to be changed. */
  private own(): { locals: (Value | undefined)[]; lost: Map<number, readonly Value[]> | undefined } {
    if (this.shares) {
      this.locals = this.locals.slice();
      this.lost = this.lost && new Map(this.lost);
      this.shares = false;
    }
    return this as unknown as { locals: (Value | undefined)[]; lost: Map<number, readonly Value[]> | undefined };
  }

  get(local: number): Value {
    return this.locals[local] ?? OTHER;
  }

  /** Locals of which this state knows something, and another nothing. */
  knownBut(other: State): number[] {
    const found: number[] = [];
    if (this.locals === other.locals) return found;
    for (let local = 0; local < this.locals.length; local++) {
      if (this.locals[local] && !other.locals[local]) found.push(local);
    }
    return found;
  }

  lostBy(local: number): readonly Value[] | undefined {
    return this.lost?.get(local);
  }

  set(local: number, value: Value): void {
    if (this.lost?.has(local)) this.own().lost!.delete(local);
    if (value.kind !== 'other' && value.kind !== 'compare') this.own().locals[local] = value;
    else if (this.locals[local]) this.own().locals[local] = undefined;
  }

  forget(local: number): void {
    const value = this.locals[local];
    if (!value) return;
    this.lose(local, value);
    this.own().locals[local] = undefined;
  }

  private lose(local: number, value: Value): void {
    if (value.kind !== 'base' && value.kind !== 'object') return;
    const known = this.lost?.get(local) ?? [];
    if (known.some((v) => same(v, value))) return;
    const own = this.own();
    own.lost ??= new Map();
    own.lost.set(local, [...known, value]);
  }

  /** Keeps only what holds on this path and on the other one. */
  meet(other: State): void {
    if (this.pointer !== other.pointer) this.pointer = 'mixed';
    if (this.locals === other.locals && this.lost === other.lost) return;
    for (let local = 0; local < this.locals.length; local++) {
      const value = this.locals[local];
      const theirs = other.locals[local];
      if (value === theirs || same(value, theirs)) continue;
      this.forget(local);
      if (theirs) this.lose(local, theirs);
    }
    if (!other.lost) return;
    for (const [local, values] of other.lost)
      for (const value of values) if (!this.locals[local]) this.lose(local, value);
  }
}
