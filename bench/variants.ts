// The ways to run one module that the bench compares: as it is, and as wasan makes it with one thing switched off at a time.

import type { InstrumentOptions } from '../index.ts';
import type { DebugInfo } from '../instrument/debug-info.ts';

export interface Variant {
  readonly name: string;
  /** What it is without; for the head of a column. */
  readonly options?: InstrumentOptions;
}

export const ORIGINAL: Variant = { name: 'original' };
/** All default checks, allocation stacks recorded. */
export const WASAN: Variant = { name: 'wasan', options: {} };

/** Differences from WASAN: what each costs is what its absence saves. */
export const WITHOUT: readonly Variant[] = [
  { name: 'elimination', options: { elide: false } },
  { name: 'access checks', options: { ignore: () => true } },
  { name: 'stack redzones', options: { stack: false } },
  { name: 'allocation stacks', options: { runtime: { contextSize: 0 } } },
  { name: 'quarantine', options: { runtime: { quarantineBytes: 0 } } },
  { name: 'string checks', options: { strings: false, runtime: { replaceIntrin: false } } },
];

const NO_DEBUG_INFO: DebugInfo = { stackFrame: () => undefined, globals: () => [] };

/** Nothing but the checks of accesses, and the redzones of the heap that they find. */
const ACCESSES = {
  ...{ stack: false, strings: false, debugInfo: NO_DEBUG_INFO },
  runtime: { contextSize: 0, quarantineBytes: 0, replaceIntrin: false },
} satisfies InstrumentOptions;
const { debugInfo: _, ...WITH_DEBUG_INFO } = ACCESSES;

/** That alone, and with one class of bugs more at a time. */
export const ALONE: readonly Variant[] = [
  { name: 'heap overflow', options: ACCESSES },
  { name: '+ stack', options: { ...ACCESSES, stack: true } },
  {
    name: '+ use after return',
    options: { ...ACCESSES, stack: true, runtime: { ...ACCESSES.runtime, stackAfterReturn: true } },
  },
  { name: '+ globals', options: WITH_DEBUG_INFO },
  {
    name: '+ library calls',
    options: { ...ACCESSES, strings: true, runtime: { ...ACCESSES.runtime, replaceIntrin: true } },
  },
  { name: '+ use after free', options: { ...ACCESSES, runtime: { contextSize: 0, replaceIntrin: false } } },
  { name: '+ who allocated', options: { ...ACCESSES, runtime: { quarantineBytes: 0, replaceIntrin: false } } },
];

export const VARIANTS: readonly Variant[] = [ORIGINAL, WASAN, ...WITHOUT, ...ALONE];

export function variantNamed(name: string): Variant {
  const found = VARIANTS.find((v) => v.name === name);
  if (!found) throw new Error(`no variant "${name}"`);
  return found;
}
