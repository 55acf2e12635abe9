// The recorded kernel answers, and the model's replay of them.
import { readFileSync } from 'node:fs';
import type { Recorded } from './differential.ts';
import { difference, type Model } from './sequence.ts';

export interface Corpus {
  kernel: string;
  sequences: Recorded[];
}

export function readCorpus(): Corpus {
  return JSON.parse(readFileSync(new URL('corpus/kernel.json', import.meta.url), 'utf8'));
}

/** The first difference between the model and the recorded kernel, or null. */
export function replay(model: Model, { ops, answers }: Recorded): string | null {
  model.reset();
  return difference(
    ops.map((op) => model.run(op)),
    answers,
  );
}
