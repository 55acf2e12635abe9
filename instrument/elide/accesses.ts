// What becomes of the check of each access, by what is known where it stands: of the value that its address is made of and
// the bytes around that, of static data, and of the function's own frame.

import type { Access } from '../access-table.ts';
import type { BodyScan } from '../body-scan.ts';
import type { Conditions, NeighbourGroup, VersionedLoop } from '../plan.ts';
import type { Module } from '../wasm/module.ts';
import { OP } from '../wasm/opcodes.ts';
import type { Assumptions } from './assumptions.ts';
import { Blocks } from './blocks.ts';
import { Groups } from './groups.ts';
import { LoopWatch } from './loops.ts';
import type { Poisoners } from './poisoners.ts';
import { ACTION, type KillRule } from './rules.ts';
import { PLAIN_EFFECTS, STACK_EFFECTS } from './stack-effects.ts';
import { ZERO } from './value-table.ts';

/** Indices up to here are taken for those of tables. */
const MOST_STATIC = 1 << 20;
/** The largest value of loads that yield few bits, by opcode. */
const LOADED_MOST: readonly (number | undefined)[] = Array.from({ length: OP.I32_STORE }, (_, op) =>
  op === OP.I32_LOAD8_U ? 0xff : op === OP.I32_LOAD16_U ? 0xffff : undefined,
);

export interface AnalysisInput {
  readonly module: Module;
  /** Reads with the poisoners' traits. */
  readonly scan: BodyScan;
  readonly poisoners: Poisoners;
  readonly assumptions: Assumptions;
  /** For tests alone: rules switched off to show that they are needed. */
  readonly disabled: ReadonlySet<KillRule>;
}

export abstract class Accesses extends Blocks {
  protected readonly poisoners: Poisoners;
  private readonly assumptions: Assumptions;
  protected readonly values64: boolean;
  private readonly tellsStores: boolean;
  private readonly tellsWraps: boolean;
  /** Value of the stack pointer at entry, and how far this function lowered it (0 = not). */
  protected stackAtEntry = 0;
  private plainFrame = false;
  private ownFrame: ReadonlySet<number> | undefined;
  private discarded: Conditions | undefined;
  /** Each access to memory 0 that has a fixed size, in code order: BodyActions. */
  action = new Uint8Array(1 << 10);
  at = new Int32Array(1 << 10);
  count = 0;
  readonly loops: VersionedLoop[] = [];
  protected readonly watch = new LoopWatch(this.values);
  protected readonly neighbours: Groups;

  protected constructor({ module, scan, poisoners, assumptions, disabled }: AnalysisInput) {
    super(module, scan, disabled);
    this.poisoners = poisoners;
    this.assumptions = assumptions;
    this.neighbours = new Groups(disabled.has('neighbour'));
    this.tellsStores = !disabled.has('store');
    this.tellsWraps = !disabled.has('wrap');
    this.values64 = module.memories[0]?.is64 ?? false;
  }

  /** At the beginning of a function, when its locals have been numbered. */
  protected beginAccesses(func: number): void {
    this.stackAtEntry = this.values.followed();
    this.state.locals[this.scan.localCount] = this.stackAtEntry;
    this.ownFrame = this.assumptions.frameAccesses(func);
    this.discarded = this.assumptions.discardedLoads(func);
    this.plainFrame = this.poisoners.stackPointer >= 0 && this.assumptions.isPlainFrame(func);
    this.count = 0;
    this.loops.length = 0;
    this.watch.active = false;
    this.neighbours.reset();
  }

  /** Versions only the loops that `keep` says may be written twice; the others get their checks back. */
  keepLoops(keep: (loop: VersionedLoop) => boolean): void {
    const dropped = this.loops.filter((loop) => !keep(loop));
    if (dropped.length === 0) return;
    for (let k = 0; k < this.count; k++) {
      if (this.action[k] !== ACTION.HOISTED) continue;
      const at = this.at[k]!;
      if (dropped.some((loop) => at >= loop.at && at < loop.end)) this.action[k] = ACTION.CHECK;
    }
    const kept = this.loops.filter(keep);
    this.loops.splice(0, this.loops.length, ...kept);
  }

  get keepsWindows(): boolean {
    return this.disabled.has('window');
  }

  get group(): Int32Array {
    return this.neighbours.group;
  }

  get groups(): readonly NeighbourGroup[] {
    return this.neighbours.found;
  }

  protected access(access: Access, i: number): void {
    const { scan } = this;
    if (access.size === 0) {
      this.height -= 3;
      return;
    }
    const effect = access.op < 0x100 ? PLAIN_EFFECTS[access.op]! : STACK_EFFECTS.get(access.op)!;
    this.height -= effect >> 4;
    if (scan.arg[i] === 0) {
      this.decide(i, this.judge(this.stack[this.height]!, i, access.size, access.write));
    }
    if (effect & 15) this.push(this.values.opaque(LOADED_MOST[access.op]));
  }

  private judge(address: number, i: number, size: number, write: boolean): number {
    const { values, state, scan } = this;
    this.neighbours.skip(this.count);
    if (this.ownFrame?.has(scan.at[i]!)) return ACTION.FRAME;
    const offset = scan.offset[i]!;
    const base = values.base[address]!;
    const from = values.off[address]! + offset;
    const to = from + size;
    const mustWrite = write && this.tellsStores;
    const reach = !this.tellsWraps ? 0 : Math.max(offset, this.assumptions.nullLimit);
    if (base === ZERO) {
      const start = (values.off[address]! >>> 0) + offset;
      if (this.assumptions.isAlwaysValid(start, size, write)) return ACTION.STATIC;
    } else if (values.most[base]! <= MOST_STATIC && this.indexesStatic(base, from, size, write)) {
      return ACTION.STATIC;
    } else if (values.follows[base]) {
      if (!this.plainFrame) return ACTION.CHECK; // its variables may have been moved apart
      if (base === this.stackAtEntry) {
        if (this.inFrame(from, to, offset)) return ACTION.FRAME;
        if (to > 0) return ACTION.CHECK; // above the frame: it may have grown
      }
    }
    if (state.knows(base, from, to, mustWrite, reach)) return ACTION.REPEATED;
    if (this.discarded?.has(scan.at[i]!)) return ACTION.CHECK; // which tells nothing where the conditions do not hold
    state.learn(base, from, to, write, reach);
    if (!this.values64) this.neighbours.access(this.count, base, from, to, values.off[address]!, write);
    if (this.watch.active) {
      const far = offset > this.assumptions.nullLimit ? offset : 0;
      this.watch.access({ base, from, to, reach: far, write, access: this.count });
    }
    return ACTION.CHECK;
  }

  /** Whether every address the access can have, a constant and an index that is bounded, is valid for the whole run. */
  private indexesStatic(base: number, from: number, size: number, write: boolean): boolean {
    const most = this.disabled.has('index') ? 0 : this.values.most[base]!;
    return from >= 0 && this.assumptions.isAlwaysValid(from, most + size, write);
  }

  /** Whether [from, to), relative to the stack pointer at entry, lies between it and where it is now. */
  private inFrame(from: number, to: number, offset: number): boolean {
    const { values, state, scan } = this;
    const now = state.locals[scan.localCount]!;
    if (values.base[now] !== this.stackAtEntry) return false;
    return values.off[now]! <= from && to <= 0 && offset < 0x80000000;
  }

  protected decide(i: number, action: number): void {
    if (this.count === this.action.length) {
      const actions = new Uint8Array(this.count * 2);
      actions.set(this.action);
      this.action = actions;
      const at = new Int32Array(this.count * 2);
      at.set(this.at);
      this.at = at;
    }
    this.at[this.count] = this.scan.at[i]!;
    this.action[this.count++] = action;
  }
}
