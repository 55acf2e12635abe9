// What a search for an allocator by its bodies answers, and what the searches have in common.

import type { FeatureCache } from '../body-features.ts';
import type { CollectedHeap } from '../probe-module.ts';
import { type Module, signatureOf, signatures } from '../wasm/module.ts';

export interface Fingerprint {
  /** Role name of allocator.ts -> function. */
  readonly roles: ReadonlyMap<string, number>;
  /** One sentence per finding, for `wasan inspect`. */
  readonly evidence: readonly string[];
  readonly found: boolean;
  /** The word in front of a block is its size. */
  readonly sizeWord: boolean;
  /** That word also says whether the block is in use, as C's dlmalloc writes it. */
  readonly dlmallocHeads: boolean;
  /** malloc merely calls memalign, if that is known, or was inlined. */
  readonly isMemalign: boolean;
  /** Why some relative may not have been recognised. */
  readonly doubt: string | undefined;
  /** Functions into which memalign was inlined: they cut a block of malloc's in pieces, so that block must be the original's. */
  readonly cutting: readonly number[];
  /** The same in functions that do much else: there, calls of malloc alone stay the original's. */
  readonly sparing: readonly number[];
  /** The allocator's own functions that others than its known members call. */
  readonly inner: readonly number[];
  /** Sets the allocator up, before anything else of the program runs. */
  readonly initialise: number | undefined;
  /** How long a redzone may be at most, where the program looks at how large a block really is. */
  readonly largestRedzone: number | undefined;
}

/** An allocator that is known whole, but has no malloc and free like C's. */
export interface Family {
  /** Role name of allocator-roles.ts -> function. */
  readonly roles: ReadonlyMap<string, number>;
  /**
   * What is called once, before anything else, and sets `root`, a global, to the address of its lists, if they have one;
   * unless it was inlined.
   */
  readonly setUp: { readonly initialise: number; readonly root: number | undefined } | undefined;
  /** Of a heap whose blocks are collected. */
  readonly collected?: {
    /** Parts of the collector that the program calls, too. */
    readonly kept: readonly number[];
    readonly heap: CollectedHeap;
  };
  readonly evidence: readonly string[];
  /** Why it must be left alone all the same. */
  readonly refused: string | undefined;
  readonly layout: 'around' | 'behind';
}

export function nothing(): Fingerprint {
  return {
    roles: new Map(),
    evidence: [],
    found: false,
    sizeWord: true,
    dlmallocHeads: false,
    isMemalign: false,
    doubt: undefined,
    cutting: [],
    sparing: [],
    inner: [],
    initialise: undefined,
    largestRedzone: undefined,
  };
}

/** The absolute addresses both functions touch. */
export function sharedState(features: FeatureCache, a: number, b: number): Set<number> {
  const other = features.of(b).addresses;
  return new Set([...features.of(a).addresses].filter((x) => other.has(x)));
}

/** The functions of which something is true, imports left out. */
export function functionsThat(module: Module, holds: (f: number) => boolean): number[] {
  const found: number[] = [];
  for (let f = module.importedFunctions; f < module.functions.length; f++) if (holds(f)) found.push(f);
  return found;
}

export function callersOf({ graph }: FeatureCache, callee: number): readonly number[] {
  return graph.callers[callee]!;
}

/** The functions of a signature. */
export function functionsOf(module: Module, params: readonly number[], results: readonly number[]): number[] {
  const wanted = signatureOf({ params, results });
  const fits = signatures(module).map((signature) => signature === wanted);
  return functionsThat(module, (f) => fits[module.functions[f]!]!);
}

/** Asks for more memory, itself or by a function that it calls. */
export function growsMemory(features: FeatureCache, f: number): boolean {
  const { grows, callees } = features.of(f);
  return grows || [...callees].some((callee) => features.has(callee) && features.of(callee).grows);
}

export function within(value: number, [low, high]: readonly [number, number]): boolean {
  return value >= low && value <= high;
}

/** None, or not certain which, is none. */
export function only(candidates: readonly number[]): number | undefined {
  return candidates.length === 1 ? candidates[0] : undefined;
}
