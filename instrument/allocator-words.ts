// Which words of memory are the allocator's own: the addresses that its functions name. The sizes and chunk addresses it keeps
// there look like pointers into the program's blocks, and would hide leaks.

import { Decoder } from './wasm/decoder.ts';
import type { Module } from './wasm/module.ts';
import { IMM, OP } from './wasm/opcodes.ts';

const WORD = 4;

/** In order; `closure` holds function indices. Static data begins at `from`. */
export function allocatorWords(module: Module, closure: ReadonlySet<number>, from: number): number[] {
  const words = new Set<number>();
  const add = (address: number) => {
    if (address >= Math.max(from, WORD) && address % WORD === 0) words.add(address);
  };
  for (const func of closure) {
    const body = module.bodies[func - module.importedFunctions];
    if (!body) continue;
    const d = new Decoder(module.bytes, body.start, body.end);
    d.skipLocals();
    while (d.pos < d.end) {
      d.next();
      if (d.op === OP.I32_CONST) add(d.value);
      else if (d.immediates === IMM.MEMARG && d.memory === 0) add(d.offset);
    }
  }
  return [...words].sort((a, b) => a - b);
}
