// wee_alloc, a small allocator that many packages of wasm-bindgen chose: free lists by size in words, up to 256 words, and one
// for all that is larger. Its lists are an array right behind the head of that one:
//
//   large | list of 1 word | list of 2 words | ...        both addresses stand in alloc and in dealloc, and nowhere else
//
// Neither looks at more than it is told: Rust says how large a block was and how it was aligned when it gives it back, and its
// realloc allocates, copies and frees. So redzones can go on both sides.

import type { FeatureCache } from '../body-features.ts';
import type { Module } from '../wasm/module.ts';
import { TYPE } from '../wasm/opcodes.ts';
import { type Family, functionsOf, functionsThat, within } from './fingerprint.ts';

/** (words - 1) is compared with the largest, words = (bytes + 3) / 4. */
const CLASSES = [255, -1, 2, 3];
const ALLOC_SIZE = [120, 900] as const;
const DEALLOC_SIZE = [120, 700] as const;
const WORD = 4;
/** Smaller constants are no addresses. */
const LOWEST = 1024;

const I = TYPE.I32;

export function findWee(module: Module, features: FeatureCache): Family | undefined {
  const fits = (f: number, size: readonly [number, number]) =>
    within(features.bodySize(f), size) && features.holds(f, CLASSES) && heads(features, f).length > 0;
  const deallocs = functionsOf(module, [I, I, I], []).filter((f) => fits(f, DEALLOC_SIZE));
  const allocs = functionsOf(module, [I, I], [I]).filter((f) => fits(f, ALLOC_SIZE));
  const pairs = allocs.flatMap((alloc) =>
    deallocs.flatMap((dealloc) =>
      heads(features, alloc)
        .filter((head) => heads(features, dealloc).includes(head))
        .map((head) => ({ alloc, dealloc, head })),
    ),
  );
  if (pairs.length !== 1) return undefined;
  const { alloc, dealloc, head } = pairs[0]!;
  const roles = new Map([
    ['__rust_alloc', alloc],
    ['__rust_dealloc', dealloc],
  ]);
  const evidence = [`functions ${alloc} and ${dealloc} choose among wee_alloc's lists at ${head}`];
  const users = usersOf(module, features, head);
  const inlined = users.some((f) => f !== alloc && f !== dealloc);
  const refused = inlined ? 'wee_alloc was inlined into a function of the program, too' : undefined;
  return { roles, setUp: undefined, evidence, refused, layout: 'around' };
}

/** Addresses of a word that is followed by another one. */
function heads(features: FeatureCache, f: number): number[] {
  const { constants } = features.of(f);
  return [...constants].filter((c) => c >= LOWEST && c % WORD === 0 && constants.has(c + WORD));
}

/** Both addresses: either alone may be the end of something else. */
function usersOf(module: Module, features: FeatureCache, head: number): number[] {
  return functionsThat(module, (f) => {
    const { constants, addresses } = features.of(f);
    return [head, head + WORD].every((word) => constants.has(word) || addresses.has(word));
  });
}
