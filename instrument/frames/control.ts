// The open blocks of a function while it is walked: what is known where each of them ends, and whether what was assumed at
// the head of a loop held at its end. What did not hold is remembered, and the walk is done again without it.

import type { FuncType } from '../wasm/module.ts';
import { OP } from '../wasm/opcodes.ts';
import type { Pointer, State } from './values.ts';

export interface Open {
  readonly op: number;
  readonly at: number;
  /** Operands below the block's own. */
  readonly height: number;
  readonly parameters: number;
  readonly results: number;
  /** What is known behind the block's end, from every branch to it so far. A loop: at its head. */
  meeting: State | undefined;
  /** An `if`: what is known at its `else`. */
  otherwise: State | undefined;
  /** States in which a throw from inside is caught. */
  handlers: readonly State[];
}

/** What most blocks have. */
const NO_HANDLERS: readonly State[] = [];

/** Wrong assumptions at loop heads, found so far. */
export class Assumptions {
  private readonly locals = new Map<number, Set<number>>();
  private readonly pointers = new Set<number>();
  changed = false;

  /** What may be assumed at the head of the loop at `at`, coming from `state`. */
  atHead(at: number, state: State): State {
    const head = state.copy(this.pointers.has(at) ? 'mixed' : state.pointer);
    for (const local of this.locals.get(at) ?? []) head.forget(local);
    return head;
  }

  /** A branch back to a loop's head. */
  check(loop: Open, state: State): void {
    const head = loop.meeting!;
    const after = head.copy();
    after.meet(state);
    for (const local of head.knownBut(after)) this.drop(loop.at, local);
    if (head.pointer !== 'mixed' && after.pointer === 'mixed') {
      this.pointers.add(loop.at);
      this.changed = true;
    }
  }

  private drop(loop: number, local: number): void {
    const known = this.locals.get(loop);
    if (known) known.add(local);
    else this.locals.set(loop, new Set([local]));
    this.changed = true;
  }
}

export class Control {
  readonly open: Open[] = [];
  /** The innermost block's height. */
  floor = 0;
  private readonly assumptions: Assumptions;
  /** Something was caught so far: only then is there a handler to be told of changes. */
  private catches = false;

  constructor(assumptions: Assumptions) {
    this.assumptions = assumptions;
  }

  get top(): Open {
    return this.open[this.open.length - 1]!;
  }

  enter(op: number, at: number, height: number, { params, results }: FuncType, state: State | undefined): Open {
    const isLoop = op === OP.LOOP;
    if (op === OP.TRY || op === OP.TRY_TABLE) this.catches = true;
    const entry: Open = {
      op,
      at,
      height,
      parameters: params.length,
      results: results.length,
      meeting: isLoop && state ? this.assumptions.atHead(at, state) : undefined,
      otherwise: op === OP.IF ? state?.copy() : undefined,
      handlers: op === OP.TRY && state ? [state.copy('thrown')] : NO_HANDLERS,
    };
    this.open.push(entry);
    this.floor = height;
    return entry;
  }

  leave(): void {
    this.open.pop();
    this.floor = this.open.length > 0 ? this.top.height : 0;
  }

  /** A branch to the block `depth` levels out. */
  branch(depth: number, state: State | undefined, pointer?: Pointer): State | undefined {
    const target = this.open[this.open.length - 1 - depth];
    if (!target || !state) return undefined;
    const arriving = pointer ? state.copy(pointer) : state;
    if (target.op === OP.LOOP) this.assumptions.check(target, arriving);
    else if (target.meeting) target.meeting.meet(arriving);
    else target.meeting = arriving.copy();
    return target.meeting;
  }

  /** A local changed: whoever catches a throw from here on cannot rely on what it held before. */
  changed(local: number): void {
    if (!this.catches) return;
    for (const { handlers } of this.open) for (const handler of handlers) handler.forget(local);
  }
}
