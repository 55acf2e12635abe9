// Feedback for a fuzzer: which basic blocks ran and how often, and what was compared with what. Pure data like every
// other change: a list of edits, and where in the runtime's memory the counters lie.
//
//   block entered:   counter++                       one byte, at a fixed address
//   function entered that calls itself again, in whatever way: the greatest depth so far
//   loop entered:    counter++; if it wrapped, tell the runtime, which also notices hangs
//   a == b:          trace(a, b, number); a == b      only with `compares`, since it costs more than the checks do
//   a / b:           trace(b, 0, number); a / b       with them
//   block left:      counter++                       only with `lines`: between two counters everything runs or nothing

import * as abi from '../runtime/abi.ts';
import { type Compared, ComparedParts, type Shifted, XOR_32, XOR_64 } from './compared-parts.ts';
import { COMPARE_FLAG } from './coverage-flags.ts';
import type { Inspection } from './index.ts';
import type { Libc } from './libc.ts';
import type { Edit, Emitter, FunctionPlan } from './plan.ts';
import { recursiveFunctions } from './recursion.ts';
import { snapshotEdits, snapshotFields, snapshotObstacle } from './snapshot.ts';
import { type TracedCall, TracedCalls, type TracedSlot } from './traced-calls.ts';
import { Decoder } from './wasm/decoder.ts';
import type { Module } from './wasm/module.ts';
import { OP, TYPE } from './wasm/opcodes.ts';

export type CoverageMode = 'counters' | 'compares' | 'lines';

/** The code a counter stands for: offsets in the original file. */
export interface CountedCode {
  readonly start: number;
  readonly end: number;
  /** It is the beginning of a function. */
  readonly entry: boolean;
}

export interface Coverage {
  readonly functions: FunctionPlan[];
  readonly counters: number;
  readonly compares: number;
  /** By number of the counter. */
  readonly counted: readonly CountedCode[];
  /** Initial contents of the runtime's memory. */
  readonly segments: readonly { readonly address: number; readonly bytes: Uint8Array }[];
  /** Pages of the runtime's memory that hold all this. */
  readonly pages: number;
  /** Address of the snapshot's tables; undefined where runs cannot be undone. */
  readonly snapshot: number | undefined;
}

const PAGE = 65536;
const LOG_BYTES = 1 << 20;
/** Where the flat shadow ends and the arena would begin. */
const BASE = abi.SHADOW_BASE + 2 ** 29;

const COMPARISONS_32 = range(0x46, 0x4f);
const COMPARISONS_64 = range(0x51, 0x5a);
/** Divisions and remainders: a divisor of 0 is what they trap at. */
const DIVISIONS_32 = range(0x6d, 0x70);
const DIVISIONS_64 = range(0x7f, 0x82);

/** Adds the edits of coverage to a plan's functions. */
export function planCoverage({ module, libc, graph, plan: { functions } }: Inspection, mode: CoverageMode): Coverage {
  const planner = new Planner(module, libc, mode, recursiveFunctions(module, graph));
  const withCounters = functions.map((plan, i) => {
    if (plan.skip !== 'checked') return plan;
    const edits = merge(plan.edits ?? [], planner.edits(i));
    return { ...plan, edits, recordsCalls: plan.recordsCalls || planner.countsDepth(i) };
  });
  const { counters, compares, counted } = planner;
  const hits = BASE + ((counters + abi.COVERAGE_STEP - 1) & -abi.COVERAGE_STEP);
  const uses = hits + 4 * align8(counters + 1); // and the depth
  const log = uses + align8(compares + 1);
  const end = mode === 'compares' ? log + LOG_BYTES : uses;
  const snapshot = snapshotObstacle(module) === undefined ? Math.ceil(end / PAGE) * PAGE : undefined;
  const pages = Math.ceil(((snapshot === undefined ? end : snapshot + abi.SNAPSHOT_END) - BASE) / PAGE);
  const planned =
    snapshot === undefined
      ? withCounters
      : withCounters.map((plan, i) => ({
          ...plan,
          edits: merge(plan.edits ?? [], snapshotEdits(module, i, plan, snapshot)),
        }));
  const header = u32s([
    BASE,
    counters,
    mode === 'compares' ? log : 0,
    mode === 'compares' ? log + LOG_BYTES : 0,
    mode === 'compares' ? log : 0,
    mode === 'compares' ? uses : 0,
  ]);
  return {
    functions: planned,
    counters,
    compares,
    counted,
    pages,
    snapshot,
    segments: [
      ...(snapshot === undefined ? [] : [snapshotFields(module, snapshot)]),
      { address: abi.HEADER_ARENA_BASE, bytes: u32s([BASE + pages * PAGE]) },
      { address: abi.HEADER_COVERAGE, bytes: header },
    ],
  };
}

class Planner {
  counters = 0;
  compares = 0;
  readonly counted: { start: number; end: number; entry: boolean }[] = [];
  private bodyEnd = 0;
  private readonly module: Module;
  private readonly traced: TracedCalls;
  private readonly mode: CoverageMode;
  private readonly recursive: Uint8Array;
  private list: Edit[] = [];
  private compared: Compared[] = [];

  constructor(module: Module, libc: Libc, mode: CoverageMode, recursive: Uint8Array) {
    this.recursive = recursive;
    this.module = module;
    this.traced = new TracedCalls(module, libc);
    this.mode = mode;
  }

  edits(index: number): Edit[] {
    const { module } = this;
    const body = module.bodies[index]!;
    const d = new Decoder(module.bytes, body.start, body.end);
    d.skipLocals();
    this.bodyEnd = body.end;
    this.list = [];
    this.counter(d.pos, true);
    if (this.countsDepth(index)) this.depth(d.pos);
    const targets: boolean[] = [false];
    const parts = new ComparedParts();
    const before = new Before();
    while (d.pos < d.end) {
      d.next();
      if (this.mode === 'compares') this.compare(d, before, parts);
      if (this.block(d, targets)) parts.reset();
      before.step(d);
    }
    this.traceCompared();
    return this.list.sort((a, b) => a.at - b.at);
  }

  /** `targets`: per open block, whether a branch leads to its end. Whether a block begins, ends or is left here. */
  private block(d: Decoder, targets: boolean[]): boolean {
    switch (d.op) {
      case OP.BLOCK:
      case OP.TRY:
      case OP.TRY_TABLE:
        targets.push(d.op !== OP.BLOCK);
        return true;
      case OP.LOOP:
        targets.push(false);
        this.loopCounter(d.pos);
        return true;
      case OP.IF:
        targets.push(false);
        this.counter(d.pos);
        return true;
      case OP.ELSE:
      case OP.CATCH:
      case OP.CATCH_ALL:
      case OP.BR_IF:
        if (d.op === OP.BR_IF) branch(targets, d.index);
        this.counter(d.pos);
        return true;
      case OP.BR:
        branch(targets, d.index);
        return true;
      case OP.BR_TABLE:
        branchTable(d, targets);
        return true;
      case OP.END:
      case OP.DELEGATE:
        if ((targets.pop() || this.mode === 'lines') && d.pos < d.end) this.counter(d.pos);
        return true;
      default:
        if (d.op < 0xd5 || d.op > 0xd6) return false;
        branch(targets, d.index);
        return true;
    }
  }

  /** The address of a new counter. */
  private next(at: number, entry = false): number {
    const before = this.counted.at(-1);
    if (before && before.end > at) before.end = at;
    this.counted.push({ start: at, end: this.bodyEnd, entry });
    return BASE + this.counters++;
  }

  private counter(at: number, entry = false): void {
    const address = this.next(at, entry);
    this.insert(at, (emit) => emit.runtimeCount(address, false));
  }

  countsDepth(index: number): boolean {
    return this.mode !== 'lines' && this.recursive[this.module.importedFunctions + index] === 1;
  }

  /** The shadow call stack tells it: such functions record their calls. */
  private depth(at: number): void {
    this.insert(at, (emit) => {
      emit.runtimeGlobal('__wasan_cs');
      emit.runtimeLoad(abi.HEADER_COVERAGE_DEPTH);
      emit.byte(OP.I32_GT_U);
      emit.rarely();
      emit.runtimeStore(abi.HEADER_COVERAGE_DEPTH, () => emit.runtimeGlobal('__wasan_cs'));
      emit.byte(OP.END);
    });
  }

  private loopCounter(at: number): void {
    const address = this.next(at);
    this.insert(at, (emit) => {
      emit.runtimeCount(address, true);
      emit.constant(8);
      emit.byte(OP.I32_SHR_U);
      emit.byte(OP.IF);
      emit.byte(TYPE.VOID);
      emit.constant(address);
      emit.callRuntime('coverage_full');
      emit.byte(OP.END);
    });
  }

  private compare(d: Decoder, before: Before, parts: ComparedParts): void {
    const { op, start: at } = d;
    const { constant } = before;
    const xor = op === XOR_32 || op === XOR_64;
    const is64 = COMPARISONS_64.has(op) || op === XOR_64;
    const isOne = xor || is64 || COMPARISONS_32.has(op);
    const shifted = before.shifted(op);
    const compared = isOne ? { at, is64, constant, wanted: constant || !xor, continues: false, shifted } : undefined;
    parts.step(op, xor ? compared : undefined);
    if (compared) this.compared.push(compared);
    else if (shifted) this.traceShifted(at, 1, shifted);
    else if (DIVISIONS_32.has(op) && !before.isConstant) this.traceDivisor(at, TYPE.I32);
    else if (DIVISIONS_64.has(op) && !before.isConstant) this.traceDivisor(at, TYPE.I64);
    else if (op === OP.CALL) this.call(d);
    else if (op === OP.CALL_INDIRECT && this.module.tables.every(({ is64 }) => !is64)) this.callIndirect(d);
  }

  /** Only at the end of a body is it known which comparisons are parts of larger ones. */
  private traceCompared(): void {
    for (const { at, is64, constant, wanted, continues, shifted } of this.compared) {
      if (!wanted) continue;
      if (shifted) {
        this.traceShifted(at, 2, shifted);
        continue;
      }
      const type = is64 ? TYPE.I64 : TYPE.I32;
      const flags = (constant ? COMPARE_FLAG.CONSTANT : 0) | (continues ? COMPARE_FLAG.PART : 0);
      this.trace(at, { trace: is64 ? 'trace_compare8' : 'trace_compare4', types: [type, type], flags });
    }
    this.compared = [];
  }

  /** memcmp, strcmp and their relatives that are bounded, or search. */
  private call(d: Decoder): void {
    const call = this.traced.direct(d.index);
    if (call) this.trace(d.start, call);
  }

  private callIndirect(d: Decoder): void {
    this.trace(d.start, { trace: 'trace_callee', types: [TYPE.I32], flags: COMPARE_FLAG.CALL });
    if (d.index2 !== 0) return;
    for (const call of this.traced.indirect(d.index)) this.traceIndirect(d.start, call);
  }

  /** The same where the function is the one in this slot of the table: its index is on top of the operands. */
  private traceIndirect(at: number, call: TracedSlot): void {
    const id = (++this.compares << 8) | call.flags;
    this.insert(at, (emit) => {
      const index = (op: number) => emit.scratch(op, 'callee', TYPE.I32);
      index(OP.LOCAL_SET);
      takeOperands(emit, call);
      index(OP.LOCAL_GET);
      emit.constant(call.slot);
      emit.byte(OP.I32_EQ);
      emit.byte(OP.IF);
      emit.byte(TYPE.VOID);
      showOperands(emit, call, id);
      emit.byte(OP.END);
      putOperands(emit, call);
      index(OP.LOCAL_GET);
    });
  }

  private traceDivisor(at: number, type: number): void {
    const id = (++this.compares << 8) | COMPARE_FLAG.CONSTANT;
    const is64 = type === TYPE.I64;
    this.insert(at, (emit) => {
      emit.scratch(OP.LOCAL_TEE, 'divisor', type);
      if (is64) {
        emit.byte(OP.I64_CONST);
        emit.byte(0);
      } else emit.constant(0);
      emit.constant(id);
      emit.callRuntime(is64 ? 'trace_compare8' : 'trace_compare4');
      emit.scratch(OP.LOCAL_GET, 'divisor', type);
    });
  }

  /** Shows the operands on top of the stack to the runtime and puts them back. */
  private trace(at: number, shown: Shown): void {
    const id = (++this.compares << 8) | shown.flags;
    this.insert(at, (emit) => {
      takeOperands(emit, shown);
      showOperands(emit, shown, id);
      putOperands(emit, shown);
    });
  }

  /** Shows a value as it was before a constant was added, and what it would have to be. */
  private traceShifted(at: number, operands: 1 | 2, { added, wanted }: Shifted): void {
    const id = (++this.compares << 8) | COMPARE_FLAG.CONSTANT;
    this.insert(at, (emit) => {
      const operand = (op: number, i: number) => emit.scratch(op, `compared ${i}`, TYPE.I32);
      if (operands === 2) operand(OP.LOCAL_SET, 1);
      operand(OP.LOCAL_TEE, 0);
      emit.constant(added);
      emit.byte(OP.I32_SUB);
      emit.constant(wanted);
      emit.constant(id);
      emit.callRuntime('trace_compare4');
      operand(OP.LOCAL_GET, 0);
      if (operands === 2) operand(OP.LOCAL_GET, 1);
    });
  }

  private insert(at: number, write: (emit: Emitter) => void): void {
    this.list.push({ at, removes: 0, isSite: false, repeatable: true, write });
  }
}

/** Operands on top of the stack, and the export of the runtime that is shown them. */
type Shown = Omit<TracedCall, 'trace'> & { readonly trace: string };

function takeOperands(emit: Emitter, { types }: Shown): void {
  for (let i = types.length - 1; i >= 0; i--) emit.scratch(OP.LOCAL_SET, `compared ${i}`, types[i]!);
}

function putOperands(emit: Emitter, { types }: Shown): void {
  types.forEach((type, i) => emit.scratch(OP.LOCAL_GET, `compared ${i}`, type));
}

function showOperands(emit: Emitter, shown: Shown, id: number): void {
  putOperands(emit, shown);
  if (shown.trace === 'trace_string' && shown.types.length === 2) emit.pointerConstant(PAGE);
  emit.constant(id);
  emit.callRuntime(shown.trace);
}

const EQUALS = new Set([0x46, 0x47]);
const UNSIGNED = new Set([0x49, 0x4b, 0x4d, 0x4f]);

/** What the instructions before have left on the stack, as far as it matters to one that compares. */
class Before {
  /** A constant is on top that is worth to be looked for. */
  constant = false;
  /** Any is. */
  isConstant = false;
  /** An i32.const is on top. */
  private pushed: number | undefined;
  /** The value on top, or below the constant there, is another one plus this. */
  private added: number | undefined;

  step({ op, value }: Decoder): void {
    if (op === OP.I32_ADD && this.pushed !== undefined) this.added = this.pushed;
    else if (op === OP.I32_SUB && this.pushed !== undefined) this.added = -this.pushed;
    else if (op !== OP.LOCAL_TEE && op !== OP.I32_CONST) this.added = undefined;
    this.pushed = op === OP.I32_CONST ? value : undefined;
    this.isConstant = op === OP.I32_CONST || op === OP.I64_CONST;
    this.constant = op === OP.I32_CONST ? Math.abs(value) > 1 : op === OP.I64_CONST;
  }

  /** `x - 100 < 3` and a jump table behind `x - 100` ask whether x is 100 or a little more, and so does `y / (x - 100)`. */
  shifted(op: number): Shifted | undefined {
    const { added, pushed } = this;
    if (added === undefined) return undefined;
    if (op === OP.BR_TABLE || (UNSIGNED.has(op) && pushed !== undefined)) return { added, wanted: -added };
    if (DIVISIONS_32.has(op)) return pushed === undefined ? { added, wanted: -added } : undefined;
    return EQUALS.has(op) && pushed !== undefined ? { added, wanted: pushed - added } : undefined;
  }
}

function branch(targets: boolean[], label: number): void {
  const at = targets.length - 1 - label;
  if (at >= 0) targets[at] = true;
}

function branchTable(d: Decoder, targets: boolean[]): void {
  const r = new Decoder(d.bytes, d.immediateStart, d.pos);
  for (let count = r.u32() + 1; count > 0; count--) branch(targets, r.u32());
}

/** Both lists in code order; an edit that would fall among instructions another one removes is left out. */
function merge(own: readonly Edit[], added: readonly Edit[]): Edit[] {
  const removing = own.filter((e) => e.removes > 0);
  let next = 0;
  const kept = added.filter((edit) => {
    while (next < removing.length && removing[next]!.at + removing[next]!.removes <= edit.at) next++;
    return !removing[next] || edit.at <= removing[next]!.at;
  });
  return [...own, ...kept].sort((a, b) => a.at - b.at || a.removes - b.removes);
}

function range(from: number, to: number): ReadonlySet<number> {
  return new Set(Array.from({ length: to - from + 1 }, (_, i) => from + i));
}

function align8(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

function u32s(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setUint32(i * 4, value, true));
  return bytes;
}
