// Who calls whom. Answers two questions: which functions belong to the allocator alone (they are not checked), and from
// which functions the allocator can be reached (they record their calls on the shadow call stack).

import { Decoder, stopTable } from './wasm/decoder.ts';
import { type Module, signatures } from './wasm/module.ts';
import { OP } from './wasm/opcodes.ts';

export interface CallGraph {
  /** Direct callees of each function (by function index; imports have none). */
  readonly callees: readonly (readonly number[])[];
  /** Direct callers. */
  readonly callers: readonly (readonly number[])[];
  /** Type indices each function calls indirectly; -1 stands for a call through a reference. */
  readonly indirect: readonly (readonly number[])[];
  /** Functions whose address is taken anywhere: tables, exports, globals, ref.func. */
  readonly addressTaken: ReadonlySet<number>;
  /** Mutable globals each function writes. */
  readonly globalsWritten: readonly (readonly number[])[];
  /** 1 for functions with exception handlers. */
  readonly catches: Uint8Array;
  /** Whether any function calls in place of returning. */
  readonly tailCalls: boolean;
  /** Whether any function asks for the size of memory or changes it. */
  readonly sizesMemory: boolean;
}

/** What a call graph is made of. */
const NOTED = stopTable(
  ...[OP.CALL, OP.RETURN_CALL, OP.CALL_INDIRECT, OP.RETURN_CALL_INDIRECT, OP.CALL_REF, OP.RETURN_CALL_REF],
  ...[OP.REF_FUNC, OP.GLOBAL_SET, OP.TRY, OP.TRY_TABLE, OP.MEMORY_SIZE, OP.MEMORY_GROW],
);

/** Passes over every body once. */
export function buildCallGraph(module: Module): CallGraph {
  const count = module.functions.length;
  const lists = () => new Array<number[]>(count).fill(NONE);
  const callees = lists();
  const callers = lists();
  const indirect = lists();
  const globalsWritten = lists();
  const addressTaken = new Set(module.addressTaken);
  const catches = new Uint8Array(count);
  /** The last function found to call each: it is noted once, without a set for every function. */
  const calledBy = new Int32Array(count).fill(-1);
  let tailCalls = false;
  let sizesMemory = false;
  const decoder = new Decoder(module.bytes);
  module.bodies.forEach((body, i) => {
    const func = module.importedFunctions + i;
    decoder.pos = body.start;
    decoder.end = body.end;
    decoder.skipLocals();
    while (decoder.nextOf(NOTED)) {
      const { op } = decoder;
      if (op === OP.CALL || op === OP.RETURN_CALL) {
        if (calledBy[decoder.index] !== func) {
          calledBy[decoder.index] = func;
          add(callees, func, decoder.index);
          if (decoder.index < count) add(callers, decoder.index, func);
        }
      } else if (op === OP.CALL_INDIRECT || op === OP.RETURN_CALL_INDIRECT) note(indirect, func, decoder.index);
      else if (op === OP.CALL_REF || op === OP.RETURN_CALL_REF) note(indirect, func, -1);
      else if (op === OP.REF_FUNC) addressTaken.add(decoder.index);
      else if (op === OP.GLOBAL_SET) note(globalsWritten, func, decoder.index);
      else if (op === OP.TRY || op === OP.TRY_TABLE) catches[func] = 1;
      tailCalls ||= op === OP.RETURN_CALL || op === OP.RETURN_CALL_INDIRECT || op === OP.RETURN_CALL_REF;
      sizesMemory ||= op === OP.MEMORY_SIZE || op === OP.MEMORY_GROW;
    }
  });
  return { callees, callers, indirect, addressTaken, globalsWritten, catches, tailCalls, sizesMemory };
}

/** Adds to a list that stays short. */
function note(lists: number[][], func: number, value: number): void {
  if (!lists[func]!.includes(value)) add(lists, func, value);
}

/** Most functions of a large module share one empty list for what they never do. */
const NONE: number[] = [];

function add(lists: number[][], func: number, value: number): void {
  const list = lists[func]!;
  if (list === NONE) lists[func] = [value];
  else list.push(value);
}

/** Everything that direct calls lead to, and with `indirect` what a function may call by its type as well. */
export function calledFrom(
  graph: CallGraph,
  roots: Iterable<number>,
  indirect?: (type: number) => readonly number[],
): Set<number> {
  const reached = new Set(roots);
  const work = [...reached];
  const reach = (func: number) => {
    if (reached.has(func)) return;
    reached.add(func);
    work.push(func);
  };
  while (work.length > 0) {
    const func = work.pop()!;
    graph.callees[func]!.forEach(reach);
    if (indirect) for (const type of graph.indirect[func]!) indirect(type).forEach(reach);
  }
  return reached;
}

/**
 * The allocator's own code: its entry points and everything below them that nobody else calls. Functions shared with the
 * program (memcpy, sbrk) stay outside and stay checked; the runtime keeps reports off while they work for the allocator.
 */
export function allocatorClosure(graph: CallGraph, roots: readonly number[]): Set<number> {
  const reached = calledFrom(graph, roots);
  const entry = new Set(roots);
  const leaks = (f: number) =>
    !entry.has(f) && (graph.addressTaken.has(f) || graph.callers[f]!.some((caller) => !reached.has(caller)));
  for (let changed = true; changed; ) {
    changed = false;
    for (const f of reached) {
      if (!leaks(f)) continue;
      reached.delete(f);
      changed = true;
    }
  }
  return reached;
}

/**
 * Marks (1) every function from which one of `roots` may be reached. Indirect calls reach every address-taken function of
 * their signature. Imports reach what the module exports, because the host may call back, except WASI's, which never do.
 */
export function reaching(module: Module, graph: CallGraph, roots: readonly number[]): Uint8Array {
  const marks = new Uint8Array(module.functions.length);
  if (roots.length === 0) return marks;
  const signature = signatures(module);
  const indirectCallers = new Map<string, number[]>();
  graph.indirect.forEach((types, func) => {
    for (const type of types) push(indirectCallers, type < 0 ? '*' : signature[type]!, func);
  });
  const callbacks = module.imports.filter((i) => i.kind === 0 && !i.module.startsWith('wasi_')).map((i) => i.index);
  const work = [...roots];
  for (const root of roots) marks[root] = 1;
  const mark = (func: number) => {
    if (marks[func]) return;
    marks[func] = 1;
    work.push(func);
  };
  while (work.length > 0) {
    const func = work.pop()!;
    for (const caller of graph.callers[func]!) mark(caller);
    if (!graph.addressTaken.has(func)) continue;
    for (const caller of take(indirectCallers, signature[module.functions[func]!]!)) mark(caller);
    for (const caller of take(indirectCallers, '*')) mark(caller);
    for (const callback of callbacks.splice(0)) mark(callback);
  }
  return marks;
}

function push(map: Map<string, number[]>, key: string, value: number): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** The callers waiting under a key, once: they need marking only the first time. */
function take(map: Map<string, number[]>, key: string): number[] {
  const list = map.get(key) ?? [];
  map.delete(key);
  return list;
}
