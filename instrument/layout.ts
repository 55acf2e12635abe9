// Where things lie in the program's memory, as far as the binary tells: the null page, and the size of the shadow.

import { GRANULE, SHADOW_BASE } from '../runtime/abi.ts';
import type { DebugInfo } from './debug-info.ts';
import { findReferences } from './globals/extents.ts';
import type { StackPointer } from './stack-pointer.ts';
import { KIND, type Module } from './wasm/module.ts';

const PAGE = 65536;
/** How much of a stack that starts at address 0 is taken for the null page: one page, as the kernel does. */
const STACK_FIRST_NULL_PAGE = 4096;
/** Flat shadow of a 32-bit address space. */
const FLAT_SHADOW_BYTES = 2 ** 29;
/** Arena pages the runtime starts with. */
const ARENA_PAGES = 4;

/** Pages of a shared memory 1 at most: a shared memory must name a maximum. */
export const SHARED_PAGES = 32768;

/** Where linkers put the first data: wasm-ld's and Emscripten's default --global-base. */
const GLOBAL_BASE = 1024;

/**
 * The end of the null page: no lower than what nobody owns, and never guessed. The lowest data segment is an upper bound
 * only, because optimisers drop leading zeros from segments; so it counts as evidence for a base, not as the base.
 * Data placed at unknown addresses (passive or relocatable segments) makes it 0.
 */
export function nullLimit(module: Module, stack: StackPointer | undefined): number {
  let lowestData = Number.POSITIVE_INFINITY;
  for (const { memory, passive, address } of module.data) {
    if (memory !== 0) continue;
    if (passive || address === undefined) return 0;
    lowestData = Math.min(lowestData, address);
  }
  if (stack?.initial !== undefined && stack.initial <= lowestData) {
    // Where there is no data at all, zero-initialised variables may come before the stack, from the usual base on.
    const usual = Number.isFinite(lowestData) ? STACK_FIRST_NULL_PAGE : GLOBAL_BASE;
    const lowest = returnsAtEight(module) ? GRANULE : usual;
    return Math.min(lowest, Math.floor(stack.initial / 2)); // the stack comes first and grows towards 0
  }
  if (!Number.isFinite(lowestData)) return 0;
  // Without a stack pointer no C linker made this module, and low memory may be anybody's scratch space.
  if (stack !== undefined && lowestData >= GLOBAL_BASE) return GLOBAL_BASE;
  return lowestData >= GRANULE ? GRANULE : 0;
}

/**
 * Where a function returns more than fits, wasm-bindgen's JavaScript of before 2021 has it written to address 8. Since then it
 * borrows from the stack; but JavaScript that others wrote after the older manner stands in front of new modules as well.
 */
function returnsAtEight({ exports }: Module): boolean {
  return exports.some((e) => e.name === '__wbindgen_malloc');
}

/** Where the program's stack lies. */
export interface StackBounds {
  readonly low: number;
  readonly high: number;
  /** `low` is the end of the stack; if not, it is merely known that the stack ends no lower. */
  readonly exact: boolean;
  /** From here up to `high` there is certainly nothing but stack. */
  readonly sure: number;
}

/** wasm-ld's size of a stack that it is not told the size of; Emscripten's and Rust's are larger. */
export const DEFAULT_STACK = 65536;

/**
 * Known where the stack pointer's initial value is. A stack in front of all data ends at 0; else it lies behind the data,
 * of which zero-initialised variables leave no trace in the binary: without any data it may be either. A stack pointer that
 * the host can move unseen has no bounds that could be relied on.
 */
export function stackBounds(
  module: Module,
  stack: StackPointer | undefined,
  debugInfo?: DebugInfo,
): StackBounds | undefined {
  const high = stack?.initial;
  if (high === undefined || high <= 0 || high > 0xffffffff || high % 16 !== 0) return undefined;
  if (module.memories[0]?.shared) return undefined;
  const segments = module.data.filter((d) => d.memory === 0);
  if (segments.some((d) => d.passive || d.address === undefined)) return undefined;
  const below = segments.filter((d) => d.address! < high);
  const movable = module.exports.some((e) => e.kind === KIND.GLOBAL && e.index === stack!.global);
  if (below.length === 0 && segments.length > 0) return { low: 0, high, exact: !movable, sure: 0 };
  const low = Math.max(0, ...below.map((d) => d.address! + d.end - d.start));
  return { low, high, exact: false, sure: debugInfo ? sureStack(module, low, high, debugInfo) : high };
}

/**
 * Zero-initialised variables lie between the data and the stack. Where debug information knows no variable in the last
 * 64 KiB below the stack's upper end, and nothing in the module refers there, the stack takes all of it: a smaller one
 * would need an unnamed variable in between, larger than what is missing to the default size.
 */
function sureStack(module: Module, low: number, high: number, debugInfo: DebugInfo): number {
  const from = high - DEFAULT_STACK;
  if (from < low || !module.sections.some((s) => s.name === '.debug_info')) return high;
  const named = debugInfo.globals().some((g) => g.offset < high && g.offset + g.size > from);
  return named || findReferences(module, from + 1, high - 1).length > 0 ? high : from;
}

/** Pages of memory 1 at the start: everything up to the arena, and a little arena. */
export function runtimePages(paged: boolean): number {
  const shadow = paged ? PAGE * 16 : FLAT_SHADOW_BYTES;
  return (SHADOW_BASE + shadow) / PAGE + ARENA_PAGES;
}
