// emmalloc, Emscripten's small allocator. Its blocks are regions with their size at both ends, and free ones hang in 64
// buckets: which bucket a size belongs to is computed with the same constants everywhere.
//
//   region:   size | payload | size, or size + 1 if it is free

import type { FeatureCache } from '../body-features.ts';
import type { Module } from '../wasm/module.ts';
import { TYPE } from '../wasm/opcodes.ts';
import { type Fingerprint, functionsOf, nothing, only } from './fingerprint.ts';

/** compute_free_list_bucket: sizes up to 127 by eights, then by the two bits below the highest. */
const BUCKET = [127, 3, 29, 2, 110, 30, 71, 63];
/** malloc clamps the bucket for its second search, and rounds the size it asks the system for. */
const MALLOC_ONLY = [-4, 4, 48];
const MALLOC_SIZE = 640;
const FREE_SIZE = 420;
const WRAPPER_SIZE = 10;
/** Exactly what malloc and free write: a caller into which one of them was inlined writes more. */
const MALLOC_STORES = 7;
const FREE_STORES = 11;

export function findEmmalloc(module: Module, features: FeatureCache, known: ReadonlyMap<string, number>): Fingerprint {
  const { malloc, memalign } = findMalloc(module, features);
  const core = memalign ?? malloc;
  const free = only(functionsOf(module, [TYPE.I32], []).filter((f) => isFree(features, f)));
  if (core === undefined || free === undefined) return nothing();
  // An exported malloc merely calls this one, as everything else does.
  const contradicts = (role: string, f: number) => known.has(role) && !calls(features, known.get(role)!, f);
  if (contradicts('malloc', malloc ?? core) || contradicts('free', free)) return nothing();
  const inner = helpersOf(features, core);
  const setUp = functionsOf(module, [], []).filter((f) => inner.some((c) => features.of(f).callees.has(c)));
  return {
    ...nothing(),
    roles: new Map([
      ...(malloc === undefined ? [] : [['malloc', malloc] as const]),
      ['free', free],
      ...(memalign === undefined ? [] : [['memalign', memalign] as const]),
    ]),
    evidence: [`function ${core} and function ${free} have emmalloc's way to choose a bucket`],
    found: true,
    isMemalign: true,
    doubt: "emmalloc's realloc may have been inlined",
    inner,
    initialise: only(setUp),
  };
}

interface Found {
  readonly malloc?: number | undefined;
  readonly memalign?: number | undefined;
}

/**
 * memalign(8, size): of which the alignment is gone where nobody asks for another. Else a malloc of its own calls it, or that
 * was inlined, too.
 */
function findMalloc(module: Module, features: FeatureCache): Found {
  const core = (params: readonly number[]) =>
    only(functionsOf(module, params, [TYPE.I32]).filter((f) => isMalloc(features, f)));
  const malloc = core([TYPE.I32]);
  if (malloc !== undefined) return { malloc };
  const memalign = core([TYPE.I32, TYPE.I32]);
  if (memalign === undefined) return {};
  const wrapper = only(functionsOf(module, [TYPE.I32], [TYPE.I32]).filter((f) => isWrapper(features, f, memalign)));
  return { malloc: wrapper, memalign };
}

/** Nothing but `local.get 0` and `i32.const 8` in front of the call. */
function isWrapper(features: FeatureCache, f: number, callee: number): boolean {
  const x = features.of(f);
  return x.size <= WRAPPER_SIZE && x.callees.size === 1 && x.callees.has(callee) && x.constants.has(8);
}

function calls(features: FeatureCache, caller: number, callee: number): boolean {
  return caller === callee || (features.has(caller) && features.of(caller).callees.has(callee));
}

function hasBuckets(features: FeatureCache, f: number): boolean {
  return features.holds(f, BUCKET);
}

/** What malloc calls that chooses a bucket, too: one function cuts a region, one asks for more memory. Neither is given a block. */
function helpersOf(features: FeatureCache, malloc: number): number[] {
  return [...features.of(malloc).callees].filter((c) => features.has(c) && hasBuckets(features, c));
}

/** Chooses a bucket and leaves the rest to two functions that do, too. */
function isMalloc(features: FeatureCache, f: number): boolean {
  if (features.bodySize(f) > MALLOC_SIZE || !hasBuckets(features, f)) return false;
  const x = features.of(f);
  return (
    helpersOf(features, f).length === 2 && x.stores === MALLOC_STORES && MALLOC_ONLY.every((c) => x.constants.has(c))
  );
}

function isFree(features: FeatureCache, f: number): boolean {
  if (features.bodySize(f) > FREE_SIZE || !hasBuckets(features, f)) return false;
  const x = features.of(f);
  return x.opensParameter && x.callees.size === 0 && x.stores === FREE_STORES;
}
