// Which of the runtime's functions a module needs: those that the code written for it calls, those that it exports, and what
// they call. The others keep their number, so that nothing has to be renumbered once that is known, and lose their body.

import { Decoder } from '../wasm/decoder.ts';
import { KIND, type Module } from '../wasm/module.ts';
import { IMM, OP } from '../wasm/opcodes.ts';

/** A body that nothing calls: no locals, `unreachable`. */
export const DEAD_BODY: readonly number[] = [0, OP.UNREACHABLE, OP.END];

/** By index of the runtime's body: 1 if it is needed. `names` are exports of the runtime. */
export function reachedBodies(runtime: Module, names: Iterable<string>): Uint8Array {
  const reached = new Uint8Array(runtime.bodies.length);
  const exported = new Map(runtime.exports.filter((e) => e.kind === KIND.FUNC).map((e) => [e.name, e.index]));
  const open = [...names].map((name) => exported.get(name)!);
  if (runtime.start !== undefined) open.push(runtime.start);
  for (let func = open.pop(); func !== undefined; func = open.pop()) {
    const body = func - runtime.importedFunctions;
    if (body < 0 || reached[body]) continue;
    reached[body] = 1;
    open.push(...calledBy(runtime, body));
  }
  return reached;
}

function calledBy(runtime: Module, i: number): number[] {
  const body = runtime.bodies[i]!;
  const d = new Decoder(runtime.bytes, body.start, body.end);
  d.skipLocals();
  const called: number[] = [];
  while (d.pos < d.end) {
    d.next();
    if (d.immediates === IMM.FUNC) called.push(d.index);
  }
  return called;
}
