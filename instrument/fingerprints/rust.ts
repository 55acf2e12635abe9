// The allocator of Rust for wasm32-unknown-unknown, dlmalloc written in Rust: C's algorithm and C's blocks, but without the
// magic number, and with memory.grow where C calls sbrk. __rust_alloc and its relatives are inlined into everything, so
// malloc and free themselves are what can be replaced. Rust checks a block's true size against the one it asked for when it
// gives it back, which leaves room for a redzone of 16 bytes:
//
//   size + 39  >=  body + 16 + 8 (the size word, aligned) + 8 (a remainder too small for a block),  body <= size + 7
//
// What is cut out of a larger block to be aligned may have a remainder of 16, and so a redzone of 8 (runtime/original.ts).
//
// Before Rust 1.7x, memalign was inlined into the one function that allocates: older-rust.ts.

import type { FeatureCache } from '../body-features.ts';
import type { Module } from '../wasm/module.ts';
import { TYPE } from '../wasm/opcodes.ts';
import {
  callersOf,
  type Fingerprint,
  functionsOf,
  growsMemory,
  nothing,
  only,
  sharedState,
  within,
} from './fingerprint.ts';

const MALLOC_CONSTANTS = [245, 11, -8, 8, 31];
export const MALLOC_SIZE = [3800, 5600] as const;
/**
 * Where std was compiled for size: a loop sets the bins up, and what it does with trees may be in functions of its own. No other
 * allocator has the small bins' mask and the rounding up of what it asks for to pages of 64 KiB in its code.
 */
const SMALL_MALLOC_CONSTANTS = [245, 504, 4095, 65583, -65536];
const SMALL_MALLOC_SIZE = [1900, 3799] as const;
const SMALL_MALLOC_STATE = 10;
const FREE_CONSTANTS = [-8, -2, 2, 3, 256];
export const FREE_SIZE = [650, 1400] as const;
/** Where the small bins are many words of it. */
export const MALLOC_STATE = 30;
export const SHARED_STATE = 4;
/** dispose_chunk writes the heads of its neighbours and links of bins. */
export const DISPOSE_STORES = 15;
export const LARGEST_REDZONE = 16;

export function findRust(module: Module, features: FeatureCache): Fingerprint {
  const malloc = only(functionsOf(module, [TYPE.I32], [TYPE.I32]).filter((f) => isMalloc(features, f)));
  if (malloc === undefined) return nothing();
  const shares = (f: number) => f !== malloc && sharedState(features, malloc, f).size >= SHARED_STATE;
  const free = only(functionsOf(module, [TYPE.I32], []).filter((f) => shares(f) && isFree(features, f)));
  const dispose = only(
    functionsOf(module, [TYPE.I32, TYPE.I32], []).filter((f) => shares(f) && features.of(f).stores >= DISPOSE_STORES),
  );
  if (free === undefined || dispose === undefined) return nothing();
  const users = callersOf(features, dispose);
  const memalign = only(users.filter((f) => isMemalign(module, features, f, malloc)));
  // Without memalign as a function of its own, blocks that are cut in pieces could not be told from others.
  if (memalign === undefined) return nothing();
  return {
    ...nothing(),
    roles: new Map([
      ['malloc', malloc],
      ['free', free],
      ['memalign', memalign],
    ]),
    evidence: [
      `function ${malloc} has the constants of Rust's dlmalloc and asks for more memory itself`,
      `malloc ${malloc} and free ${free} share ${sharedState(features, malloc, free).size} words of state`,
    ],
    found: true,
    doubt: "Rust's __rust_realloc and its callers look into malloc's blocks",
    sparing: users.filter((f) => f !== memalign && f !== free && !isRealloc(module, f)),
    inner: [dispose],
    largestRedzone: LARGEST_REDZONE,
  };
}

function isMalloc(features: FeatureCache, f: number): boolean {
  const isSmall = isSmallMalloc(features, f);
  if ((!isSmall && !within(features.bodySize(f), MALLOC_SIZE)) || !features.holds(f, MALLOC_CONSTANTS)) return false;
  return isSmall || (growsMemory(features, f) && features.of(f).addresses.size >= MALLOC_STATE);
}

/** malloc of a std that was compiled for size. */
export function isSmallMalloc(features: FeatureCache, f: number): boolean {
  if (!within(features.bodySize(f), SMALL_MALLOC_SIZE) || !features.holds(f, SMALL_MALLOC_CONSTANTS)) return false;
  return growsMemory(features, f) && features.of(f).addresses.size >= SMALL_MALLOC_STATE;
}

function isFree(features: FeatureCache, f: number): boolean {
  if (!within(features.bodySize(f), FREE_SIZE)) return false;
  const x = features.of(f);
  return x.opensParameter && FREE_CONSTANTS.every((c) => x.constants.has(c));
}

/** (alignment, size): asks malloc for more, and gives back what lies in front and behind. */
function isMemalign(module: Module, features: FeatureCache, f: number, malloc: number): boolean {
  const x = features.of(f);
  return takes(module, f, 2, 1) && x.callees.has(malloc) && x.readsHead && x.size < 600;
}

/** (pointer, old size, alignment, new size), of which constant ones may be gone. */
function isRealloc(module: Module, f: number): boolean {
  return takes(module, f, 4, 1) || takes(module, f, 3, 1);
}

function takes(module: Module, f: number, params: number, results: number): boolean {
  const type = module.types[module.functions[f]!];
  return type?.params.length === params && type.results.length === results;
}
