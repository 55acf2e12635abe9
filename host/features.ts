// What the engine can do, found out by asking it.

/** (module (memory 1) (memory 1)) */
const TWO_MEMORIES = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 5, 2, 0, 1, 0, 1);

/** Whether a module may have more than one memory; without it, instrument with `singleMemory`. */
export function hasMultiMemory(): boolean {
  return WebAssembly.validate(TWO_MEMORIES);
}
