// The streaming engine: copies one function body, with the checks of its accesses (checked-accesses.ts), its calls recorded and
// renumbered, its loops versioned, and the edits of its plan.

import { ACCESS_TABLE, accessOf } from '../access-table.ts';
import type { BodyActions, Edit, FunctionPlan, Target, VersionedLoop } from '../plan.ts';
import type { Writer } from '../wasm/bytes.ts';
import { opcodeTable, stopTable } from '../wasm/decoder.ts';
import type { Body, FuncType } from '../wasm/module.ts';
import { IMM, OP, TYPE } from '../wasm/opcodes.ts';
import { assembleBody, LARGEST_INLINED } from './assemble-body.ts';
import { CheckedAccesses, type CodeTables } from './checked-accesses.ts';
import { closeWindows, hasWindows, writeLoopTest } from './loop-test.ts';
import { writeEntry, writeExit, writeRecord } from './recorded-calls.ts';

const CALLED = [OP.CALL, OP.CALL_INDIRECT, OP.RETURN_CALL, OP.RETURN_CALL_INDIRECT, OP.CALL_REF, OP.RETURN_CALL_REF];
const CALLS = opcodeTable(...CALLED);

/** Instructions that are not merely copied: in any function, where calls are recorded (+1), where accesses are checked (+2). */
const STOPS = [0, 1, 2, 3].map((what) =>
  stopTable(
    ...[...CALLED, OP.REF_FUNC],
    ...(what & 1 ? [OP.RETURN, OP.END] : []),
    ...(what & 2 ? ACCESS_TABLE.map((access) => access.op) : []),
  ),
);

/** Rewrites bodies one after the other into `out`. Holds only scratch state between bodies. */
export class BodyRewriter extends CheckedAccesses {
  /** Bytes in front of the code of the body written last: its local declarations. */
  headerBytes = 0;
  /** Number of the next loop in `actions`, the one being copied with its checks, and where either begins or ends. */
  private nextLoop = 0;
  private openLoop: VersionedLoop | undefined;
  private turn = -1;
  /** Where the next loop begins inside which what was found valid stays so, or -1. */
  private scope = -1;
  private bodyEnd = 0;
  /** The current body stands in a block of its own. */
  private wraps = false;

  /** Plan.reachesAllocator. */
  private readonly reaches: Uint8Array;

  constructor(bytes: Uint8Array, target: Target, tables: CodeTables, reaches: Uint8Array) {
    super(bytes, target, tables);
    this.reaches = reaches;
  }

  /**
   * Appends the rewritten body, size first, to `out`. Falls back to outlined checks where inlining them would exceed
   * what engines take well.
   */
  rewrite(body: Body, type: FuncType, plan: FunctionPlan, out: Writer, actions?: BodyActions): void {
    this.actions = actions;
    const mark = this.sites.mark();
    this.rewriteAs(body, type, plan);
    if (plan.mode === 'inline' && this.code.length > LARGEST_INLINED) {
      this.sites.reset(mark);
      this.rewriteAs(body, type, { ...plan, mode: 'outline' });
    }
    this.headerBytes = assembleBody(this.writer, this.decoder.bytes, body, out);
  }

  private rewriteAs(body: Body, type: FuncType, plan: FunctionPlan): void {
    const d = this.decoder;
    d.pos = body.start;
    d.end = body.end;
    this.bodyEnd = body.end;
    this.plan = plan;
    this.writer.beginBody(type.params.length + d.skipLocals());
    this.copied = d.pos;
    this.address = -1;
    this.nextAction = 0;
    this.nextLoop = 0;
    this.openLoop = undefined;
    this.turn = this.loopStart();
    this.scope = this.nextScope(0);
    this.sites.beginBody(d.pos - body.start);
    if (plan.recordsCalls) this.enterRecorded(type);
    this.copyInstructions();
    this.flush(body.end);
  }

  private copyInstructions(): void {
    const d = this.decoder;
    const { end } = d;
    const stops = STOPS[(this.plan.recordsCalls ? 1 : 0) + (this.plan.skip === 'checked' ? 2 : 0)]!;
    const edits = this.plan.edits ?? [];
    let edit = 0;
    while (edit < edits.length && edits[edit]!.at < d.pos) edit++; // the second copy of a loop begins in the middle
    while (d.pos < end) {
      if (d.pos === this.scope) this.enterScope();
      if (d.pos === this.turn) this.loopBoundary(edits);
      if (edit < edits.length && edits[edit]!.at === d.pos) {
        this.edit(edits[edit++]!);
        continue;
      }
      d.end = this.nextPlace(end, edits[edit]);
      if (d.nextOf(stops)) this.rewriteInstruction(d.op);
      d.end = end;
    }
  }

  /** Where copying must stop next, whatever the instruction. */
  private nextPlace(end: number, edit: Edit | undefined): number {
    const { pos } = this.decoder;
    let place = end;
    if (this.scope > pos && this.scope < place) place = this.scope;
    if (this.turn > pos && this.turn < place) place = this.turn;
    if (edit && edit.at > pos && edit.at < place) place = edit.at;
    return place;
  }

  private rewriteInstruction(op: number): void {
    if (op === OP.END || op === OP.RETURN) {
      const d = this.decoder;
      if (op === OP.RETURN || d.pos === this.bodyEnd) this.leaveRecorded(op === OP.END);
    } else if (op === OP.REF_FUNC) {
      this.replaceIndex(this.target.callMap[this.decoder.index]!);
    } else if (CALLS[op]) {
      this.call(this.plan.recordsCalls);
    } else {
      const access = accessOf(op);
      if (access) this.access(access);
    }
  }

  /** One change the plan asks for. Several may follow each other at one place. */
  private edit(edit: Edit): void {
    const d = this.decoder;
    this.flush(edit.at);
    const from = this.code.length;
    edit.write(this.writer);
    d.pos += edit.removes;
    this.copied = d.pos;
    this.sites.inserted(from, this.code.length, edit.removes, edit.isSite);
  }

  // ------------------------------------------------------------------------------------------------- loops

  private loopStart(): number {
    return (!this.loopsChecked() && this.actions?.loops[this.nextLoop]?.at) || -1;
  }

  /** No loop is versioned. */
  private loopsChecked(): boolean {
    return this.plan.mode !== 'inline' || this.plan.skip !== 'checked';
  }

  private nextScope(from: number): number {
    const { actions } = this;
    if (!actions || this.loopsChecked() || actions.keepsWindows) return -1;
    let next = -1;
    for (const { scope } of actions.loops) if (scope >= from && (next < 0 || scope < next)) next = scope;
    return next;
  }

  /** In front of a loop inside which windows may be kept. */
  private enterScope(): void {
    const d = this.decoder;
    this.flush(d.pos);
    const from = this.code.length;
    for (const loop of this.actions!.loops) {
      if (loop.scope === d.pos && hasWindows(loop, this.writer)) closeWindows(loop, this.writer);
    }
    this.sites.inserted(from, this.code.length, 0, false);
    this.scope = this.nextScope(d.pos + 1);
  }

  /** The decoder stands where a versioned loop begins or, if one is open, just behind its end. */
  private loopBoundary(edits: readonly Edit[]): void {
    const d = this.decoder;
    if (this.openLoop) {
      this.flush(d.pos);
      const from = this.code.length;
      this.code.byte(OP.END);
      this.sites.inserted(from, this.code.length, 0, false);
      this.openLoop = undefined;
      this.turn = this.loopStart();
      if (d.pos === this.turn) this.loopBoundary(edits);
      return;
    }
    const loop = this.actions!.loops[this.nextLoop++]!;
    if (this.unchecked || edits.some((e) => !e.repeatable && e.at >= loop.at && e.at < loop.end)) {
      this.turn = this.loopStart();
      return;
    }
    this.openLoop = loop;
    this.turn = -1;
    this.versionLoop(loop);
    this.turn = loop.end;
  }

  /** Writes the test in front of a loop and the copy without hoisted checks; the checked loop follows as its `else`. */
  private versionLoop(loop: VersionedLoop): void {
    const d = this.decoder;
    this.flush(loop.at);
    const from = this.code.length;
    writeLoopTest(loop, this.writer);
    this.code.byte(OP.IF);
    this.code.byte(TYPE.VOID);
    const { end } = d;
    const mark = this.sites.mark();
    const action = this.nextAction;
    this.unchecked = true;
    this.sites.muted = true;
    d.end = loop.end;
    this.copyInstructions();
    this.flush(loop.end);
    this.sites.muted = false;
    this.unchecked = false;
    this.sites.reset(mark);
    this.nextAction = action;
    d.end = end;
    d.pos = loop.at;
    this.copied = loop.at;
    this.code.byte(OP.ELSE);
    this.sites.inserted(from, this.code.length, 0, false);
  }

  // ------------------------------------------------------------------------------------------------- calls

  private enterRecorded(type: FuncType): void {
    const from = this.code.length;
    this.wraps = writeEntry(this.writer, this.plan, type);
    this.sites.inserted(from, this.code.length, 0, false);
  }

  /** In front of `return`, and of the body's last `end`: the top goes back to where this function found it. */
  private leaveRecorded(closesBlock: boolean): void {
    const code = this.code;
    this.flush(this.decoder.start);
    const from = code.length;
    if (closesBlock && this.wraps) code.byte(OP.END);
    writeExit(this.writer);
    this.sites.inserted(from, code.length, 0, false);
  }

  /** A call: its site goes to the shadow call stack, its target is renumbered. */
  private call(records: boolean): void {
    const d = this.decoder;
    if (records && this.mayReachAllocator()) this.recordCall();
    if (d.immediates !== IMM.FUNC) return;
    const redirects = this.plan.redirectsCalls && d.index !== this.plan.keepsCallsOf;
    this.replaceIndex((redirects ? this.target.callMap : this.target.functionMap)[d.index]!);
  }

  private mayReachAllocator(): boolean {
    return this.decoder.immediates !== IMM.FUNC || this.reaches[this.decoder.index] === 1;
  }

  private recordCall(): void {
    this.flush(this.decoder.start);
    const from = this.code.length;
    writeRecord(this.writer, this.plan);
    this.sites.inserted(from, this.code.length, 0, true);
  }

  /** Writes the current one-index instruction with another index, if it differs. */
  private replaceIndex(index: number): void {
    const d = this.decoder;
    if (index === d.index) return;
    this.flush(d.immediateStart);
    const from = this.code.length;
    this.code.u32(index);
    this.copied = d.pos;
    this.sites.inserted(from, this.code.length, d.pos - d.immediateStart, false);
  }
}
