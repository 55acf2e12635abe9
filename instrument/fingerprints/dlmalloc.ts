// Which functions of a module without names are dlmalloc, by what their bodies look like. Emscripten, wasi-libc and most C
// on wasm carry dlmalloc 2.8; its bins, tags and magic numbers survive every optimisation level.
//
//   chunk:   p-8 prev_foot | p-4 head: size | PINUSE 1 | CINUSE 2 | p payload
//
// malloc and free are recognised by their constants and by the state they share: the absolute addresses both touch. A program
// that needs only one of them has only that one: it is taken for one if its state is nobody else's.
// Their relatives are recognised by what they do to the word in front of a pointer. Code that takes a pointer apart and is
// none of them (a relative that was inlined into its caller) raises a doubt: blocks must then keep their shape (allocator.ts).

import type { BodyFeatures, FeatureCache } from '../body-features.ts';
import { calledFrom } from '../call-graph.ts';
import type { Module } from '../wasm/module.ts';
import { TYPE } from '../wasm/opcodes.ts';
import { type Fingerprint, functionsOf, functionsThat, nothing, only, sharedState, within } from './fingerprint.ts';

/** mparams.magic = 0x55555558, set up by malloc's initialisation. */
const MAGIC = 1431655768;
const MALLOC_CONSTANTS = [11, -8, 31, 8, 16];
const FREE_CONSTANTS = [-8, -2, 3, 255, 16777215];
const MALLOC_SIZE = [2500, 12000] as const;
const FREE_SIZE = [900, 6000] as const;
/** Bytes of malloc_usable_size. */
const USABLE_SIZE = 80;
/** Addresses malloc and free must share: bin maps, dv, top, footprint. */
const SHARED_STATE = 5;

/** `known` are members found by name or option: they anchor the search, and are not contradicted. */
export function findDlmalloc(module: Module, features: FeatureCache, known: ReadonlyMap<string, number>): Fingerprint {
  const evidence: string[] = [];
  const malloc = known.get('malloc') ?? findMalloc(module, features, evidence);
  if (malloc === undefined) return nothing();
  const free = known.get('free') ?? findFree(module, features, malloc, evidence);
  if (free === undefined && !ownsState(module, features, malloc)) return nothing();
  const state = sharedState(features, malloc, free ?? malloc);
  if (state.size < SHARED_STATE) return nothing(); // another allocator: its relatives look different
  const words = `${state.size} words of state at ${Math.min(...state)}..${Math.max(...state)}`;
  evidence.push(
    free === undefined
      ? `nothing else touches the ${words} of malloc ${malloc}: no block is ever released`
      : `malloc ${malloc} and free ${free} share ${words}`,
  );
  return relatives(module, features, { malloc, free, state, known }, evidence);
}

function findMalloc(module: Module, features: FeatureCache, evidence: string[]): number | undefined {
  const malloc = only(functionsOf(module, [TYPE.I32], [TYPE.I32]).filter((f) => isMalloc(features, f)));
  if (malloc !== undefined) evidence.push(`function ${malloc} has dlmalloc's constants and its magic 0x55555558`);
  return malloc;
}

function isMalloc(features: FeatureCache, f: number): boolean {
  if (!within(features.bodySize(f), MALLOC_SIZE) || !features.holds(f, MALLOC_CONSTANTS)) return false;
  const x = features.of(f);
  return hasMagic(features, x) && x.addresses.size >= SHARED_STATE;
}

/** The magic stands in malloc itself, or in the initialiser it calls. */
function hasMagic(cache: FeatureCache, features: BodyFeatures): boolean {
  return (
    features.constants.has(MAGIC) || [...features.callees].some((f) => cache.has(f) && cache.of(f).constants.has(MAGIC))
  );
}

function findFree(module: Module, features: FeatureCache, malloc: number, evidence: string[]): number | undefined {
  const fit = resemblesFree(module, features).filter((f) => sharedState(features, malloc, f).size >= SHARED_STATE);
  if (fit.length !== 1) return undefined;
  evidence.push(`function ${fit[0]} has free's constants and works on malloc's state`);
  return fit[0];
}

function resemblesFree(module: Module, features: FeatureCache): number[] {
  const candidates = functionsOf(module, [TYPE.I32], []).filter((f) => within(features.bodySize(f), FREE_SIZE));
  return candidates.filter((f) => FREE_CONSTANTS.filter((c) => features.of(f).constants.has(c)).length >= 4);
}

/**
 * The free of a program that allocates nothing, so that the linker left malloc out: a function like free whose state nothing
 * else touches. Whatever it is given, nobody handed it out.
 */
export function findLoneFree(module: Module, features: FeatureCache): number | undefined {
  const free = only(resemblesFree(module, features));
  if (free === undefined || features.of(free).addresses.size < SHARED_STATE) return undefined;
  return ownsState(module, features, free) ? free : undefined;
}

/** Whether nothing but what a function calls touches the addresses that it touches; one of them may be errno, which is everybody's. */
function ownsState(module: Module, features: FeatureCache, func: number): boolean {
  const own = calledFrom(features.graph, [func]);
  return functionsThat(module, (f) => !own.has(f) && sharedState(features, func, f).size > 1).length === 0;
}

interface Family {
  readonly malloc: number;
  /** Undefined in a program that releases nothing. */
  readonly free: number | undefined;
  readonly state: ReadonlySet<number>;
  readonly known: ReadonlyMap<string, number>;
}

/** Finds realloc, calloc, memalign, malloc_usable_size; and doubts that these are all if something else takes chunks apart. */
function relatives(module: Module, features: FeatureCache, family: Family, evidence: string[]): Fingerprint {
  const roles = new Map<string, number>([['malloc', family.malloc]]);
  if (family.free !== undefined) roles.set('free', family.free);
  const taken = new Set(family.known.values());
  const internal = calledFrom(features.graph, roles.values());
  const opens = new Set(functionsThat(module, (f) => features.mayOpen(f)));
  const unexplained: number[] = [];
  for (const f of opens) {
    if (internal.has(f) || taken.has(f)) continue;
    const role = relativeRole(module, features, family, f);
    if (role === undefined) continue;
    if (role === 'unexplained') unexplained.push(f);
    else if (!roles.has(role)) {
      roles.set(role, f);
      evidence.push(`function ${f} is ${role} by what it does to chunk headers`);
    } else if (role === 'realloc') unexplained.push(f);
  }
  // Helpers of a relative (realloc's try_realloc_chunk, memalign's internal_memalign) are reached from it alone.
  const explained = calledFrom(features.graph, [...roles.values(), ...taken]);
  const left = unexplained.filter((f) => !explained.has(f));
  const readsHead = (f: number) => features.mayReadHead(f) && features.of(f).readsHead;
  for (const f of opens) if (!explained.has(f) && !left.includes(f) && readsHead(f)) left.push(f);
  const doubt =
    left.length > 0 ? `${left.map((f) => `function ${f}`).join(', ')} looks into malloc's blocks, too` : undefined;
  const cutting = left.filter((f) => cutsBlocks(features.of(f), family));
  return { ...nothing(), roles, evidence, found: true, dlmallocHeads: true, doubt, cutting };
}

/** memalign(16, n), as in __cxa_allocate_exception: 28 bytes more from malloc, rounded up to 16, and what is over given back. */
function cutsBlocks(x: BodyFeatures, { malloc }: Family): boolean {
  return x.callees.has(malloc) && x.readsHead && [28, 15, -16].every((constant) => x.constants.has(constant));
}

function relativeRole(module: Module, cache: FeatureCache, family: Family, f: number): string | undefined {
  const type = module.types[module.functions[f]!]!;
  const shape = `${type.params.length}>${type.results.length}`;
  if (type.params.some((t) => t !== TYPE.I32) || type.results.some((t) => t !== TYPE.I32)) return undefined;
  const mallocs = cache.graph.callees[f]!.includes(family.malloc);
  // Most can be none of them, and need no closer look.
  const mayBeOne = shape === '2>1' ? mallocs : shape === '1>1' && cache.bodySize(f) < USABLE_SIZE;
  if (!mayBeOne && cache.touched(f, family.state) < 2) return undefined;
  const x = cache.of(f);
  const touches = [...family.state].filter((a) => x.addresses.has(a)).length;
  const frees = family.free !== undefined && x.callees.has(family.free);
  if (shape === '2>1' && x.opensParameter && mallocs && (frees || touches >= 2)) return 'realloc';
  // calloc looks at the head of the block to see whether it must be cleared.
  if (shape === '2>1' && mallocs && x.multiplies && x.readsHead) return 'calloc';
  // Other words of the state than malloc's helpers know of it belong to a function into which realloc was inlined.
  if (shape === '2>1' && mallocs && x.opensOther && x.readsHead && x.stores >= 2 && touches < 2) return 'memalign';
  if (isUsableSize(x, shape)) return 'malloc_usable_size';
  if ((x.opensParameter || x.opensOther) && touches >= 2) return 'unexplained';
  return undefined;
}

/** `p ? (head(p) & CINUSE|PINUSE-bits ? size - overhead : 0) : 0`: tiny, pure, and all about the word in front of p. */
function isUsableSize(x: BodyFeatures, shape: string): boolean {
  return (
    shape === '1>1' && x.size < USABLE_SIZE && x.opensParameter && x.loads === 1 && x.stores === 0 && x.callees.size === 0 &&
    x.constants.has(3) && x.constants.has(-8)
  ); // biome-ignore format: one condition per word
}
