// Fuzzes one of wasan's own readers with wasan's own fuzzer, in a test: inputs of earlier findings first.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type FuzzResult, fuzz } from '../../fuzz/index.ts';
import type { SelfTarget } from './self-targets.ts';

interface Search {
  readonly runs: number;
  readonly seed: number;
  /** Milliseconds. */
  readonly maxRuntime?: number;
  /** New findings are saved where earlier ones lie; their folder exists only once there was one. */
  readonly save: boolean;
}

export function fuzzSelf(target: SelfTarget, { save, ...search }: Search): Promise<FuzzResult> {
  const folder = fileURLToPath(new URL(`./regressions/${target.name.replaceAll(' ', '-')}/`, import.meta.url));
  return fuzz(() => target.run, {
    ...search,
    seeds: target.seeds,
    maxLength: target.maxLength,
    dictionary: target.words.map((word) => Uint8Array.from(word, (c) => c.charCodeAt(0))),
    keepGoing: true,
    ...((save || existsSync(folder)) && { regressions: folder }),
  });
}
