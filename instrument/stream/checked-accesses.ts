// The checks of a body's accesses to memory 0, in front of each:
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

import { type Access, checkName, OPERAND_TYPE, type Operand } from '../access-table.ts';
import { ACTION, isRemoved } from '../elide/rules.ts';
import type { BodyActions, Expression, FunctionPlan, NeighbourGroup, Target } from '../plan.ts';
import { Reader, type Writer } from '../wasm/bytes.ts';
import { Decoder } from '../wasm/decoder.ts';
import { OP, TYPE } from '../wasm/opcodes.ts';
import type { BranchHints } from './branch-hints.ts';
import { bulkRanges, writeBulkCheck } from './bulk-check.ts';
import { CodeWriter } from './code-writer.ts';
import { writeExpression } from './loop-test.ts';
import type { NumberPlaces } from './number-places.ts';
import { type Leader, writeGroupTest, writeReadOnlyTest, writeTest } from './shadow-test.ts';
import type { SiteMap } from './site-map.ts';

const UNCONDITIONAL: readonly Expression[] = [];

/** Scratch roles of the operands above an address, bottom first. */
const OPERAND_ROLES = ['first operand', 'second operand'];

/** What is written about code beside it. */
export interface CodeTables {
  readonly sites: SiteMap;
  readonly hints: BranchHints;
  readonly places?: NumberPlaces | undefined;
}

/** What BodyRewriter copies a body with: it stands at an instruction, and knows what is decided about the accesses from there on. */
export abstract class CheckedAccesses {
  protected readonly decoder: Decoder;
  protected readonly writer: CodeWriter;
  /** The writer's. */
  protected readonly code: Writer;
  protected readonly target: Target;
  protected readonly sites: SiteMap;
  protected plan!: FunctionPlan;
  protected actions: BodyActions | undefined;
  /** Number of the next access in `actions`. */
  protected nextAction = 0;
  /** Inside the copy of a loop that runs without its hoisted checks. */
  protected unchecked = false;
  /** Original bytes before this offset are already in `code`. */
  protected copied = 0;
  /** The scratch local for addresses of the current body, once it has one. */
  protected address = -1;
  private readonly exactChecks = new Map<Access, number>();
  private readonly relaxedChecks = new Map<Access, number>();

  constructor(bytes: Uint8Array, target: Target, { sites, hints, places }: CodeTables) {
    this.decoder = new Decoder(bytes);
    this.writer = new CodeWriter(target, sites, hints, places);
    this.code = this.writer.code;
    this.target = target;
    this.sites = sites;
  }

  /** Functions of the runtime that the code written so far calls. */
  get called(): ReadonlySet<string> {
    return this.writer.called;
  }

  /** Copies original bytes up to `until`. */
  protected flush(until: number): void {
    if (until > this.copied) this.code.append(this.decoder.bytes, this.copied, until);
    this.copied = until;
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

  protected access(access: Access): void {
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
    const operands = access.operands.length;
    for (let i = operands - 1; i >= 0; i--) this.operand(OP.LOCAL_SET, access.operands[i]!, i);
    if (this.address < 0) this.address = writer.scratchLocal('address', writer.pointerType);
    const { address } = this;
    const inline = this.plan.mode === 'inline' && (!this.target.is64 || d.offset < 0x80000000);
    const group = inline && action === ACTION.CHECK ? this.group() : undefined;
    writer.local(inline && !group ? OP.LOCAL_TEE : OP.LOCAL_SET, address);
    if (group) writeGroupTest(writer, group, this.leader(group, access), address);
    else if (inline) writeTest(writer, d, access.size, address);
    if (inline) {
      if (access.write && !group) writeReadOnlyTest(writer, d.offset, address);
      writer.rarely();
    }
    this.callCheck(access, address);
    if (inline) code.byte(OP.END);
    writer.local(OP.LOCAL_GET, address);
    for (let i = 0; i < operands; i++) this.operand(OP.LOCAL_GET, access.operands[i]!, i);
    this.sites.inserted(from, code.length, 0, true);
    if (moved !== undefined) this.moveAccess(moved);
  }

  /** Where the plan names conditions, only if they hold. */
  private callCheck(access: Access, address: number): void {
    const { decoder: d, code, writer } = this;
    const conditions = this.plan.discarded?.get(d.start) ?? UNCONDITIONAL;
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

  /** The current access, if it looks for its group. */
  private leader(group: NeighbourGroup, { size }: Access): Leader | undefined {
    return group.leader === this.nextAction ? { place: this.decoder, size } : undefined;
  }

  /** What the elimination decided about the current access. */
  private action(): number {
    const { actions } = this;
    const { start } = this.decoder;
    if (!actions) return this.plan.inFrame?.has(start) ? ACTION.FRAME : ACTION.CHECK;
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
