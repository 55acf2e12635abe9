// The streaming engine: copies one function body, inserting a check in front of every access to memory 0.
//
//   i32.load offset=12            local.tee $a                      ;; the operand has been evaluated
//                          ==>    i32.const 4  i32.add              ;; 12 & 7
//                                 i32.const 3  i32.shr_u            ;; granule
//                                 i32.load8_u $shadow offset=BASE+1 ;; first shadow byte; BASE + (12 >> 3)
//                                 (the same for the last byte)  i32.or
//                                 if  local.get $a  i32.const 12  i32.const <site>  call $check_load4  end
//                                 local.get $a
//                                 i32.load offset=12
//
// Stores and other accesses with operands above the address spill those to scratch locals first, so a check always runs
// after every operand was evaluated. Dead code needs no special case: the inserted code is valid there too.

import { ACCESS_TABLE, type Access, accessOf, checkName, OPERAND_TYPE, type Operand } from '../access-table.ts';
import { ACTION, isRemoved } from '../elide/rules.ts';
import type { BodyActions, Edit, FunctionPlan, NeighbourGroup, Target, VersionedLoop } from '../plan.ts';
import { Reader, type Writer } from '../wasm/bytes.ts';
import { Decoder, opcodeTable } from '../wasm/decoder.ts';
import type { Body, FuncType } from '../wasm/module.ts';
import { IMM, OP, TYPE } from '../wasm/opcodes.ts';
import { assembleBody, LARGEST_INLINED } from './assemble-body.ts';
import type { BranchHints } from './branch-hints.ts';
import { bulkRanges, writeBulkCheck } from './bulk-check.ts';
import { CodeWriter } from './code-writer.ts';
import { closeWindows, hasWindows, writeExpression, writeLoopTest } from './loop-test.ts';
import type { NumberPlaces } from './number-places.ts';
import { writeEntry, writeExit, writeRecord } from './recorded-calls.ts';
import { writeGroupTest, writeReadOnlyTest, writeTest } from './shadow-test.ts';
import type { SiteMap } from './site-map.ts';

/** Scratch roles of the operands above an address, bottom first. */
const OPERAND_ROLES = ['first operand', 'second operand'];

const CALLED = [OP.CALL, OP.CALL_INDIRECT, OP.RETURN_CALL, OP.RETURN_CALL_INDIRECT, OP.CALL_REF, OP.RETURN_CALL_REF];
const CALLS = opcodeTable(...CALLED);

/** Instructions that are not merely copied: in any function, where calls are recorded (+1), where accesses are checked (+2). */
const STOPS = [0, 1, 2, 3].map((what) =>
  opcodeTable(
    ...[...CALLED, OP.REF_FUNC],
    ...(what & 1 ? [OP.RETURN, OP.END] : []),
    ...(what & 2 ? ACCESS_TABLE.map((access) => access.op) : []),
  ),
);

/** What is written about code beside it. */
export interface CodeTables {
  readonly sites: SiteMap;
  readonly hints: BranchHints;
  readonly places?: NumberPlaces | undefined;
}

/** Rewrites bodies one after the other into `out`. Holds only scratch state between bodies. */
export class BodyRewriter {
  private readonly decoder: Decoder;
  private readonly writer: CodeWriter;
  /** The writer's. */
  private readonly code: Writer;
  private readonly target: Target;
  private readonly sites: SiteMap;
  private plan!: FunctionPlan;
  private actions: BodyActions | undefined;
  /** Number of the next access in `actions`. */
  private nextAction = 0;
  /** Bytes in front of the code of the body written last: its local declarations. */
  headerBytes = 0;
  /** Number of the next loop in `actions`, the one being copied with its checks, and where either begins or ends. */
  private nextLoop = 0;
  private openLoop: VersionedLoop | undefined;
  private turn = -1;
  /** Where the next loop begins inside which what was found valid stays so, or -1. */
  private scope = -1;
  /** Inside the copy of a loop that runs without its hoisted checks. */
  private unchecked = false;
  /** The scratch local for addresses of the current body, once it has one. */
  private address = -1;
  /** Original bytes before this offset are already in `code`. */
  private copied = 0;
  private bodyEnd = 0;
  /** The current body stands in a block of its own. */
  private wraps = false;

  private readonly exactChecks = new Map<Access, number>();
  private readonly relaxedChecks = new Map<Access, number>();

  /** Plan.reachesAllocator. */
  private readonly reaches: Uint8Array;

  constructor(bytes: Uint8Array, target: Target, { sites, hints, places }: CodeTables, reaches: Uint8Array) {
    this.decoder = new Decoder(bytes);
    this.writer = new CodeWriter(target, sites, hints, places);
    this.code = this.writer.code;
    this.target = target;
    this.sites = sites;
    this.reaches = reaches;
  }

  /** Functions of the runtime that the code written so far calls. */
  get called(): ReadonlySet<string> {
    return this.writer.called;
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

  /** The check an access calls, by access and whether the function may read too far: looked up by name once. */
  private checkFunction(access: Access): number {
    const known = this.plan.overReads ? this.relaxedChecks : this.exactChecks;
    let index = known.get(access);
    if (index === undefined) {
      index = this.writer.runtimeFunction(checkName(access, this.plan.overReads));
      known.set(access, index);
    }
    return index;
  }

  /** Copies original bytes up to `until`. */
  private flush(until: number): void {
    if (until > this.copied) this.code.append(this.decoder.bytes, this.copied, until);
    this.copied = until;
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

  // ------------------------------------------------------------------------------------------------- accesses

  private access(access: Access): void {
    const d = this.decoder;
    if (access.size === 0) return this.bulk();
    if (d.memory !== 0) return;
    const moved = this.plan.movedOffsets?.get(d.start);
    if (moved !== undefined) d.offset = moved;
    this.flush(d.start);
    const action = this.action();
    if (isRemoved(action) || (this.unchecked && action === ACTION.HOISTED)) {
      if (action === ACTION.HOISTED) this.sites.next();
      if (moved !== undefined) this.moveAccess(moved);
      return;
    }
    const { code, writer } = this;
    const from = code.length;
    for (let i = access.operands.length - 1; i >= 0; i--) this.operand(OP.LOCAL_SET, access.operands[i]!, i);
    if (this.address < 0) this.address = writer.scratchLocal('address', writer.pointerType);
    const { address } = this;
    const inline = this.plan.mode === 'inline' && (!this.target.is64 || d.offset < 0x80000000);
    const group = inline && action === ACTION.CHECK ? this.group() : undefined;
    writer.local(inline && !group ? OP.LOCAL_TEE : OP.LOCAL_SET, address);
    if (group) writeGroupTest(writer, group, group.leader === this.nextAction, address);
    else if (inline) writeTest(writer, d, access.size, address);
    if (inline) {
      if (access.write) writeReadOnlyTest(writer, d.offset, address);
      writer.rarely();
    }
    this.callCheck(access, address);
    if (inline) code.byte(OP.END);
    writer.local(OP.LOCAL_GET, address);
    for (let i = 0; i < access.operands.length; i++) this.operand(OP.LOCAL_GET, access.operands[i]!, i);
    this.sites.inserted(from, code.length, 0, true);
    if (moved !== undefined) this.moveAccess(moved);
  }

  /** Where the plan names conditions, only if they hold. */
  private callCheck(access: Access, address: number): void {
    const { decoder: d, code, writer } = this;
    const conditions = this.plan.discarded?.get(d.start) ?? [];
    for (const condition of conditions) {
      writeExpression(condition, writer);
      code.byte(OP.IF);
      code.byte(TYPE.VOID);
    }
    writer.local(OP.LOCAL_GET, address);
    writer.pointerConstant(d.offset);
    writer.siteConstant(this.sites.next());
    code.byte(OP.CALL);
    code.u32(this.checkFunction(access));
    for (const _ of conditions) code.byte(OP.END);
  }

  /** Puts an operand above the address into its scratch local, or takes it from there. */
  private operand(op: number, type: Operand, position: number): void {
    this.writer.scratch(op, OPERAND_ROLES[position]!, OPERAND_TYPE[type]);
  }

  /** The group of the current access. */
  private group(): NeighbourGroup | undefined {
    const { actions } = this;
    if (!actions || this.target.paged || actions.at[this.nextAction] !== this.decoder.start) return undefined;
    const group = actions.group[this.nextAction]!;
    return group > 0 ? actions.groups[group - 1] : undefined;
  }

  /** What the elimination decided about the current access. */
  private action(): number {
    const { actions } = this;
    const { start } = this.decoder;
    if (this.plan.inFrame?.has(start)) return ACTION.FRAME;
    if (!actions) return ACTION.CHECK;
    while (this.nextAction < actions.count && actions.at[this.nextAction]! < start) this.nextAction++;
    return actions.at[this.nextAction] === start ? actions.action[this.nextAction]! : ACTION.CHECK;
  }

  /** Writes the current access with another constant offset. */
  private moveAccess(offset: number): void {
    const d = this.decoder;
    const r = new Reader(d.bytes, d.immediateStart, d.pos);
    if (r.u32() & 0x40) r.u32();
    this.code.append(d.bytes, d.start, r.pos);
    const from = this.code.length;
    this.code.u32(offset);
    const offsetStart = r.pos;
    r.skipLeb();
    this.code.append(d.bytes, r.pos, d.pos); // a lane number
    this.sites.inserted(from, this.code.length, d.pos - offsetStart, false);
    this.copied = d.pos;
  }

  private bulk(): void {
    const d = this.decoder;
    const ranges = bulkRanges(d, this.writer.pointerType);
    if (!ranges) return;
    this.flush(d.start);
    const from = this.code.length;
    writeBulkCheck(this.writer, d.op, ranges);
    this.sites.inserted(from, this.code.length, 0, true);
  }
}
