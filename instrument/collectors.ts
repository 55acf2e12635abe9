// Collectors that read the whole stack and whole objects, redzones included, by the names that builds keep: TinyGo's own and
// Boehm's. They go unchecked, also where the program calls them by itself. Of TinyGo's heap only the allocation can be
// watched: what the collector frees nobody points to, so that nobody can use it afterwards.

import type { Allocator, AllocatorFunction } from './allocator.ts';

/** TinyGo's of all versions: gc_blocks.go, gc_conservative.go, gc_precise.go, gc_stack_portable.go. Boehm's begin alike. */
const COLLECTOR = new RegExp(
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

/** Nothing of the runtime stands in for it. */
const KEPT: AllocatorFunction['role'] = {
  role: 'collector',
  names: [],
  params: '',
  result: '',
  wrapper: '',
  original: '',
};

/** A role whose blocks nobody frees by hand. */
export function isCollected(role: string): boolean {
  return role.startsWith('tinygo');
}

/** What collectors add to an allocator that was found by name, or to none. */
export function withCollectors(
  functions: readonly AllocatorFunction[],
  names: ReadonlyMap<number, string>,
): Pick<Allocator, 'kept' | 'layout' | 'evidence'> {
  const own = [...names].filter(([, name]) => COLLECTOR.test(name));
  const kept = own.map(([func, name]) => ({ role: KEPT, func, how: 'name' as const, name }));
  const collected = functions.filter((f) => isCollected(f.role.role));
  if (collected.length === 0) return { kept, layout: 'around', evidence: [] };
  return {
    kept,
    layout: collected.length === functions.length ? 'behind' : 'around',
    evidence: ["TinyGo's objects have redzones behind them alone, and what its collector frees is not followed"],
  };
}
