// Rust's allocator before Rust 1.7x: dlmalloc as in rust.ts, but its standard library is compiled for size: what looks into a
// block's head is a function of its own. Optimisers then merge memalign into the one function that allocates for everybody,
// with any alignment, and cuts aligned blocks out of larger ones by itself:
//
//   alloc(size, alignment):  alignment < 9 ? malloc(size) : malloc(size + ...), cut, dispose_chunk
//
// The same, with any version, where std is compiled for size again (-Z build-std): then even the step from a block to its head
// is a function, and so may be the search for a tree's index, the search of trees, and what free does when it has done much.

import type { FeatureCache } from '../body-features.ts';
import { Decoder } from '../wasm/decoder.ts';
import { hasType, type Module } from '../wasm/module.ts';
import { OP, TYPE } from '../wasm/opcodes.ts';
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
import { DISPOSE_STORES, isSmallMalloc, LARGEST_REDZONE, MALLOC_SIZE, MALLOC_STATE, SHARED_STATE } from './rust.ts';

const MALLOC_CONSTANTS = [245, 8, 16, 20, 31, 62];
const FREE_CONSTANTS = [-2, 3, 8, 12, 256];
/** Where what unlinks blocks from trees was inlined into it twice. */
const FREE_SIZE = [650, 1700] as const;
const FREE_CONSTANTS_BY_HELPERS = [-8, 3, 256];
const FREE_SIZE_BY_HELPERS = [400, 1400] as const;
/** How often free looks for segments that nobody uses, which may be a function of its own. */
const CHECK_RATE = 4095;
const DISPOSE_STORES_BY_HELPERS = 8;
/** What answers which tree is for blocks of a size. */
const TREE_INDEX_CONSTANTS = [6, 8, 31, 62, 256];
/** What answers where a block's head is: block - 8. */
const STEP_SIZE = 12;
const HEAD = 8;
const TAKER_SIZE = 600;
/** Alignments below this are every block's. */
const ALIGNED = 9;

export function findOlderRust(module: Module, features: FeatureCache): Fingerprint {
  const malloc = only(functionsOf(module, [TYPE.I32], [TYPE.I32]).filter((f) => isMalloc(module, features, f)));
  if (malloc === undefined) return nothing();
  const shares = (f: number) => f !== malloc && sharedState(features, malloc, f).size >= SHARED_STATE;
  const sharing = functionsOf(module, [TYPE.I32], []).filter(shares);
  const whole = only(sharing.filter((f) => isFree(features, f)));
  const free = whole ?? only(sharing.filter((f) => isFreeByHelpers(module, features, f)));
  if (free === undefined) return nothing();
  const pairs = functionsOf(module, [TYPE.I32, TYPE.I32], []).filter(shares);
  const dispose = only(pairs.filter((f) => isDispose(features, f, whole === undefined ? free : undefined)));
  if (dispose === undefined) return nothing();
  const cutters = callersOf(features, dispose);
  const found = {
    ...nothing(),
    evidence: [
      `function ${malloc} has the constants of Rust's dlmalloc, and asks for more memory`,
      `malloc ${malloc} and free ${free} share ${sharedState(features, malloc, free).size} words of state`,
    ],
    found: true,
    doubt: "Rust's __rust_realloc and __rust_alloc_zeroed look into malloc's blocks",
    inner: [dispose],
    largestRedzone: LARGEST_REDZONE,
  };
  const roles = new Map([
    ['malloc', malloc],
    ['free', free],
  ]);
  const takers = cutters.filter((f) => isTaker(module, features, f, malloc));
  const frees = (f: number) => features.of(f).callees.has(free);
  const alloc = only(takers.filter((f) => comparesAlignment(module, f)));
  // Who else calls malloc either knows nothing of its state, or is realloc, which cuts what it holds, and not what it just got.
  const others = callersOf(features, malloc).filter((f) => f !== alloc && (shares(f) || cutters.includes(f)));
  if (alloc !== undefined && others.every((f) => cutters.includes(f) && frees(f))) {
    return { ...found, roles: roles.set('dlmalloc-rs alloc', alloc) };
  }
  const memalign = only(takers);
  if (memalign === undefined || memalign === alloc) return nothing();
  const sparing = cutters.filter((f) => f !== memalign && f !== free && !frees(f));
  return { ...found, roles: roles.set('memalign', memalign), sparing };
}

function isMalloc(module: Module, features: FeatureCache, f: number): boolean {
  if (isSmallMalloc(features, f)) return callsTreeIndex(module, features, f);
  if (!within(features.bodySize(f), MALLOC_SIZE) || !features.holds(f, MALLOC_CONSTANTS)) return false;
  return growsMemory(features, f) && features.of(f).addresses.size >= MALLOC_STATE;
}

function callsTreeIndex(module: Module, features: FeatureCache, f: number): boolean {
  return calculating(module, features, f).some((callee) => features.holds(callee, TREE_INDEX_CONSTANTS));
}

/** What a function calls that makes a number of a number, and looks at no memory. */
function calculating(module: Module, features: FeatureCache, f: number): number[] {
  return [...features.of(f).callees].filter((callee) => {
    if (!features.has(callee) || !hasType(module, callee, [TYPE.I32], [TYPE.I32])) return false;
    const { callees, loads, stores } = features.of(callee);
    return callees.size + loads + stores === 0;
  });
}

function isFree(features: FeatureCache, f: number): boolean {
  return within(features.bodySize(f), FREE_SIZE) && features.holds(f, FREE_CONSTANTS);
}

/** Where the steps from a block to its head, and what writes heads, are functions of their own. */
function isFreeByHelpers(module: Module, features: FeatureCache, f: number): boolean {
  if (!within(features.bodySize(f), FREE_SIZE_BY_HELPERS) || !features.holds(f, FREE_CONSTANTS_BY_HELPERS))
    return false;
  const parts = [f, ...features.of(f).callees].filter((part) => features.has(part));
  if (!parts.some((part) => features.holds(part, [CHECK_RATE]))) return false;
  return calculating(module, features, f).some((callee) => {
    const { constants } = features.of(callee);
    const steps = constants.size === 1 && (constants.has(HEAD) || constants.has(-HEAD));
    return steps && features.bodySize(callee) <= STEP_SIZE;
  });
}

/** dispose_chunk, which does with its neighbours what `free` does, where that calls functions for it. */
function isDispose(features: FeatureCache, f: number, free: number | undefined): boolean {
  const { stores, callees } = features.of(f);
  if (free === undefined) return stores >= DISPOSE_STORES;
  return stores >= DISPOSE_STORES_BY_HELPERS && [...features.of(free).callees].some((callee) => callees.has(callee));
}

/** Two parameters, of which one is an alignment. */
function isTaker(module: Module, features: FeatureCache, f: number, malloc: number): boolean {
  const type = module.types[module.functions[f]!]!;
  if (type.params.length !== 2 || type.results.length !== 1 || features.bodySize(f) > TAKER_SIZE) return false;
  return features.of(f).callees.has(malloc);
}

/** The second parameter, not the first, which memalign(alignment, size) would compare. */
function comparesAlignment(module: Module, f: number): boolean {
  const body = module.bodies[f - module.importedFunctions]!;
  const d = new Decoder(module.bytes, body.start, body.end);
  let local: number | undefined;
  d.skipLocals();
  while (d.pos < d.end) {
    d.next();
    if (d.op === OP.I32_CONST && d.value === ALIGNED) return local === 1;
    local = d.op === OP.LOCAL_GET ? d.index : undefined;
  }
  return false;
}
