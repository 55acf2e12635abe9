// Memory 1 for an engine that gives a module one memory: the instrumented module carries a second module, the neighbour,
// which has that memory and a function for each instruction on it. Both are instantiated together.

import { readWasmModule } from './symbols/wasm-module.ts';

export interface Neighbour {
  readonly memory: WebAssembly.Memory;
  /** What the instrumented module imports. */
  readonly functions: WebAssembly.ModuleImports;
}

/** The engine's own, taken before anything intercepts them: a neighbour is no module of the program. */
const { Module, Instance } = WebAssembly;

/** A new neighbour for a new instance; undefined for modules that have memory 1 themselves. */
export function makeNeighbour(instrumented: Uint8Array): Neighbour | undefined {
  const section = readWasmModule(instrumented).custom('wasan.neighbour');
  if (!section) return undefined;
  const { memory, ...functions } = new Instance(new Module(section.slice())).exports;
  return { memory: memory as WebAssembly.Memory, functions: functions as WebAssembly.ModuleImports };
}
