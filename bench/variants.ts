// The ways to run one module that the bench compares: as it is, and as wasan makes it with one thing switched off at a time.

import type { InstrumentOptions } from '../index.ts';

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

export const VARIANTS: readonly Variant[] = [ORIGINAL, WASAN, ...WITHOUT];

export function variantNamed(name: string): Variant {
  const found = VARIANTS.find((v) => v.name === name);
  if (!found) throw new Error(`no variant "${name}"`);
  return found;
}
