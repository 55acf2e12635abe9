// The type of each exception tag: what a handler finds on the operand stack.

import { Reader } from '../wasm/bytes.ts';
import { KIND, type Module, SECTION } from '../wasm/module.ts';

/** Answers so far: every handler asks. */
const answers = new WeakMap<Module, readonly number[]>();

/** Type indices, imported tags first. */
export function tagTypes(module: Module): readonly number[] {
  let types = answers.get(module);
  if (!types) {
    types = readTagTypes(module);
    answers.set(module, types);
  }
  return types;
}

function readTagTypes(module: Module): number[] {
  const types: number[] = [];
  for (const entry of module.imports) {
    if (entry.kind !== KIND.TAG) continue;
    const r = new Reader(module.bytes, entry.start, entry.end);
    r.name();
    r.name();
    r.skip(2); // kind, attribute
    types.push(r.u32());
  }
  const section = module.sections.find((s) => s.id === SECTION.TAG);
  if (!section) return types;
  const r = new Reader(module.bytes, section.start, section.end);
  for (let count = r.u32(); count > 0; count--) {
    r.skip(1);
    types.push(r.u32());
  }
  return types;
}
