// The output's exports: the program's own, and what the host or another module may want of the runtime.

import { isAbi } from '../interface.ts';
import { interfaceRow } from '../interface-table.ts';
import type { Writer } from '../wasm/bytes.ts';
import { type Global, KIND } from '../wasm/module.ts';
import { TYPE } from '../wasm/opcodes.ts';
import type { EngineInput } from './engine.ts';
import type { Linked } from './runtime-linker.ts';

/** Functions of the runtime that the output exports: without a host, those of the interface that need none. */
export function runtimeExports(linked: Linked, host: boolean): (readonly [name: string, index: number])[] {
  const isShown = (name: string) => isAbi(name) && (interfaceRow(name)?.by ?? 'runtime') === 'runtime';
  return [...linked.functions].filter(([name]) => (!host && isShown(name)) || name.startsWith('__wasan_'));
}

export function writeExports(w: Writer, input: EngineInput, linked: Linked, callMap: Int32Array): void {
  const { program, host } = input;
  const added = runtimeExports(linked, host);
  const globals = [...linked.globals].filter(([name]) => name.startsWith('__wasan_'));
  const roots = host ? program.globals.flatMap((g, i) => (mayHoldPointer(g) ? [i] : [])) : [];
  const memories = input.neighbour ? 0 : 1;
  w.u32(program.exports.length + added.length + globals.length + roots.length + memories);
  for (const e of program.exports) entry(w, e.name, e.kind, e.kind === KIND.FUNC ? callMap[e.index]! : e.index);
  for (const [name, index] of added) entry(w, name, KIND.FUNC, index);
  for (const [name, index] of globals) entry(w, name, KIND.GLOBAL, index);
  for (const index of roots) entry(w, `__wasan_global_${index}`, KIND.GLOBAL, index);
  if (memories > 0) entry(w, '__wasan_memory', KIND.MEMORY, program.memories.length);
}

/** The leak check looks at these from the host. What never changes holds no address of the heap, unless it came from outside. */
function mayHoldPointer({ type, mutable, imported }: Global): boolean {
  return (mutable || imported) && (type === TYPE.I32 || type === TYPE.I64);
}

function entry(w: Writer, name: string, kind: number, index: number): void {
  w.name(name);
  w.byte(kind);
  w.u32(index);
}
