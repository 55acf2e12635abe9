// A module made larger by having its functions several times over: each copy is a function of its own with the same code,
// so that size alone changes.

import { Writer } from '../instrument/wasm/bytes.ts';
import { type Module, parseModule, SECTION } from '../instrument/wasm/module.ts';

export function replicate(bytes: Uint8Array, times: number): Uint8Array {
  const module = parseModule(bytes);
  const out = new Writer(bytes.length * times + 1024);
  out.append(bytes, 0, 8);
  for (const section of module.sections) {
    if (section.id === SECTION.FUNCTION) out.section(section.id, functions(module, times));
    else if (section.id === SECTION.CODE) out.section(section.id, code(module, times));
    else {
      out.byte(section.id);
      out.u32(section.end - section.start);
      out.append(bytes, section.start, section.end);
    }
  }
  return out.view().slice();
}

function functions(module: Module, times: number): Writer {
  const types = module.functions.slice(module.importedFunctions);
  const w = new Writer(types.length * times * 2 + 8);
  w.u32(types.length * times);
  for (let copy = 0; copy < times; copy++) for (const type of types) w.u32(type);
  return w;
}

function code({ bytes, bodies }: Module, times: number): Writer {
  const w = new Writer(bytes.length * times);
  w.u32(bodies.length * times);
  for (let copy = 0; copy < times; copy++) {
    for (const { start, end } of bodies) {
      w.u32(end - start);
      w.append(bytes, start, end);
    }
  }
  return w;
}
