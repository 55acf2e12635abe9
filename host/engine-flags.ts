// Node reads WebAssembly branch hints only if told to (until V8 ships them); with them the checks cost a third less.

import { setFlagsFromString } from 'node:v8';

/** V8 versions that have the option: another would complain on standard error. */
const FIRST = 11;
const LAST = 14;

/** To be called before an instrumented module is compiled. */
export function readBranchHints(): void {
  const version = Number.parseInt(process.versions.v8, 10);
  if (version >= FIRST && version <= LAST) setFlagsFromString('--experimental-wasm-branch-hinting');
}
