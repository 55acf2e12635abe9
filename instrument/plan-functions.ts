// What happens to each function: whether it is checked, where its calls go, and what is inserted into it besides checks.

import type { CallGraph } from './call-graph.ts';
import type { FrameChange } from './frames/index.ts';
import type { Globals } from './globals/index.ts';
import { hasNullSlot, indirectCallEdits } from './indirect-calls.ts';
import { type Libc, libcEdits } from './libc.ts';
import type { Edit, FunctionPlan, Mode, SkipReason } from './plan.ts';
import { KIND, type Module } from './wasm/module.ts';
import { functionNames } from './wasm/names.ts';

/** A function that an ignore list may name. */
export interface IgnoreQuestion {
  readonly index: number;
  /** As the module spells it: mangled, mostly. */
  readonly name: string | undefined;
  readonly start: number;
  readonly end: number;
}

export interface PlanOptions {
  /** Checks inlined (default) or called. */
  mode?: Mode;
  /** Functions to leave unchecked. `start` and `end` are file offsets of the body. */
  ignore?: (func: IgnoreQuestion) => boolean;
  /** Check strlen, strcpy and their family as ranges; on by default. */
  strings?: boolean;
}

/** What is to be known of a module before its functions can be planned one by one: plain data. */
export interface PlanFacts {
  readonly mode: Mode;
  /** Functions that are part of the allocator alone. */
  readonly closure: ReadonlySet<number>;
  /** Left unchecked: by an ignore list, or because the linker wrote them. */
  readonly ignored: ReadonlySet<number>;
  readonly reaches: Uint8Array;
  /** The library functions whose calls are checked are fewer than those that are known: `strings` is off. */
  readonly libc: Libc;
  readonly checkedLibc: Libc;
  readonly overReaders: ReadonlySet<number>;
  readonly addressTaken: ReadonlySet<number>;
  /** CallGraph's. */
  readonly tailCalls: boolean;
  readonly catches: Uint8Array;
  /** By function index: CALLS.*. */
  readonly calls: Uint8Array;
  /** Function pointer 0 is null. */
  readonly nullSlot: boolean;
  readonly malloc: number | undefined;
  /** Functions whose calls of it stay the original's. */
  readonly sparing: ReadonlySet<number>;
}

/** Which calls of a function get something in front. */
const CALLS = { LIBC: 1, INDIRECT: 2 } as const;

export interface PlanContext {
  readonly module: Module;
  readonly options: PlanOptions;
  readonly graph: CallGraph;
  readonly closure: ReadonlySet<number>;
  readonly reaches: Uint8Array;
  readonly libc: Libc;
  readonly overReaders: ReadonlySet<number>;
  readonly malloc: number | undefined;
  readonly sparing: ReadonlySet<number>;
}

export function planFacts({ module, options, graph, libc, ...rest }: PlanContext): PlanFacts {
  const checked = checkedLibc(libc, options.strings ?? true);
  return {
    ...rest,
    mode: options.mode ?? 'inline',
    ignored: ignoredFunctions(module, options),
    libc,
    checkedLibc: checked,
    addressTaken: graph.addressTaken,
    tailCalls: graph.tailCalls,
    catches: graph.catches,
    calls: Uint8Array.from(
      graph.callees,
      (callees, func) =>
        (callees.some((callee) => checked.byIndex.has(callee)) ? CALLS.LIBC : 0) |
        (graph.indirect[func]!.some((type) => type >= 0) ? CALLS.INDIRECT : 0),
    ),
    nullSlot: hasNullSlot(module),
  };
}

/**
 * Functions the linker wrote, for a module that is told only at its start where its data lies: a store per pointer, a megabyte
 * of code in a large module, run once. Checks would quadruple it, and find nothing.
 */
function linkersFunctions({ exports }: Module): Set<number> {
  const own = exports.filter((e) => e.kind === KIND.FUNC && /^__wasm_apply_(data|global|tls)_relocs$/.test(e.name));
  return new Set(own.map((e) => e.index));
}

/** Why a function carries no checks, or 'checked'. */
export function skipOf(func: number, { closure, libc, addressTaken, ignored }: PlanFacts): SkipReason {
  if (closure.has(func)) return 'allocator';
  // A library function that can be called without passing a check in front of a call keeps checks of its own.
  if (libc.byIndex.has(func) && !addressTaken.has(func)) return 'libc';
  return ignored.has(func) ? 'ignored' : 'checked';
}

export function planFunction(func: number, module: Module, facts: PlanFacts, globals: Globals): FunctionPlan {
  const { closure, reaches, libc, ignored } = facts;
  const own = closure.has(func);
  const isLibc = libc.byIndex.has(func);
  // Every key, always in this order: plans of several shapes are read several times slower.
  return {
    skip: skipOf(func, facts),
    mode: facts.mode,
    recordsCalls: !own && reaches[func] === 1,
    resetsTop: facts.tailCalls || facts.catches[func] === 1,
    redirectsCalls: !own,
    keepsCallsOf: facts.sparing.has(func) ? facts.malloc : undefined,
    edits: own || isLibc || ignored.has(func) ? NO_EDITS : functionEdits(func, module, facts, globals),
    movedOffsets: undefined,
    inFrame: undefined,
    discarded: undefined,
    poisonsFrame: false,
    overReads: isLibc || facts.overReaders.has(func),
  };
}

function ignoredFunctions(module: Module, { ignore }: PlanOptions): Set<number> {
  const ignored = linkersFunctions(module);
  if (!ignore) return ignored;
  const names = functionNames(module);
  module.bodies.forEach(({ start, end }, i) => {
    const index = module.importedFunctions + i;
    if (ignore({ index, name: names.get(index), start, end })) ignored.add(index);
  });
  return ignored;
}

/** The library functions whose calls are checked. */
function checkedLibc(libc: Libc, strings: boolean): Libc {
  if (strings) return libc;
  const byIndex = new Map([...libc.byIndex].filter(([, f]) => !/^libc_(str|wcs)/.test(f.role.check)));
  return { ...libc, byIndex };
}

const NO_EDITS: readonly Edit[] = [];

/** Everything to be inserted into a function besides the checks of its own accesses, in code order. */
function functionEdits(func: number, module: Module, facts: PlanFacts, globals: Globals): readonly Edit[] {
  const index = func - module.importedFunctions;
  const body = module.bodies[index]!;
  const what = facts.calls[func]!;
  const calls = what & CALLS.LIBC ? libcEdits(module, facts.checkedLibc, body) : NO_EDITS;
  const pointers = what & CALLS.INDIRECT ? indirectCallEdits(module, body, facts.nullSlot) : NO_EDITS;
  const data = globals.edits(index);
  if (calls.length + pointers.length + data.length === 0) return NO_EDITS;
  return [...calls, ...pointers, ...data].sort((a, b) => a.at - b.at);
}

/** Frames of the allocator stay as they are: it must not be slowed down, and its accesses are not checked. */
export function treatFrame(plan: FunctionPlan): 'leave' | 'unchecked' | 'checked' {
  return plan.skip === 'allocator' ? 'leave' : plan.skip === 'checked' ? 'checked' : 'unchecked';
}

/** Edits of one place keep their order: those of the frame come first, so that it is in place for the others. */
export function addFrame(plan: FunctionPlan, change: FrameChange): void {
  const { edits = NO_EDITS } = plan;
  if (edits.length === 0) plan.edits = change.edits;
  else plan.edits = [...change.edits, ...edits].sort((a, b) => a.at - b.at || a.removes - b.removes);
  plan.movedOffsets = change.movedOffsets;
  plan.poisonsFrame = change.poisonsFrame ?? false;
  plan.inFrame = change.inFrame;
}
