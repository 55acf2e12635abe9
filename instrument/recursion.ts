// Which functions may be called again before they return: those on a cycle of the call graph (Tarjan's strongly connected
// components; a call through a table leads to all functions of its type whose address is taken). No others go deep.

import type { CallGraph } from './call-graph.ts';
import type { Module } from './wasm/module.ts';

/** 1 by function index. */
export function recursiveFunctions(module: Module, graph: CallGraph): Uint8Array {
  const count = module.functions.length;
  const successors = edges(module, graph);
  const recursive = new Uint8Array(count);
  for (const component of components(count + module.types.length, successors)) {
    const [only] = component;
    if (component.length === 1 && !successors(only!).includes(only!)) continue;
    for (const node of component) if (node < count) recursive[node] = 1;
  }
  return recursive;
}

/** Behind the functions there is a node for each type: what is called through a table by that type. */
function edges(module: Module, graph: CallGraph): (node: number) => readonly number[] {
  const count = module.functions.length;
  const byType = new Map<number, number[]>();
  for (const func of graph.addressTaken) {
    const type = module.functions[func]!;
    const list = byType.get(type);
    if (list) list.push(func);
    else byType.set(type, [func]);
  }
  const taken = [...graph.addressTaken];
  const through = (type: number) => (type < 0 ? taken : [count + type]);
  return (node) => {
    if (node >= count) return byType.get(node - count) ?? [];
    const indirect = graph.indirect[node]!;
    return indirect.length === 0 ? graph.callees[node]! : [...graph.callees[node]!, ...indirect.flatMap(through)];
  };
}

interface Visit {
  readonly node: number;
  readonly next: readonly number[];
  at: number;
}

/** Without recursion of its own: call chains are longer than the engine's stack. */
function* components(count: number, successors: (node: number) => readonly number[]): Generator<number[]> {
  const order = new Int32Array(count); // when a node was first seen, from 1 on
  const low = new Int32Array(count); // the first of all nodes on the path that it leads back to
  const open = new Uint8Array(count);
  const path: number[] = [];
  const visits: Visit[] = [];
  let seen = 0;
  const enter = (node: number) => {
    order[node] = low[node] = ++seen;
    open[node] = 1;
    path.push(node);
    visits.push({ node, next: successors(node), at: 0 });
  };
  for (let root = 0; root < count; root++) {
    if (order[root] === 0) enter(root);
    while (visits.length > 0) {
      const visit = visits.at(-1)!;
      const { node, next } = visit;
      if (visit.at < next.length) {
        const to = next[visit.at++]!;
        if (order[to] === 0) enter(to);
        else if (open[to]) low[node] = Math.min(low[node]!, order[to]!);
        continue;
      }
      visits.pop();
      const above = visits.at(-1);
      if (above) low[above.node] = Math.min(low[above.node]!, low[node]!);
      if (low[node] !== order[node]) continue;
      const component = path.splice(path.lastIndexOf(node));
      for (const member of component) open[member] = 0;
      yield component;
    }
  }
}
