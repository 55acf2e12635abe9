// The output's name section: the program's function names renumbered, the runtime's added, so that an engine's own stack
// trace names both. Local, label and other names are dropped: scratch locals would make some of them wrong.

import { Writer } from '../wasm/bytes.ts';
import { KIND, type Module } from '../wasm/module.ts';
import { functionNames } from '../wasm/names.ts';
import type { Linked } from './runtime-linker.ts';

export interface Named {
  readonly program: Module;
  readonly runtime: Module;
  readonly linked: Linked;
  readonly functionMap: Int32Array;
  readonly startFunction: number;
  /** By index of the runtime's body: 1 if the output has it. */
  readonly needed: Uint8Array;
}

/** Contents of the section after its own name. */
export function writeNames({ program, runtime, linked, functionMap, startFunction, needed }: Named): Uint8Array {
  const names = new Map<number, string>();
  for (const [index, name] of functionNames(program))
    if (index < functionMap.length) names.set(functionMap[index]!, name);
  const runtimeNames = functionNames(runtime);
  const exports = new Map(runtime.exports.filter((e) => e.kind === KIND.FUNC).map((e) => [e.index, e.name]));
  for (let i = runtime.importedFunctions; i < runtime.functions.length; i++) {
    if (!needed[i - runtime.importedFunctions]) continue;
    const name = exports.get(i) ?? runtimeNames.get(i)?.replace(/^.*\//, '');
    names.set(linked.functionMap[i]!, `__wasan.${name ?? i}`);
  }
  linked.glue.forEach((g, i) => {
    names.set(startFunction - linked.glue.length + i, g.name);
  });
  names.set(startFunction, '__wasan_start');
  const map = new Writer(1 << 14);
  const sorted = [...names].sort((a, b) => a[0] - b[0]);
  map.u32(sorted.length);
  for (const [index, name] of sorted) {
    map.u32(index);
    map.name(name);
  }
  const out = new Writer(map.length + 8);
  out.section(1, map);
  return out.view();
}
