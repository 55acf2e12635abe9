// What may be taken for granted about memory before the program runs: static data that nothing poisons, and stack frames
// without a poisoned byte. A program that poisons memory by itself gets nothing for granted.

import type { Conditions, FunctionPlan } from '../plan.ts';
import { KIND, type Module } from '../wasm/module.ts';

/** What the analysis may take for granted about memory. */
export interface Assumptions {
  /** End of the null page, which no valid access touches. */
  readonly nullLimit: number;
  /** Whether [address, address + size) is valid for the whole run: static data nobody poisons. */
  isAlwaysValid(address: number, size: number, write: boolean): boolean;
  /** Whether a function's own stack frame has no poisoned byte. */
  isPlainFrame(func: number): boolean;
  /** Accesses known to stay inside the function's own frame, by offset in the file. */
  frameAccesses(func: number): ReadonlySet<number> | undefined;
  /** Loads that are checked only where conditions hold. */
  discardedLoads(func: number): Conditions | undefined;
}

export interface AssumptionInput {
  readonly module: Module;
  readonly nullLimit: number;
  readonly plans: readonly FunctionPlan[];
  /** Whether a byte of static data in [address, address + size) may be poisoned: redzones between globals, read-only data. */
  readonly poisonsStatic?: (address: number, size: number, write: boolean) => boolean;
}

const POISONS = /^__(asan|sanitizer)_/;

export function assumptionsOf(input: AssumptionInput): Assumptions {
  const { module, nullLimit, plans, poisonsStatic } = input;
  const poisonsItself = module.imports.some((i) => i.kind === KIND.FUNC && POISONS.test(i.name));
  const ranges = poisonsItself ? [] : staticRanges(module, nullLimit);
  return {
    nullLimit,
    isAlwaysValid: (address, size, write) =>
      covers(ranges, address, address + size) && !poisonsStatic?.(address, size, write),
    frameAccesses: (func) => plans[func - module.importedFunctions]!.inFrame,
    discardedLoads: (func) => plans[func - module.importedFunctions]!.discarded,
    isPlainFrame: (func) => {
      const plan = plans[func - module.importedFunctions]!;
      return !poisonsItself && !plan.poisonsFrame && !plan.movedOffsets;
    },
  };
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** What active data segments fill at known addresses, in order, joined where they touch. */
function staticRanges(module: Module, nullLimit: number): Range[] {
  const filled: { from: number; to: number }[] = [];
  let isOrdered = true;
  for (const { passive, memory, address, start, end } of module.data) {
    if (passive || memory !== 0 || address === undefined) continue;
    const from = Math.max(address, nullLimit);
    const to = address + end - start;
    if (from >= to) continue;
    const last = filled[filled.length - 1];
    if (last && from < last.from) isOrdered = false;
    filled.push({ from, to });
  }
  if (!isOrdered) filled.sort((x, y) => x.from - y.from);
  const joined: { from: number; to: number }[] = [];
  for (const range of filled) {
    const last = joined[joined.length - 1];
    if (last && range.from <= last.to) last.to = Math.max(last.to, range.to);
    else joined.push(range);
  }
  return joined;
}

function covers(ranges: readonly Range[], from: number, to: number): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle]!.to <= from) low = middle + 1;
    else high = middle;
  }
  const range = ranges[low];
  return range !== undefined && range.from <= from && to <= range.to;
}
