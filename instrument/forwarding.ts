// A function that merely stands in front of another one.

import { Decoder } from './wasm/decoder.ts';
import type { Module } from './wasm/module.ts';
import { OP } from './wasm/opcodes.ts';

/** The function that another one calls with its own arguments, and does nothing else. */
export function forwardedTo(module: Module, func: number): number | undefined {
  const { start, end } = module.bodies[func - module.importedFunctions]!;
  const count = module.types[module.functions[func]!]?.params.length ?? 0;
  const d = new Decoder(module.bytes, start, end);
  d.skipLocals();
  for (let i = 0; i < count; i++) {
    d.next();
    if (d.op !== OP.LOCAL_GET || d.index !== i) return undefined;
  }
  d.next();
  const callee = d.index;
  if (d.op !== OP.CALL || callee < module.importedFunctions || d.pos !== end - 1) return undefined;
  return module.functions[callee] === module.functions[func] ? callee : undefined;
}
