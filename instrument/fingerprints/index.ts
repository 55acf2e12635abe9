// Which functions of a module without names are its allocator, by what their bodies look like: each allocator's constants and
// the words of state that its functions share survive every compiler and optimisation level. Asked in turn; a module has one.

import type { FeatureCache } from '../body-features.ts';
import { type Module, pointerType } from '../wasm/module.ts';
import { TYPE } from '../wasm/opcodes.ts';
import { findDlmalloc } from './dlmalloc.ts';
import { findEmmalloc } from './emmalloc.ts';
import { type Fingerprint, nothing } from './fingerprint.ts';
import { carriesMimalloc, findMimalloc } from './mimalloc.ts';
import { findOlderRust } from './older-rust.ts';
import { findRust } from './rust.ts';

export type { Fingerprint } from './fingerprint.ts';

/** `known` are members found by name or option. */
export function fingerprint(module: Module, known: ReadonlyMap<string, number>, features: FeatureCache): Fingerprint {
  if (pointerType(module) !== TYPE.I32) return nothing();
  const dlmalloc = findDlmalloc(module, features, known);
  if (dlmalloc.found) return dlmalloc;
  // Below mimalloc, Emscripten's builds have emmalloc.
  if (carriesMimalloc(module)) return findMimalloc(module, features, known);
  for (const find of [findRust, findOlderRust, findEmmalloc]) {
    const print = find(module, features, known);
    if (print.found) return print;
  }
  return nothing();
}
