// The C allocator of a module without function names: exports and glue name some of it at best, bodies tell the rest, and a
// probe run tries it out. What is known decides where redzones may go: on both sides of a block only if no function can be
// left that would misread the pointers.

import type { Allocator, AllocatorFunction, HeapLayout } from './allocator.ts';
import { ALLOCATOR_ROLES } from './allocator-roles.ts';
import type { FeatureCache } from './body-features.ts';
import { type Fingerprint, fingerprint } from './fingerprints/index.ts';
import { buildProbe, INITIALISE, type Probe, type ProbeResult } from './probe-module.ts';
import type { Module } from './wasm/module.ts';

type Stripped = Pick<
  Allocator,
  'functions' | 'kept' | 'sparing' | 'largestRedzone' | 'layout' | 'evidence' | 'confidence' | 'refused' | 'probeFailed'
>;

/** Not merely a relative: it cuts the blocks that it gets of malloc. */
const CUTTING = 'dlmalloc-rs alloc';
/** Roles that stand for a call of malloc or free; the others of a family not known whole keep their own code. */
const REPLACED_BEHIND: ReadonlySet<string> = new Set(['malloc', 'free', 'calloc', 'realloc', CUTTING]);
/** Their code takes blocks apart and is the allocator's own, so it goes unchecked where it is kept. */
const KEPT_BEHIND: ReadonlySet<string> = new Set(['memalign', 'aligned_alloc', 'posix_memalign']);

export function completeStripped(
  module: Module,
  found: readonly AllocatorFunction[],
  features: FeatureCache,
  probe?: Probe,
): Stripped {
  const known = new Map(found.map((f) => [f.role.role, f.func]));
  const print = fingerprint(module, known, features);
  const byBody = [...print.roles].filter(([name]) => !known.has(name)).map(([name, func]) => bodyFunction(name, func));
  const candidates = [...found, ...byBody];
  const of = (role: string) => candidates.find((f) => f.role.role === role)?.func;
  const [malloc, free] = [of('malloc'), of('free')];
  const overruled = found.some((f) => f.how === 'option');
  if (malloc === undefined || (free === undefined && !overruled)) {
    const reason = malloc === undefined ? undefined : 'malloc is known, but which function is free cannot be told';
    return { ...left(print.evidence, reason), functions: overruled ? candidates : [] };
  }
  const answer = free === undefined ? undefined : tryOut(module, candidates, print.initialise, probe);
  const evidence = [...print.evidence, ...(answer?.facts ?? [])];
  if (answer?.outcome === 'failed' && !overruled) {
    return { ...left(evidence, `a probe run of malloc and free went wrong: ${answer.reason}`), probeFailed: true };
  }
  const wrong = new Set(overruled ? [] : answer?.wrong);
  if (wrong.has(CUTTING))
    return left(evidence, 'malloc and free are known, but which function cuts their blocks cannot be told');
  const all = candidates.filter((f) => !wrong.has(f.role.role));
  const realloc = all.some((f) => f.role.role === 'realloc');
  const layout = overruled ? 'around' : layoutOf(print.found || answer?.sizeWord === true, realloc);
  if (layout === undefined) {
    return left(evidence, 'malloc and free are known, but which function is realloc cannot be told');
  }
  const replaced = layout === 'around' ? all : all.filter((f) => REPLACED_BEHIND.has(f.role.role));
  return {
    functions: replaced,
    kept: layout === 'around' ? [] : keptBehind(all, print),
    sparing: layout === 'around' ? [] : print.sparing,
    largestRedzone: print.largestRedzone,
    layout,
    evidence: [...evidence, whyLayout(layout, print)],
    confidence: answer?.outcome === 'confirmed' ? 'high' : 'medium',
    refused: undefined,
    probeFailed: false,
  };
}

function left(evidence: readonly string[], refused: string | undefined): Stripped {
  const none = { functions: [], kept: [], sparing: [], largestRedzone: undefined, layout: 'around' } as const;
  return { ...none, evidence, confidence: 'none', refused, probeFailed: false };
}

function tryOut(
  module: Module,
  all: readonly AllocatorFunction[],
  initialise: number | undefined,
  probe?: Probe,
): ProbeResult | undefined {
  const roles = new Map(all.map((f) => [f.role.role, f.func]));
  if (initialise !== undefined) roles.set(INITIALISE, initialise);
  const question = probe && buildProbe(module, roles);
  return question && probe(question);
}

/**
 * 'behind' wherever blocks carry a size word, because no search can prove that nobody else looks at it; without one there is
 * nothing to be looked at. Undefined if neither is safe.
 */
function layoutOf(sizeWord: boolean, realloc: boolean): HeapLayout | undefined {
  if (sizeWord) return 'behind';
  return realloc ? 'around' : undefined;
}

function whyLayout(layout: HeapLayout, print: Fingerprint): string {
  if (layout === 'around') return 'blocks carry no size word: redzones go on both sides';
  const why = print.doubt ?? 'relatives of malloc may have been inlined';
  return `${why}: redzones go behind blocks alone, and pointers stay what they were`;
}

function keptBehind(all: readonly AllocatorFunction[], print: Fingerprint): AllocatorFunction[] {
  const own = [...print.cutting, ...print.inner].map((func) => bodyFunction('memalign', func));
  return [...all.filter((f) => KEPT_BEHIND.has(f.role.role)), ...own];
}

function bodyFunction(roleName: string, func: number): AllocatorFunction {
  const role = ALLOCATOR_ROLES.find((r) => r.role === roleName)!;
  return { role, func, how: 'body', name: `function ${func}` };
}
