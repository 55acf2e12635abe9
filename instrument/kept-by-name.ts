// What goes unchecked whoever calls it, by the names that builds keep. Collectors (TinyGo's own and Boehm's) read the whole
// stack and whole objects, redzones included. Of TinyGo's heap only the allocation can be watched: what the collector frees
// nobody points to, so that nobody can use it afterwards. Rust's dlmalloc writes its words between blocks, and not only
// __rust_alloc calls it: std takes its handles of threads from `System`.

import type { Allocator, AllocatorFunction } from './allocator-found.ts';
import { COLLECTED } from './fingerprints/tinygo.ts';

/** What a collector's functions are called in lists of what stays. */
export const COLLECTOR = 'collector';

/** TinyGo's of all versions: gc_blocks.go, gc_conservative.go, gc_precise.go, gc_stack_portable.go. Boehm's begin alike. */
const COLLECTOR_NAMES = new RegExp(
  [
    'GC_.*',
    'runtime\\.(GC|runGC|gcMarkReachable|markStack|markGlobals|markCurrentGoroutineStack|scanCurrentStack|scanstack)',
    'runtime\\.(startMark|finishMark|markRoots?|scanConservative|scanWithMask|sweep|buildFreeRanges|insertFreeRange)',
    'runtime\\.(growHeap|setHeapEnd|initHeap|calculateHeapAddresses|realloc|free|dumpHeap|looksLikePointer|isOnHeap)',
    '\\(\\*?runtime\\.(gcBlock|gcObjectScanner|freeRange|objHeader)\\)\\..*',
    'tinygo_scan(CurrentS|s)tack',
  ]
    .map((part) => `^${part}(\\$.*)?$`)
    .join('|'),
);

/** The crate that std has its allocator from: demangled, legacy-mangled (`_ZN8dlmalloc8dlmalloc...`) and v0-mangled. */
const RUST_DLMALLOC = /^<?dlmalloc::dlmalloc::|^_(ZN|R\w*_)8dlmalloc8dlmalloc/;

const INSIDE: readonly (readonly [role: string, names: RegExp])[] = [
  [COLLECTOR, COLLECTOR_NAMES],
  ["Rust's dlmalloc", RUST_DLMALLOC],
];

/** A role whose blocks nobody frees by hand. */
export function isCollected(role: string): boolean {
  return role.startsWith('tinygo');
}

/** What stays as it is beside an allocator that was found by name, or beside none. */
export function withKeptByName(
  functions: readonly AllocatorFunction[],
  names: ReadonlyMap<number, string>,
): Pick<Allocator, 'kept' | 'layout' | 'evidence'> {
  const kept = INSIDE.flatMap(([role, pattern]) => keptByName(role, pattern, names));
  const collected = functions.filter((f) => isCollected(f.role.role));
  if (collected.length === 0) return { kept, layout: 'around', evidence: [] };
  return {
    kept,
    layout: collected.length === functions.length ? 'behind' : 'around',
    evidence: [COLLECTED],
  };
}

function keptByName(role: string, pattern: RegExp, names: ReadonlyMap<number, string>): AllocatorFunction[] {
  return [...names]
    .filter(([, name]) => pattern.test(name))
    .map(([func, name]) => keptFunction(role, func, 'name', name));
}

/** Nothing of the runtime stands in for it. */
export function keptFunction(
  role: string,
  func: number,
  how: AllocatorFunction['how'],
  name: string,
): AllocatorFunction {
  return { role: { role, names: [], params: '', result: '', wrapper: '', original: '' }, func, how, name };
}
