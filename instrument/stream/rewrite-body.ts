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

import { CALL_STACK_BASE, CALL_STACK_BYTES, CALL_STACK_SHARE, GRANULE, SHADOW_BASE } from '../../runtime/abi.ts';
import { type Access, accessOf, checkName, OPERAND_TYPE, type Operand } from '../access-table.ts';
import { ACTION, isRemoved } from '../elide/rules.ts';
import { InstrumentError } from '../errors.ts';
import type { BodyActions, Edit, Emitter, FunctionPlan, NeighbourGroup, Target, VersionedLoop } from '../plan.ts';
import { Reader, Writer } from '../wasm/bytes.ts';
import { Decoder } from '../wasm/decoder.ts';
import type { Body, FuncType } from '../wasm/module.ts';
import { IMM, OP, TYPE } from '../wasm/opcodes.ts';
import type { BranchHints } from './branch-hints.ts';
import { closeWindows, hasWindows, writeLoopTest } from './loop-test.ts';
import type { SiteMap } from './site-map.ts';

/** Engines refuse more locals than this in one function (WebAssembly JavaScript API, implementation limits). */
export const MAX_LOCALS = 50_000;
/** And larger bodies than this. */
export const MAX_BODY = 7_654_321;

/** Scratch roles of the operands above an address, bottom first. */
const OPERAND_ROLES = ['first operand', 'second operand'];

/** Rewrites bodies one after the other into `out`. Holds only scratch state between bodies. */
export class BodyRewriter {
  private readonly decoder: Decoder;
  private readonly code = new Writer(1 << 16);
  private readonly target: Target;
  private readonly sites: SiteMap;
  private readonly hints: BranchHints;
  private plan!: FunctionPlan;
  private actions: BodyActions | undefined;
  /** Number of the next access in `actions`. */
  private nextAction = 0;
  /** Functions of the runtime that the code written so far calls. */
  readonly called = new Set<string>();
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
  /** Original bytes before this offset are already in `code`. */
  private copied = 0;
  private localCount = 0;
  /** Scratch locals by role, one map per value type: roles are constants, so a lookup builds no string. */
  private readonly scratch = new Map<number, Map<string, number>>();
  private scratchTypes: number[] = [];
  private bodyEnd = 0;
  /** The current body stands in a block of its own. */
  private wraps = false;

  private readonly exactChecks = new Map<Access, number>();
  private readonly relaxedChecks = new Map<Access, number>();

  /** Plan.reachesAllocator. */
  private readonly reaches: Uint8Array;

  constructor(bytes: Uint8Array, target: Target, sites: SiteMap, hints: BranchHints, reaches: Uint8Array) {
    this.decoder = new Decoder(bytes);
    this.target = target;
    this.sites = sites;
    this.hints = hints;
    this.reaches = reaches;
    this.emitter = this.makeEmitter(target);
  }

  /**
   * Appends the rewritten body, size first, to `out`. Falls back to outlined checks where inlining them would exceed
   * what engines accept.
   */
  rewrite(body: Body, type: FuncType, plan: FunctionPlan, out: Writer, actions?: BodyActions): void {
    this.actions = actions;
    const mark = this.sites.mark();
    this.rewriteAs(body, type, plan);
    if (plan.mode === 'inline' && this.code.length > MAX_BODY - 1024) {
      this.sites.reset(mark);
      this.rewriteAs(body, type, { ...plan, mode: 'outline' });
    }
    this.finish(body, out);
  }

  private rewriteAs(body: Body, type: FuncType, plan: FunctionPlan): void {
    const d = this.decoder;
    d.pos = body.start;
    d.end = body.end;
    this.bodyEnd = body.end;
    this.plan = plan;
    this.code.length = 0;
    this.scratch.clear();
    this.scratchTypes = [];
    this.localCount = type.params.length;
    for (let groups = d.u32(); groups > 0; groups--) {
      this.localCount += d.u32();
      d.valueType();
    }
    this.copied = d.pos;
    this.nextAction = 0;
    this.hints.beginBody();
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
    const { skip, recordsCalls } = this.plan;
    const checked = skip === 'checked';
    const edits = this.plan.edits ?? [];
    let edit = 0;
    while (edit < edits.length && edits[edit]!.at < d.pos) edit++; // the second copy of a loop begins in the middle
    while (d.pos < d.end) {
      if (d.pos === this.scope) this.enterScope();
      if (d.pos === this.turn) this.loopBoundary(edits);
      if (edit < edits.length && edits[edit]!.at === d.pos) {
        this.edit(edits[edit++]!);
        continue;
      }
      d.next();
      const op = d.op;
      if (op <= OP.RETURN_CALL_INDIRECT || op === OP.CALL_REF || op === OP.RETURN_CALL_REF) {
        if (op >= OP.CALL) this.call(recordsCalls);
        else if (recordsCalls && (op === OP.RETURN || (op === OP.END && d.pos === this.bodyEnd))) {
          this.leaveRecorded(op === OP.END);
        }
      } else if (d.immediates === IMM.REF_FUNC) {
        this.replaceIndex(this.target.callMap[d.index]!);
      } else if (checked) {
        const access = accessOf(op);
        if (access) this.access(access);
      }
    }
  }

  /** One change the plan asks for. Several may follow each other at one place. */
  private edit(edit: Edit): void {
    const d = this.decoder;
    this.flush(edit.at);
    const from = this.code.length;
    edit.write(this.emitter);
    d.pos += edit.removes;
    this.copied = d.pos;
    this.sites.inserted(from, this.code.length, edit.removes, edit.isSite);
  }

  private readonly emitter: Emitter;

  private makeEmitter({ paged, is64, shared }: Target): Emitter {
    return {
      byte: (value) => this.code.byte(value),
      u32: (value) => this.code.u32(value),
      constant: (value) => this.constant(value),
      constant64: (value) => {
        this.code.byte(OP.I64_CONST);
        this.code.s64(value);
      },
      pointerConstant: (value) => this.pointerConstant(value),
      scratch: (op, role, type) => this.local(op, this.scratchLocal(role, type)),
      callRuntime: (name) => {
        this.code.byte(OP.CALL);
        this.code.u32(this.runtimeFunction(name));
      },
      runtimeLoad: (address) => {
        this.constant(0);
        this.runtimeAccess(OP.I32_LOAD, 2, address);
      },
      runtimeByte: (address) => {
        this.runtimeAccess(OP.I32_LOAD8_U, 0, address);
      },
      runtimeStore: (address, value) => {
        this.constant(0);
        value();
        this.runtimeAccess(OP.I32_STORE, 2, address);
      },
      runtimeAccess: (op, align, offset) => this.runtimeAccess(op, align, offset),
      runtimeGlobal: (name) => this.runtimeGlobal(name),
      writesShadow: !paged && !is64 && !shared,
      rarely: () => {
        this.hints.unlikely(this.code.length);
        this.code.byte(OP.IF);
        this.code.byte(TYPE.VOID);
      },
      runtimeCount: (address, keeps) => this.count(address, keeps),
      site: () => this.sites.next(),
    };
  }

  private runtimeGlobal(name: string): void {
    const index = this.target.globals.get(name);
    if (index === undefined) throw new Error(`the runtime has no global ${name}`);
    this.code.byte(OP.GLOBAL_GET);
    this.code.u32(index);
  }

  private count(address: number, keeps: boolean): void {
    const { code } = this;
    this.constant(0);
    this.constant(0);
    this.runtimeAccess(OP.I32_LOAD8_U, 0, address);
    this.constant(1);
    code.byte(OP.I32_ADD);
    const sum = keeps ? this.scratchLocal('count', TYPE.I32) : 0;
    if (keeps) this.local(OP.LOCAL_TEE, sum);
    this.runtimeAccess(OP.I32_STORE8, 0, address);
    if (keeps) this.local(OP.LOCAL_GET, sum);
  }

  private runtimeFunction(name: string): number {
    const index = this.target.checks.get(name);
    if (index === undefined) throw new Error(`the runtime has no ${name}`);
    this.called.add(name);
    return index;
  }

  /** The check an access calls, by access and whether the function may read too far: looked up by name once. */
  private checkFunction(access: Access): number {
    const known = this.plan.overReads ? this.relaxedChecks : this.exactChecks;
    let index = known.get(access);
    if (index === undefined) {
      index = this.runtimeFunction(checkName(access, this.plan.overReads));
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
      if (loop.scope === d.pos && hasWindows(loop, this.emitter)) closeWindows(loop, this.emitter);
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
    writeLoopTest(loop, this.emitter);
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

  /**
   * Entry of a function that records its calls: its frame is the top of the shadow call stack. The body becomes a block,
   * so that a branch out of it comes past the restore at the end. A top beyond the stack's room (an exception that left to
   * the host puts nothing back) starts over at the base.
   */
  private enterRecorded(type: FuncType): void {
    const code = this.code;
    const from = code.length;
    const frame = this.scratchLocal('frame', TYPE.I32);
    code.byte(OP.GLOBAL_GET);
    code.u32(this.target.callStackGlobal);
    this.local(OP.LOCAL_TEE, frame);
    if (this.target.shared) {
      this.constant(CALL_STACK_SHARE - 1); // a thread's share is aligned to its size
      code.byte(OP.I32_AND);
    }
    this.constant((this.target.shared ? CALL_STACK_SHARE : CALL_STACK_BASE + CALL_STACK_BYTES) - 8);
    code.byte(OP.I32_GT_U);
    this.hints.unlikely(code.length);
    code.byte(OP.IF);
    code.byte(TYPE.VOID);
    if (this.target.shared) this.local(OP.LOCAL_GET, frame);
    this.constant(this.target.shared ? -CALL_STACK_SHARE : CALL_STACK_BASE);
    if (this.target.shared) code.byte(OP.I32_AND);
    this.local(OP.LOCAL_SET, frame);
    code.byte(OP.END);
    this.local(OP.LOCAL_GET, frame);
    this.constant(4);
    code.byte(OP.I32_ADD);
    if (this.plan.resetsTop) this.local(OP.LOCAL_SET, this.scratchLocal('callee frame', TYPE.I32));
    else this.setTop();
    this.wraps = isPlainBlock(type);
    if (this.wraps) {
      code.byte(OP.BLOCK);
      code.byte(type.results[0] ?? TYPE.VOID);
    }
    this.sites.inserted(from, code.length, 0, false);
  }

  /** In front of `return`, and of the body's last `end`: the top goes back to where this function found it. */
  private leaveRecorded(closesBlock: boolean): void {
    const code = this.code;
    this.flush(this.decoder.start);
    const from = code.length;
    if (closesBlock && this.wraps) code.byte(OP.END);
    this.local(OP.LOCAL_GET, this.scratchLocal('frame', TYPE.I32));
    this.setTop();
    this.sites.inserted(from, code.length, 0, false);
  }

  private setTop(): void {
    this.code.byte(OP.GLOBAL_SET);
    this.code.u32(this.target.callStackGlobal);
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
    const code = this.code;
    this.flush(this.decoder.start);
    const from = code.length;
    this.local(OP.LOCAL_GET, this.scratchLocal('frame', TYPE.I32));
    this.constant(this.sites.next());
    this.runtimeAccess(OP.I32_STORE, 2, 0);
    if (this.plan.resetsTop) {
      this.local(OP.LOCAL_GET, this.scratchLocal('callee frame', TYPE.I32));
      this.setTop();
    }
    this.sites.inserted(from, code.length, 0, true);
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
    const code = this.code;
    const from = code.length;
    for (let i = access.operands.length - 1; i >= 0; i--) this.spill(access.operands[i]!, i);
    const address = this.addressLocal();
    const inline = this.plan.mode === 'inline' && (!this.target.is64 || d.offset < 0x80000000);
    const group = inline && action === ACTION.CHECK ? this.group() : undefined;
    this.local(inline && !group ? OP.LOCAL_TEE : OP.LOCAL_SET, address);
    if (group) this.groupTest(group, address);
    else if (inline) this.inlineTest(access.size, address);
    if (inline) {
      if (access.write) this.readOnlyTest(address);
      this.hints.unlikely(code.length);
      code.byte(OP.IF);
      code.byte(TYPE.VOID);
    }
    this.local(OP.LOCAL_GET, address);
    this.pointerConstant(d.offset);
    this.constant(this.sites.next());
    code.byte(OP.CALL);
    code.u32(this.checkFunction(access));
    if (inline) code.byte(OP.END);
    this.local(OP.LOCAL_GET, address);
    access.operands.forEach((type, i) =>
      this.local(OP.LOCAL_GET, this.scratchLocal(OPERAND_ROLES[i]!, OPERAND_TYPE[type])),
    );
    this.sites.inserted(from, code.length, 0, true);
    if (moved !== undefined) this.moveAccess(moved);
  }

  // ------------------------------------------------------------------------------------------------- neighbours

  /** The group of the current access. */
  private group(): NeighbourGroup | undefined {
    const { actions } = this;
    if (!actions || this.target.paged || actions.at[this.nextAction] !== this.decoder.start) return undefined;
    return actions.groups[actions.group[this.nextAction]! - 1];
  }

  /** Leaves an i32 that is 0 only if the bytes of all members are valid. The first member looks. */
  private groupTest(group: NeighbourGroup, address: number): void {
    const { code } = this;
    const slow = this.scratchLocal(`slow${group.slot}`, TYPE.I32);
    if (group.leader === this.nextAction) {
      const [first, last, back] = looks(group.to - group.from);
      this.local(OP.LOCAL_GET, address);
      this.shadowLook(group.from, first, 0);
      this.local(OP.LOCAL_GET, address);
      this.shadowLook(group.to - 1, last, back);
      code.byte(OP.I32_OR);
      this.local(OP.LOCAL_TEE, slow);
      this.hints.unlikely(code.length);
      code.byte(OP.IF);
      code.byte(TYPE.VOID);
      this.local(OP.LOCAL_GET, address);
      for (const value of [group.from, group.to, 0, 1, 0, 0]) this.constant(value);
      this.emitter.callRuntime('check_span');
      code.byte(OP.I32_EQZ);
      this.local(OP.LOCAL_SET, slow);
      code.byte(OP.END);
    }
    this.local(OP.LOCAL_GET, slow);
  }

  /** Shadow bytes at an offset, which may be negative, from the address on the stack; `back` granules further down. */
  private shadowLook(offset: number, load: number, back: number): void {
    const granules = offset < 0 ? 0 : Math.floor(offset / GRANULE);
    this.addToAddress(offset - granules * GRANULE);
    this.shiftRight(3);
    this.runtimeAccess(load, 0, SHADOW_BASE + granules - back);
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

  private spill(type: Operand, position: number): void {
    this.local(OP.LOCAL_SET, this.scratchLocal(OPERAND_ROLES[position]!, OPERAND_TYPE[type]));
  }

  /**
   * With the address on the stack: leaves an i32 that is 0 only if every granule of the access is fully valid.
   * An access whose alignment hint is natural lies in one granule (two if 16 bytes) as long as it keeps that promise, so
   * one look at the shadow will do; where it does not, the exact check is called. Without the hint, both ends are looked at.
   */
  private inlineTest(size: number, address: number): void {
    const { offset, align } = this.decoder;
    const code = this.code;
    const aligned = Math.min(size, GRANULE);
    this.shadowLoad(offset, size === 16 ? OP.I32_LOAD16_U : OP.I32_LOAD8_U);
    if (size === 1) return;
    this.local(OP.LOCAL_GET, address);
    if (1 << align < aligned) {
      this.shadowLoad(offset + size - 1, OP.I32_LOAD8_U);
    } else {
      this.addToAddress(offset % aligned);
      this.wrap();
      this.constant(aligned - 1);
      code.byte(OP.I32_AND);
    }
    code.byte(OP.I32_OR);
  }

  /** Stores into constants are found by address: poison would send every load of a table through the slow path. */
  private readOnlyTest(address: number): void {
    const { readOnly, is64 } = this.target;
    if (!readOnly) return;
    this.local(OP.LOCAL_GET, address);
    this.addToAddress(this.decoder.offset - readOnly.begin);
    this.pointerConstant(readOnly.end - readOnly.begin);
    this.code.byte(is64 ? OP.I64_LT_U : OP.I32_LT_U);
    this.code.byte(OP.I32_OR);
  }

  /** Turns the address on the stack into the shadow byte (or two) of address + offset. */
  private shadowLoad(offset: number, load: number): void {
    if (this.target.paged) this.pagedShadowLoad(offset, load);
    else this.flatShadowLoad(offset, load);
  }

  private flatShadowLoad(offset: number, load: number): void {
    // The whole granules of the offset go into the shadow load's own offset, which cannot overflow; only the
    // remainder is added, and address + remainder wraps for the last 7 bytes of the address space alone.
    this.addToAddress(offset % 8);
    this.shiftRight(3);
    this.wrap();
    this.runtimeAccess(load, 0, SHADOW_BASE + Math.floor(offset / 8));
  }

  private pagedShadowLoad(offset: number, load: number): void {
    const code = this.code;
    const at = this.scratchLocal('shadow address', this.target.is64 ? TYPE.I64 : TYPE.I32);
    this.addToAddress(offset);
    this.local(OP.LOCAL_TEE, at);
    this.shiftRight(16);
    this.wrap();
    this.constant(2);
    code.byte(OP.I32_SHL);
    this.runtimeAccess(OP.I32_LOAD, 2, SHADOW_BASE); // directory entry: where the chunk of this 64 KiB page is
    this.local(OP.LOCAL_GET, at);
    this.shiftRight(3);
    this.wrap();
    this.constant(8191);
    code.byte(OP.I32_AND);
    code.byte(OP.I32_ADD);
    this.runtimeAccess(load, 0, 0);
  }

  // ------------------------------------------------------------------------------------------------- bulk memory

  /** memory.copy, memory.fill, memory.init: both ranges are checked whole, source first as KASAN does. */
  private bulk(): void {
    const d = this.decoder;
    const copies = d.op === OP.MEMORY_COPY;
    const destination = copies ? d.index : d.op === OP.MEMORY_INIT ? d.index2 : d.memory;
    const reads = copies && d.index2 === 0;
    if (destination !== 0 && !reads) return;
    if (copies && d.index !== d.index2) return; // copies between memories: the program has several, leave them alone
    const pointer = this.target.is64 ? TYPE.I64 : TYPE.I32;
    const small = d.op === OP.MEMORY_INIT ? TYPE.I32 : pointer; // memory.init's source and length are i32
    const length = this.scratchLocal('length', small);
    const source = this.scratchLocal('source', d.op === OP.MEMORY_FILL ? TYPE.I32 : small);
    const to = this.scratchLocal('destination', pointer);
    this.flush(d.start);
    const from = this.code.length;
    this.local(OP.LOCAL_SET, length);
    this.local(OP.LOCAL_SET, source);
    this.local(OP.LOCAL_SET, to);
    const site = this.sites.next();
    if (reads) this.rangeCheck('check_range_load', source, length, false, site);
    this.rangeCheck('check_range_store', to, length, small !== pointer, site);
    for (const local of [to, source, length]) this.local(OP.LOCAL_GET, local);
    this.sites.inserted(from, this.code.length, 0, true);
  }

  private rangeCheck(name: string, address: number, length: number, extend: boolean, site: number): void {
    this.local(OP.LOCAL_GET, address);
    this.local(OP.LOCAL_GET, length);
    if (extend) this.code.byte(OP.I64_EXTEND_I32_U);
    this.constant(site);
    this.emitter.callRuntime(name);
  }

  // ------------------------------------------------------------------------------------------------- emitting

  private addressLocal(): number {
    return this.scratchLocal('address', this.target.is64 ? TYPE.I64 : TYPE.I32);
  }

  private scratchLocal(role: string, type: number): number {
    let roles = this.scratch.get(type);
    if (!roles) {
      roles = new Map();
      this.scratch.set(type, roles);
    }
    let local = roles.get(role);
    if (local === undefined) {
      local = this.localCount + this.scratchTypes.push(type) - 1;
      roles.set(role, local);
    }
    return local;
  }

  private local(op: number, index: number): void {
    this.code.byte(op);
    this.code.u32(index);
  }

  private constant(value: number): void {
    this.code.byte(OP.I32_CONST);
    this.code.s32(value);
  }

  private pointerConstant(value: number): void {
    if (!this.target.is64) return this.constant(value);
    this.code.byte(OP.I64_CONST);
    this.code.s64(BigInt(value));
  }

  private addToAddress(value: number): void {
    if (value === 0) return;
    this.pointerConstant(value);
    this.code.byte(this.target.is64 ? OP.I64_ADD : OP.I32_ADD);
  }

  private shiftRight(bits: number): void {
    this.pointerConstant(bits);
    this.code.byte(this.target.is64 ? OP.I64_SHR_U : OP.I32_SHR_U);
  }

  private wrap(): void {
    if (this.target.is64) this.code.byte(OP.I32_WRAP_I64);
  }

  /** A load or store of the runtime's memory. */
  private runtimeAccess(op: number, align: number, offset: number): void {
    this.target.runtimeMemory.access(this.code, op, align, offset);
  }

  /** Writes size, local declarations (original groups plus scratch) and code. */
  private finish(body: Body, out: Writer): void {
    const d = this.decoder;
    const original = new Reader(d.bytes, body.start, body.end);
    const groups = original.u32();
    const afterCount = original.pos;
    if (this.localCount + this.scratchTypes.length > MAX_LOCALS) {
      throw new InstrumentError('E_LIMIT', `too many locals in the function at offset ${body.start}`);
    }
    const header = new Writer(64);
    header.u32(groups + this.scratchTypes.length);
    const declarationsEnd = body.start + this.sites.originalCodeStart;
    header.append(d.bytes, afterCount, declarationsEnd);
    for (const type of this.scratchTypes) {
      header.u32(1);
      header.byte(type);
    }
    out.u32(header.length + this.code.length);
    out.append(header.bytes, 0, header.length);
    out.append(this.code.bytes, 0, this.code.length);
    this.sites.endBody(header.length);
    this.headerBytes = header.length;
  }
}

/**
 * Two loads that see every granule of `bytes` bytes and no other, whatever their alignment: one from the first granule up,
 * one from the last down, which begins `back` granules before it.
 */
function looks(bytes: number): readonly [first: number, last: number, back: number] {
  if (bytes <= 8) return [OP.I32_LOAD8_U, OP.I32_LOAD8_U, 0];
  if (bytes <= 16) return [OP.I32_LOAD16_U, OP.I32_LOAD8_U, 0];
  if (bytes <= 24) return [OP.I32_LOAD16_U, OP.I32_LOAD16_U, 1];
  if (bytes <= 32) return [OP.I32_LOAD, OP.I32_LOAD8_U, 0];
  if (bytes <= 40) return [OP.I32_LOAD, OP.I32_LOAD16_U, 1];
  return [OP.I32_LOAD, OP.I32_LOAD, 3]; // up to 56
}

/** Results a block type of one byte can say. */
function isPlainBlock({ results }: FuncType): boolean {
  return results.length === 0 || (results.length === 1 && results[0]! !== 0x63 && results[0]! !== 0x64);
}
