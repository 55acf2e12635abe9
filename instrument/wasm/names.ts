// The names that a module's "name" section gives to its parts.

import { Reader } from './bytes.ts';
import { type Module, SECTION } from './module.ts';

/** Read once per module: several analyses ask, and a large module has a hundred thousand names. */
const namesRead = new WeakMap<Module, ReadonlyMap<number, string>>();

/** Function names of the "name" section (subsection 1), by function index. Malformed names are dropped, not fatal. */
export function functionNames(module: Module): ReadonlyMap<number, string> {
  let names = namesRead.get(module);
  if (!names) {
    names = nameMap(module, 1);
    namesRead.set(module, names);
  }
  return names;
}

/** Global names of the "name" section (subsection 7). */
export function globalNames(module: Module): Map<number, string> {
  return nameMap(module, 7);
}

/** One subsection of the "name" section. */
export function nameMap(module: Module, subsection: number): Map<number, string> {
  const names = new Map<number, string>();
  const section = module.sections.find((s) => s.id === SECTION.CUSTOM && s.name === 'name');
  if (!section) return names;
  try {
    const r = new Reader(module.bytes, section.start, section.end);
    r.name();
    while (!r.done) {
      const id = r.byte();
      const size = r.u32();
      const end = r.pos + size;
      if (id === subsection) for (let n = r.u32(); n > 0; n--) names.set(r.u32(), r.name());
      r.pos = end;
    }
  } catch {
    // A broken name section is legal wasm: what was read so far is still useful.
  }
  return names;
}
