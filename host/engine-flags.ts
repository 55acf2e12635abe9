// What Node's engine is told before it compiles an instrumented module. It reads WebAssembly branch hints only if told to (until
// V8 ships them); with them the checks cost a third less. And it optimises a function that has executed so many bytes of code:
// checks make three of one, so that functions would be optimised that do a third of the work, at three times the price.

import { setFlagsFromString } from 'node:v8';

/** How much larger checks make code. */
const LARGER = 3;
/** V8's budget since it counts in these units, in bytes. */
const TIERING_BUDGET = 13_000_000;

/** The flags of a version of V8: of one that it does not have, it would complain on standard error. */
export function engineFlags(v8: string): string[] {
  const version = Number.parseInt(v8, 10);
  return [
    ...(version >= 11 && version <= 14 ? ['--experimental-wasm-branch-hinting'] : []),
    ...(version >= 13 && version <= 14 ? [`--wasm-tiering-budget=${TIERING_BUDGET * LARGER}`] : []),
  ];
}

/** To be called before an instrumented module is compiled. */
export function setEngineFlags(): void {
  for (const flag of engineFlags(process.versions.v8)) setFlagsFromString(flag);
}

/**
 * Compiles a module that this engine is known to accept. Functions are then validated when they are first called instead of all
 * at once, which for 100 MB of code takes twice as long as the rest. Undefined where V8 is not known to have that flag.
 */
export function compileAccepted(bytes: Uint8Array, Module: typeof WebAssembly.Module): WebAssembly.Module | undefined {
  if (!hasLazyValidation(process.versions.v8)) return undefined;
  setFlagsFromString('--wasm-lazy-validation');
  try {
    return new Module(bytes as BufferSource);
  } finally {
    setFlagsFromString('--no-wasm-lazy-validation'); // what the program compiles besides is to be validated
  }
}

export function hasLazyValidation(v8: string): boolean {
  const version = Number.parseInt(v8, 10);
  return version >= 11 && version <= 14;
}
