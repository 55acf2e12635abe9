// A probe run of an allocator that was found by its bodies. What its indirect calls may lead to is most of a large module, and
// no allocator calls it unless something is wrong: it is tried without that first, and again with all of it only if the run
// came to a function that was left out.

import { type CallGraph, calledFrom } from './call-graph.ts';
import { buildProbe, type CollectedHeap, type Probe, type ProbeResult } from './probe-module.ts';
import type { Module } from './wasm/module.ts';

interface Tried {
  /** Role of allocator-roles.ts, or INITIALISE -> function. */
  readonly roles: ReadonlyMap<string, number>;
  /** A global, for an allocator that deals in blocks. */
  readonly root?: number | undefined;
  /** Of an allocator whose blocks are collected. */
  readonly heap?: CollectedHeap | undefined;
}

/** Undefined where it cannot be tried. */
export function tryOut(
  module: Module,
  graph: CallGraph,
  { roles, root, heap }: Tried,
  probe: Probe | undefined,
): ProbeResult | undefined {
  if (!probe) return undefined;
  const run = (reached: ReadonlySet<number>): ProbeResult | undefined => {
    const question = buildProbe(module, roles, reached, { root, heap });
    return question && probe(question);
  };
  const first = run(calledFrom(graph, roles.values()));
  if (!first?.isCut) return first;
  return run(calledFrom(graph, roles.values(), callable(module, graph)));
}

/** What may be called by its type; the first call of a type leads to all of them. */
function callable(module: Module, graph: CallGraph): (type: number) => readonly number[] {
  const byType = Map.groupBy(graph.addressTaken, (f) => module.functions[f]!);
  return (type) => {
    const functions = byType.get(type) ?? [];
    byType.delete(type);
    return functions;
  };
}
