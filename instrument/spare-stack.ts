// Whether frames with redzones may move to a spare stack (runtime/spare-stack.ts) where the program's own has no room for
// them, and from which address on. Not in programs that look for pointers, or for the end of the stack, between the stack
// pointer and a fixed address.

import type { Allocator } from './allocator-found.ts';
import type { CallGraph } from './call-graph.ts';
import { codeReferences } from './globals/extents.ts';
import { isCollected } from './kept-by-name.ts';
import { DEFAULT_STACK, type StackBounds } from './layout.ts';
import type { Module } from './wasm/module.ts';
import { functionNames } from './wasm/names.ts';

export interface SpareStack {
  /** Frames that would reach below this move. */
  readonly from: number;
  /** Nothing in the module looks at the size of memory: new pages belong to nobody. */
  readonly mayGrow: boolean;
}

/** Kept back on the program's own stack, for functions whose frames are not understood: a quarter, at most this. */
const KEPT_BACK = 16384;

/** Collectors that scan the stack (TinyGo, Boehm, AssemblyScript), and Emscripten's own check of the stack pointer. */
const LOOKS_AT_STACK =
  /^(runtime\.(alloc|gc)|tinygo_|GC_|emscripten_scan_stack|~lib\/|__set_stack_limits|__handle_stack_overflow)/;

/** What the runtime can take a block by. */
const TAKES: ReadonlySet<string> = new Set(['malloc', 'rust_alloc', 'memalign']);

export function spareStack(
  module: Module,
  stack: StackBounds | undefined,
  allocator: Allocator,
  graph: CallGraph,
  /** Whether new pages may be taken at all. */
  growing: boolean,
): SpareStack | undefined {
  if (!stack || allocator.functions.some((f) => isCollected(f.role.role))) return undefined;
  const names = [...module.imports, ...module.exports].map((e) => e.name);
  if ([...names, ...functionNames(module).values()].some((name) => LOOKS_AT_STACK.test(name))) return undefined;
  const isKnown = allocator.functions.some((f) => TAKES.has(f.role.original));
  const mayGrow = growing && !graph.sizesMemory;
  if (!isKnown && !mayGrow) return undefined;
  const low = lowestUsable(module, stack);
  const kept = Math.min(KEPT_BACK, (stack.high - low) / 4);
  return { from: Math.ceil((low + kept) / 16) * 16, mayGrow };
}

/**
 * Where the stack ends at the latest. If it lies behind the data, variables without a trace in the binary may lie between:
 * then no more is relied on than what linkers give a stack by default, and nothing that the code mentions by its address.
 */
function lowestUsable(module: Module, { low, high, exact, sure }: StackBounds): number {
  if (exact) return low;
  if (sure < high) return sure;
  const mentioned = codeReferences(module, low + 1, high - 1);
  return Math.max(low, high - DEFAULT_STACK, ...mentioned.slice(-1));
}
