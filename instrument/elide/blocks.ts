// The block structure of a function as the analysis walks it: operands, and which state holds where branches meet.

import { type BodyScan, INSIDE } from '../body-scan.ts';
import { InstrumentError } from '../errors.ts';
import { Reader } from '../wasm/bytes.ts';
import type { Module } from '../wasm/module.ts';
import { OP } from '../wasm/opcodes.ts';
import type { LoopWatch } from './loops.ts';
import type { KillRule } from './rules.ts';
import { type Merge, StateTree } from './state-tree.ts';
import { ValueTable } from './value-table.ts';

interface Frame {
  /** Opcode that opened it: block, loop, if, try, try_table; 0 for the body. */
  op: number;
  /** Index of that instruction. */
  opener: number;
  /** Operands below it. */
  height: number;
  results: number;
  parameters: number;
  /** State at the head of an `if` or `try`. */
  start: number;
  /** State shared by all branches to the end, or -1 if none was seen. */
  meet: number;
  readonly merge: Merge;
  /** Whether the code it stands in was dead. */
  deadOutside: boolean;
}

export abstract class Blocks {
  readonly scan: BodyScan;
  readonly values = new ValueTable();
  protected readonly module: Module;
  protected readonly disabled: ReadonlySet<KillRule>;
  protected readonly state = new StateTree();
  protected readonly frames: Frame[] = [];
  protected depth = 0;
  protected stack = new Int32Array(1 << 10);
  protected height = 0;
  protected dead = false;
  protected gaveUp = false;
  /** Locals given a new number since the last stamp, in `renew`. */
  private seen = new Int32Array(64);
  private seenStamp = 0;
  /** Labels that a table has led to since that stamp. */
  private readonly branched: number[] = [];
  private readonly labels: Reader;
  private readonly joinsPaths: boolean;
  private readonly mergesKills: boolean;
  private readonly mergesLocals: boolean;

  protected constructor(module: Module, scan: BodyScan, disabled: ReadonlySet<KillRule>) {
    this.module = module;
    this.disabled = disabled;
    this.scan = scan;
    this.labels = new Reader(module.bytes);
    this.joinsPaths = !disabled.has('path');
    this.mergesKills = !disabled.has('merge');
    this.mergesLocals = !disabled.has('merge local');
  }

  /** The walk is at the end of a loop. */
  protected abstract loopEnds(): void;

  /** At the beginning of a function. */
  protected begin(results: number): void {
    this.height = 0;
    this.depth = 0;
    this.dead = false;
    this.gaveUp = false;
    this.open(0, 0, 0, results);
  }

  /** Gives each local in list[from, to) a number of its own. */
  protected renew(list: ArrayLike<number>, from: number, to: number, watch?: LoopWatch): void {
    const { state, values } = this;
    const stamp = ++this.seenStamp;
    if (this.seen.length <= this.scan.localCount) this.seen = new Int32Array(this.scan.localCount * 2);
    for (let k = from; k < to; k++) {
      const local = list[k]!;
      if (this.seen[local] === stamp) continue;
      this.seen[local] = stamp;
      state.set(local, values.opaque());
      if (watch?.active) watch.head(local);
    }
    state.steps += to - from;
  }

  protected open(op: number, opener: number, parameters: number, results: number): void {
    let frame = this.frames[this.depth];
    if (!frame) {
      frame = {
        op: 0,
        opener: 0,
        height: 0,
        results: 0,
        parameters: 0,
        start: 0,
        meet: -1,
        merge: { locals: [], killed: false },
        deadOutside: false,
      };
      this.frames.push(frame);
    }
    this.depth++;
    frame.op = op;
    frame.opener = opener;
    frame.height = this.height - parameters;
    frame.results = results;
    frame.parameters = parameters;
    frame.start = this.state.current;
    frame.meet = -1;
    if (frame.merge.locals.length > 0) frame.merge.locals.length = 0;
    frame.merge.killed = false;
    frame.deadOutside = this.dead;
  }

  protected branch(label: number): void {
    const target = this.frames[this.depth - 1 - label];
    if (target && target.op !== OP.LOOP && target.op !== 0) this.arrive(target);
  }

  /** One more path into the end of a block. */
  protected arrive(target: Frame): void {
    const { state } = this;
    if (target.meet < 0) target.meet = state.current;
    else if (!this.joinsPaths) target.meet = Math.max(target.meet, state.current);
    else target.meet = state.meet(target.meet, state.current, target.merge);
  }

  protected branchTable(i: number): void {
    const r = this.labels;
    r.pos = this.scan.at[i]! + 1;
    const stamp = ++this.seenStamp;
    for (let count = r.u32() + 1; count > 0; count--) {
      const label = r.u32();
      if (label >= this.depth || this.branched[label] === stamp) continue;
      this.branched[label] = stamp;
      this.branch(label);
    }
  }

  private innermost(): Frame {
    if (this.depth === 0) throw new InstrumentError('E_INVALID_WASM', 'a function ends more blocks than it begins');
    return this.frames[this.depth - 1]!;
  }

  protected otherwise(): void {
    const frame = this.innermost();
    if (frame.deadOutside) return;
    if (!this.dead) this.arrive(frame);
    this.resume(frame);
    frame.op = OP.ELSE;
  }

  /** Goes on from where a block began. */
  protected resume(frame: Frame): void {
    this.state.moveTo(frame.start);
    this.dead = false;
    this.height = frame.height;
    for (let n = frame.parameters; n > 0; n--) this.push(this.values.opaque());
  }

  /** A handler may be entered from anywhere in the body it belongs to. */
  protected handler(op: number): void {
    const frame = this.innermost();
    if (frame.deadOutside) return;
    if (op === OP.CATCH) {
      this.gaveUp = true; // its operands are the tag's
      return;
    }
    if (!this.dead) this.arrive(frame);
    this.resume(frame);
    this.height = frame.height;
    this.forget(frame.opener);
  }

  protected forget(opener: number): void {
    const { scan, state } = this;
    this.renew(scan.sets, scan.setsFrom[opener]!, scan.setsTo[opener]!);
    if (!this.disabled.has('catch')) state.kill();
  }

  /** try_table: every handler's label is reached from anywhere inside. */
  protected handlerBranches(i: number): void {
    const { scan, state } = this;
    const { bytes } = this.module;
    const r = new Reader(bytes, scan.at[i]! + 1, bytes.length);
    r.s33();
    for (let count = r.u32(); count > 0; count--) {
      if (r.byte() < 2) r.u32();
      const target = this.frames[this.depth - 2 - r.u32()];
      if (!target || target.op === 0 || target.op === OP.LOOP) continue;
      this.arrive(target);
      for (let k = scan.setsFrom[i]!; k < scan.setsTo[i]!; k++) target.merge.locals.push(scan.sets[k]!);
      if (!this.disabled.has('catch')) target.merge.killed = true;
      state.steps += scan.setsTo[i]! - scan.setsFrom[i]!;
    }
  }

  protected leave(): void {
    const frame = this.innermost();
    this.depth--;
    if (frame.deadOutside || frame.op === 0) return;
    const { state } = this;
    if (frame.op === OP.LOOP) this.loopEnds();
    if (frame.op === OP.IF) {
      // Without an else, a false condition leads here, too.
      if (!this.dead) this.arrive(frame);
      this.resume(frame);
    }
    if (frame.meet >= 0) {
      if (!this.dead) this.arrive(frame);
      this.dead = false;
      state.moveTo(frame.meet);
      if (frame.merge.killed && this.mergesKills) state.kill();
      if (this.mergesLocals) this.renew(frame.merge.locals, 0, frame.merge.locals.length);
      this.height = frame.height;
      for (let n = frame.results; n > 0; n--) this.push(this.values.opaque());
    } else if (!this.dead) {
      this.height = frame.height + frame.results;
    }
  }

  protected die(): void {
    this.dead = true;
  }

  protected push(value: number): void {
    if (this.height === this.stack.length) {
      const larger = new Int32Array(this.height * 2);
      larger.set(this.stack);
      this.stack = larger;
    }
    this.stack[this.height++] = value;
  }

  protected pop(): number {
    return this.stack[--this.height]!;
  }

  /** VersionedLoop.scope of a loop that is just being entered. */
  protected quietScope(): number {
    const { scan, frames } = this;
    let scope = -1;
    for (let k = this.depth - 2; k > 0; k--) {
      const { op, opener } = frames[k]!;
      if (op !== OP.LOOP) continue;
      if (scan.inside[opener]! & INSIDE.KILL) break;
      scope = scan.at[opener]!;
    }
    return scope;
  }
}
