// mimalloc, versions 2 and 3, where one thread uses it: a variable tells the thread's heap, and its address stands in every
// function that allocates. Blocks have no size word. Which page a pointer belongs to is looked up before anything is done with
// it: by the bits above 4 MiB in version 2, in a table in version 3.
//
//   malloc(n):  heap = *state;  if (n <= 512) page = heap->pages[(n + 3) & -4];  block = page->free  or  generic(heap, n)
//   free(p):    2: segment = (p - 1) & -4194304; page = segment + 48 * (offset >> 15)     3: page = map[p >> 14]
//
// operator new, strdup and what aligns do the same as malloc without calling it, so redzones lie behind malloc's blocks alone.
// A function of the program into which free was inlined would give back what malloc handed out, unnoticed: then it is left alone.

import type { BodyFeatures, FeatureCache } from '../body-features.ts';
import { calledFrom } from '../call-graph.ts';
import { KIND, type Module } from '../wasm/module.ts';
import { TYPE } from '../wasm/opcodes.ts';
import { callersOf, type Fingerprint, functionsOf, functionsThat, nothing, only } from './fingerprint.ts';

/** What begins its messages, in every build. */
const MESSAGE = 'mimalloc: ';
/** Small sizes, and how they are rounded to a slot of the heap's table. */
const SMALL = [512, 3, -4];
const SMALL_LOADS = 5;
const MALLOC_SIZE = 130;
/** Version 2: segments of 4 MiB, slices of 64 KiB with 48 bytes each. */
const SEGMENT = [-4194304, 15, 48];
/** Version 3, as Emscripten has it: slices of 16 KiB, 16384 words in each part of the table. */
const MAP = [14, 16384];
const FREE_IN_MAP = [...MAP, 65535, 3];
const FREE_SIZE = 200;
const FREE_IN_MAP_SIZE = 1000;
const FREE_STORES = 3;
const FORWARD_SIZE = 40;
/** Calls between mimalloc's aligned_alloc and what looks up the page of a block too long. */
const LEVELS = 3;

/** Whether the module carries it, whoever uses it. Emscripten's has emmalloc beside it, which only mimalloc itself calls. */
export function carriesMimalloc(module: Module): boolean {
  return module.data.some(({ start, end }) => holdsText(module.bytes.subarray(start, end), MESSAGE));
}

function holdsText(bytes: Uint8Array, text: string): boolean {
  const isAt = (at: number) => [...text].every((c, i) => bytes[at + i] === c.charCodeAt(0));
  const first = text.charCodeAt(0);
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) if (isAt(at)) return true;
  return false;
}

export function findMimalloc(module: Module, features: FeatureCache, known: ReadonlyMap<string, number>): Fingerprint {
  const malloc = only(functionsOf(module, [TYPE.I32], [TYPE.I32]).filter((f) => isMalloc(features, f)));
  if (malloc === undefined || (known.get('malloc') ?? malloc) !== malloc) return nothing();
  const [state] = features.of(malloc).addresses;
  const free = only(functionsOf(module, [TYPE.I32], []).filter((f) => isFree(features, f, state!)));
  if (free === undefined || (known.get('free') ?? free) !== free) return nothing();
  const heap: Heap = { state: state!, map: only([...features.of(free).addresses]) };
  const lookups = new Set(functionsThat(module, (f) => looksUp(features, f, heap)));
  const roles = new Map([...relatives(module, features, heap, lookups), ['malloc', malloc], ['free', free]]);
  if (!roles.has('realloc') || hasStray(features, heap, lookups, roles)) return nothing();
  return {
    ...nothing(),
    roles,
    evidence: [
      `function ${malloc} and function ${free} have mimalloc's sizes, and the module its messages`,
      `malloc ${malloc} takes its heap from the word at ${state}`,
    ],
    found: true,
    sizeWord: false,
    doubt: 'mimalloc hands out blocks by other functions, too',
    initialise: setUp(module, features, heap),
    inner: functionsThat(module, (f) => ![...roles.values()].includes(f) && isAllocating(features, f, heap)),
  };
}

interface Heap {
  /** Address of the variable with the thread's heap. */
  readonly state: number;
  /** Address of the table of pages, in version 3. */
  readonly map: number | undefined;
}

/** Takes a block of a page, or has one made by the only function that it calls. */
function isMalloc(features: FeatureCache, f: number): boolean {
  if (features.bodySize(f) > MALLOC_SIZE || !features.holds(f, SMALL)) return false;
  const x = features.of(f);
  return x.callees.size === 1 && x.addresses.size === 1 && x.loads === SMALL_LOADS && isOneOf(x.stores, 2, 3);
}

function isFree(features: FeatureCache, f: number, state: number): boolean {
  const size = features.bodySize(f);
  if (size <= FREE_SIZE && features.holds(f, [...SEGMENT, state])) {
    const x = features.of(f);
    return x.addresses.size === 0 && x.callees.size === 2 && x.stores === FREE_STORES;
  }
  if (size > FREE_IN_MAP_SIZE || !features.holds(f, FREE_IN_MAP)) return false;
  const x = features.of(f);
  return x.addresses.size === 1 && x.callees.size === 4 && x.stores >= FREE_STORES;
}

/** Finds the page of a pointer. */
function looksUp(features: FeatureCache, f: number, { map }: Heap): boolean {
  if (map === undefined) return features.holds(f, SEGMENT);
  return features.holds(f, MAP) && features.of(f).addresses.has(map);
}

function isAllocating(features: FeatureCache, f: number, { state }: Heap): boolean {
  return features.holds(f, SMALL) && features.of(f).addresses.has(state);
}

function relatives(module: Module, features: FeatureCache, heap: Heap, lookups: ReadonlySet<number>) {
  const of = (params: readonly number[], holds: (x: BodyFeatures, f: number) => boolean) =>
    functionsOf(module, params, [TYPE.I32]).filter((f) => holds(features.of(f), f));
  const pair = [TYPE.I32, TYPE.I32];
  const clears = (x: BodyFeatures) => x.multiplies && (x.fills || x.callees.size === 2);
  const found: readonly (readonly [string, number | undefined])[] = [
    [
      'realloc',
      innermost(
        features,
        of(pair, (x) => isForward(x, heap, lookups)),
      ),
    ],
    ['calloc', only(of(pair, (x, f) => isAllocating(features, f, heap) && clears(x)))],
    ['malloc_usable_size', only(of([TYPE.I32], (x, f) => lookups.has(f) && x.stores === 0))],
  ];
  return found.flatMap(([role, f]) => (f === undefined ? [] : [[role, f] as const]));
}

/** Passes its arguments on, with the heap in front of them and perhaps a 0 behind. */
function isForward(x: BodyFeatures, { state }: Heap, lookups: ReadonlySet<number>): boolean {
  return (
    x.size <= FORWARD_SIZE && x.stores === 0 && x.addresses.has(state) && x.callees.size === 1 &&
    lookups.has(calleeOf(x)) && [...x.constants].every((c) => isOneOf(c, 0, state))
  ); // biome-ignore format: one condition per word
}

/** reallocf forwards like realloc, to a function that calls what realloc forwards to. */
function innermost(features: FeatureCache, forwards: readonly number[]): number | undefined {
  const cores = forwards.map((f) => calleeOf(features.of(f)));
  return only(forwards.filter((_, i) => !cores.some((core) => features.of(cores[i]!).callees.has(core))));
}

function calleeOf({ callees }: BodyFeatures): number {
  return callees.values().next().value!;
}

/**
 * What may be given a block of malloc's and is no known member: looks a page up, or resizes as realloc does. Not so mimalloc's
 * functions that ask for the heap first (those that align, and what runs at exit) and what they call, nor the forms of free and
 * realloc that are there but never called.
 */
function hasStray(
  features: FeatureCache,
  { state }: Heap,
  lookups: ReadonlySet<number>,
  roles: ReadonlyMap<string, number>,
): boolean {
  const own = calledFrom(features.graph, roles.values());
  const callers = (f: number) => callersOf(features, f).filter((caller) => !own.has(caller));
  const knows = (f: number) => features.of(f).addresses.has(state);
  const isIdle = (f: number) => callers(f).length === 0 && [...features.of(f).callees].every((c) => own.has(c));
  const isAsked = (f: number, levels: number): boolean =>
    knows(f) || (levels > 0 && callers(f).length > 0 && callers(f).every((c) => isAsked(c, levels - 1)));
  const resizes = callersOf(features, calleeOf(features.of(roles.get('realloc')!)));
  const isForm = (f: number) =>
    isIdle(f) || (callers(f).length > 0 && callers(f).every((c) => knows(c) && callers(c).length === 0));
  return (
    [...lookups].some((f) => !own.has(f) && !isAsked(f, LEVELS) && !isIdle(f)) ||
    resizes.some((f) => !own.has(f) && !isForm(f))
  );
}

/** Constructors, which set the heap up in version 3. */
function setUp(module: Module, features: FeatureCache, { state, map }: Heap): number | undefined {
  if (map === undefined) return undefined;
  const exported = new Set(module.exports.filter((e) => e.kind === KIND.FUNC).map((e) => e.index));
  const knows = (f: number) => features.has(f) && features.of(f).addresses.has(state);
  const candidates = functionsOf(module, [], []).filter((f) => exported.has(f));
  return only(candidates.filter((f) => [...calledFrom(features.graph, [f])].some(knows)));
}

function isOneOf(value: number, ...values: readonly number[]): boolean {
  return values.includes(value);
}
