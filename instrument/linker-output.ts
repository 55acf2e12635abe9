// Whether a module's code is as the compiler and the linker wrote it, or some tool has rewritten it since.

import { Decoder } from './wasm/decoder.ts';
import type { Module } from './wasm/module.ts';
import { OP } from './wasm/opcodes.ts';

/** Bytes of a number that the linker wrote, whatever its value. */
const PADDED_LENGTH = 5;

/**
 * The linker pads addresses to five bytes. A tool that has rewritten the code left numbers of which nobody can tell whether they
 * are addresses, and may have folded constants into others.
 */
export function isLinkerOutput(module: Module): boolean {
  for (const { start, end } of module.bodies) {
    const d = new Decoder(module.bytes, start, end);
    d.skipLocals();
    while (d.pos < d.end) {
      d.next();
      if (d.op === OP.CALL) return d.pos - d.immediateStart === PADDED_LENGTH;
    }
  }
  return false;
}
