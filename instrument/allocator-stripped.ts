// The C allocator of a module without function names: exports and glue name some of it at best, bodies tell the rest, and a
// probe run tries it out. What is known decides where redzones may go: on both sides of a block only if no function can be
// left that would misread the pointers.

import { type Allocator, type AllocatorFunction, type HeapLayout, NOTHING } from './allocator-found.ts';
import { ALLOCATOR_ROLES } from './allocator-roles.ts';
import type { FeatureCache } from './body-features.ts';
import { calledFrom } from './call-graph.ts';
import { type Fingerprint, fingerprint } from './fingerprints/index.ts';
import { forwardedTo } from './forwarding.ts';
import { INITIALISE, type Probe } from './probe-module.ts';
import { tryOut } from './try-out.ts';
import type { Module } from './wasm/module.ts';

type Stripped = Omit<Allocator, 'rejected'>;

/** Not merely a relative: it cuts the blocks that it gets of malloc. */
const CUTTING = 'dlmalloc-rs alloc';
/** Roles that stand for a call of malloc or free; the others of a family not known whole keep their own code. */
const REPLACED_BEHIND: ReadonlySet<string> = new Set(['malloc', 'free', 'calloc', 'realloc', CUTTING]);
/** Their code takes blocks apart and is the allocator's own, so it goes unchecked where it is kept. */
const KEPT_BEHIND: ReadonlySet<string> = new Set(['memalign', 'aligned_alloc', 'posix_memalign']);
/** Looks at no word that could be watched: what it says of a block must not include the redzone. */
const REPLACED_WITHOUT_WORD = 'malloc_usable_size';

/** Functions that merely pass their arguments on, one to the next. */
const LONGEST_CHAIN = 4;

interface Named {
  readonly found: readonly AllocatorFunction[];
  /** Operators new and delete, which may be callers of malloc and free, or not. */
  readonly operators: readonly AllocatorFunction[];
}

export function completeStripped(
  module: Module,
  { found, operators }: Named,
  features: FeatureCache,
  probe?: Probe,
): Stripped {
  const known = new Map(found.map((f) => [f.role.role, f.func]));
  const print = fingerprint(module, known, features);
  const overruled = found.some((f) => f.how === 'option');
  if (!print.found && !overruled && standInFront(module, known, features)) {
    return completeStripped(module, { found: [], operators }, features, probe);
  }
  const byBody = [...print.roles].filter(([name]) => !known.has(name)).map(([name, func]) => bodyFunction(name, func));
  const candidates = [...found, ...byBody];
  const of = (role: string) => candidates.find((f) => f.role.role === role)?.func;
  const malloc = of('malloc') ?? (print.isMemalign ? of('memalign') : undefined);
  const free = of('free');
  const releasesNothing = free === undefined && print.found;
  if (malloc === undefined || (free === undefined && !releasesNothing && !overruled)) {
    const reason = malloc === undefined ? undefined : 'malloc is known, but which function is free cannot be told';
    return { ...left(print.evidence, reason), functions: overruled ? candidates : [] };
  }
  const tried = new Map(candidates.map((f) => [f.role.role, f.func]));
  if (print.initialise !== undefined) tried.set(INITIALISE, print.initialise);
  const answer =
    free === undefined && !releasesNothing ? undefined : tryOut(module, features.graph, { roles: tried }, probe);
  const evidence = [...print.evidence, ...(answer?.facts ?? [])];
  if (answer?.outcome === 'failed' && !overruled) {
    return { ...left(evidence, `a probe run of malloc and free went wrong: ${answer.reason}`), probeFailed: true };
  }
  const wrong = new Set(overruled ? [] : answer?.wrong);
  if (wrong.has(CUTTING))
    return left(evidence, 'malloc and free are known, but which function cuts their blocks cannot be told');
  const all = candidates.filter((f) => !wrong.has(f.role.role));
  const realloc = all.some((f) => f.role.role === 'realloc');
  const sizeWord = print.found ? print.sizeWord : answer?.sizeWord === true;
  const others = operators.filter(
    (f) => f.role.role.startsWith('operator new') && !callsMalloc(features, f.func, malloc),
  );
  const layout = overruled ? 'around' : layoutOf(sizeWord, realloc, print.found || others.length > 0);
  if (layout === undefined) {
    return left(evidence, 'malloc and free are known, but which function is realloc cannot be told');
  }
  return complete(all, { print, layout, sizeWord, others, evidence, isConfirmed: answer?.outcome === 'confirmed' });
}

/** What is decided before functions are divided into those that are replaced and those that are kept. */
interface Decided {
  readonly print: ReturnType<typeof fingerprint>;
  readonly layout: Allocator['layout'];
  readonly sizeWord: boolean;
  /** Operators new that do not call malloc. */
  readonly others: readonly AllocatorFunction[];
  readonly evidence: readonly string[];
  readonly isConfirmed: boolean;
}

function complete(all: readonly AllocatorFunction[], decided: Decided): Stripped {
  const { print, layout, sizeWord, others, evidence, isConfirmed } = decided;
  const isReplaced = ({ role: { role } }: AllocatorFunction) =>
    layout === 'around' ||
    REPLACED_BEHIND.has(role) ||
    (!sizeWord && role === REPLACED_WITHOUT_WORD) ||
    (role === 'memalign' && (print.dlmallocHeads || print.isMemalign) && isConfirmed);
  const rest = all.filter((f) => !isReplaced(f));
  return {
    functions: all.filter(isReplaced),
    kept: layout === 'around' ? [] : [...keptBehind(rest, print), ...(sizeWord ? [] : others)],
    sparing: layout === 'around' ? [] : print.sparing,
    largestRedzone: print.largestRedzone,
    layout,
    sizeWord,
    dlmallocHeads: layout === 'behind' && print.dlmallocHeads,
    releasesSeen: layout === 'behind' && print.found,
    evidence: [...evidence, whyLayout(layout, print, others)],
    confidence: isConfirmed ? 'high' : 'medium',
    refused: undefined,
    probeFailed: false,
  };
}

/**
 * Whether the malloc and free that names tell of call those that bodies tell of. emnapi's `__wrap_malloc` looks after memory that
 * has grown, and leaves the rest to dlmalloc; the linker has the exports of a WASI command call destructors behind.
 */
function standInFront(module: Module, known: ReadonlyMap<string, number>, features: FeatureCache): boolean {
  if (!known.has('malloc') || !known.has('free')) return false;
  const { found, roles } = fingerprint(module, new Map(), features);
  const end = (f: number, steps = LONGEST_CHAIN): number => {
    const next = features.has(f) && steps > 0 ? forwardedTo(module, f) : undefined;
    return next === undefined ? f : end(next, steps - 1);
  };
  const calls = (role: string) => [...features.of(known.get(role)!).callees].some((f) => end(f) === roles.get(role));
  return found && calls('malloc') && calls('free');
}

function left(evidence: readonly string[], refused: string | undefined): Stripped {
  return { ...NOTHING, evidence, refused };
}

/** mimalloc's operator new allocates by itself what operator delete, or free, gives back. */
function callsMalloc(features: FeatureCache, func: number, malloc: number): boolean {
  return calledFrom(features.graph, [func]).has(malloc);
}

/**
 * 'behind' wherever blocks carry a size word, because no search can prove that nobody else looks at it; without one there is
 * nothing to be looked at, unless others than malloc hand out blocks. Undefined if neither is safe.
 */
function layoutOf(sizeWord: boolean, realloc: boolean, others: boolean): HeapLayout | undefined {
  if (sizeWord) return 'behind';
  if (!realloc) return undefined;
  return others ? 'behind' : 'around';
}

function whyLayout(layout: HeapLayout, print: Fingerprint, others: readonly AllocatorFunction[]): string {
  if (layout === 'around') return 'blocks carry no size word: redzones go on both sides';
  if (!print.found && others.length > 0) {
    return `${others[0]!.name} allocates without malloc: redzones go behind malloc's blocks alone, and blocks of others have none`;
  }
  const why = print.doubt ?? 'relatives of malloc may have been inlined';
  return `${why}: redzones go behind blocks alone, and pointers stay what they were`;
}

function keptBehind(all: readonly AllocatorFunction[], print: Fingerprint): AllocatorFunction[] {
  const own = [...print.cutting, ...print.inner].map((func) => bodyFunction('memalign', func));
  return [...all.filter((f) => KEPT_BEHIND.has(f.role.role)), ...own];
}

/** A member told by its body. */
export function bodyFunction(roleName: string, func: number): AllocatorFunction {
  const role = ALLOCATOR_ROLES.find((r) => r.role === roleName)!;
  return { role, func, how: 'body', name: `function ${func}` };
}
