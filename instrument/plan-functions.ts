// What happens to each function: whether it is checked, where its calls go, and what is inserted into it besides checks.

import type { CallGraph } from './call-graph.ts';
import type { FrameChange } from './frames/index.ts';
import type { Globals } from './globals/index.ts';
import { indirectCallEdits } from './indirect-calls.ts';
import { type Libc, libcEdits } from './libc.ts';
import type { Edit, FunctionPlan, Mode } from './plan.ts';
import { KIND, type Module } from './wasm/module.ts';

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

export interface PlanContext {
  readonly module: Module;
  readonly options: PlanOptions;
  readonly names: ReadonlyMap<number, string>;
  readonly graph: CallGraph;
  readonly closure: ReadonlySet<number>;
  readonly reaches: Uint8Array;
  readonly libc: Libc;
  readonly globals: Globals;
  readonly overReaders: ReadonlySet<number>;
  /** Function pointer 0 is null. */
  readonly nullSlot: boolean;
  readonly malloc: number | undefined;
  /** Functions whose calls of it stay the original's. */
  readonly sparing: ReadonlySet<number>;
}

/** In order of their bodies. */
export function planFunctions(context: PlanContext): FunctionPlan[] {
  const { importedFunctions, bodies } = context.module;
  const linkers = linkersFunctions(context.module);
  return bodies.map((_, i) => planFunction(importedFunctions + i, context, linkers));
}

/**
 * Functions the linker wrote, for a module that is told only at its start where its data lies: a store per pointer, a megabyte
 * of code in a large module, run once. Checks would quadruple it, and find nothing.
 */
function linkersFunctions({ exports }: Module): Set<number> {
  const own = exports.filter((e) => e.kind === KIND.FUNC && /^__wasm_apply_(data|global|tls)_relocs$/.test(e.name));
  return new Set(own.map((e) => e.index));
}

function planFunction(func: number, context: PlanContext, linkers: ReadonlySet<number>): FunctionPlan {
  const { closure, reaches, libc, graph, options } = context;
  const own = closure.has(func);
  const isLibc = libc.byIndex.has(func);
  const ignored = linkers.has(func) || isIgnored(func, context);
  // A library function that can be called without passing a check in front of a call keeps checks of its own.
  const unseen = isLibc && graph.addressTaken.has(func);
  return {
    skip: own ? 'allocator' : isLibc && !unseen ? 'libc' : ignored ? 'ignored' : 'checked',
    mode: options.mode ?? 'inline',
    recordsCalls: !own && reaches[func] === 1,
    resetsTop: graph.tailCalls || graph.catches[func] === 1,
    redirectsCalls: !own,
    ...(context.malloc !== undefined && context.sparing.has(func) && { keepsCallsOf: context.malloc }),
    overReads: isLibc || context.overReaders.has(func),
    edits: own || isLibc || ignored ? [] : functionEdits(func, context),
  };
}

function isIgnored(index: number, { module, options, names }: PlanContext): boolean {
  const { start, end } = module.bodies[index - module.importedFunctions]!;
  return options.ignore?.({ index, name: names.get(index), start, end }) ?? false;
}

/** The library functions whose calls are checked. */
function checkedLibc(libc: Libc, strings: boolean): Libc {
  if (strings) return libc;
  const byIndex = new Map([...libc.byIndex].filter(([, f]) => !/^libc_(str|wcs)/.test(f.role.check)));
  return { ...libc, byIndex };
}

/** Everything to be inserted into a function besides the checks of its own accesses, in code order. */
function functionEdits(func: number, { module, graph, libc: found, globals, nullSlot, options }: PlanContext): Edit[] {
  const libc = checkedLibc(found, options.strings ?? true);
  const index = func - module.importedFunctions;
  const callsLibc = graph.callees[func]!.some((callee) => libc.byIndex.has(callee));
  const callsIndirectly = graph.indirect[func]!.some((type) => type >= 0) && !module.memories[0]!.is64;
  const body = module.bodies[index]!;
  const calls = callsLibc ? libcEdits(module, libc, body) : [];
  const pointers = callsIndirectly ? indirectCallEdits(module, body, nullSlot) : [];
  return [...calls, ...pointers, ...globals.edits(index)].sort((a, b) => a.at - b.at);
}

/** Frames of the allocator stay as they are: it must not be slowed down, and its accesses are not checked. */
export function treatFrame(plan: FunctionPlan): 'leave' | 'unchecked' | 'checked' {
  return plan.skip === 'allocator' ? 'leave' : plan.skip === 'checked' ? 'checked' : 'unchecked';
}

/** Edits of one place keep their order: those of the frame come first, so that it is in place for the others. */
export function withFrame(plan: FunctionPlan, change: FrameChange | undefined): FunctionPlan {
  if (!change) return plan;
  const edits = [...change.edits, ...(plan.edits ?? [])].sort((a, b) => a.at - b.at || a.removes - b.removes);
  return {
    ...plan,
    edits,
    ...(change.movedOffsets && { movedOffsets: change.movedOffsets }),
    ...(change.poisonsFrame && { poisonsFrame: true }),
    ...(change.inFrame && { inFrame: change.inFrame }),
  };
}
