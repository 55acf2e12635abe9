// The module as it was, where the instrumented one carries it along.

import { readWasmModule } from './symbols/wasm-module.ts';

/** The bytes that `instrument(..., { embedOriginal: true })` was given; undefined for a module made without. */
export function originalOf(instrumented: Uint8Array): Uint8Array | undefined {
  return readWasmModule(instrumented).custom('wasan.original')?.slice();
}
