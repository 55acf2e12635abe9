// libFuzzer's -print_pcs, -print_coverage and -print_corpus_stats: which code a campaign reached, and what became of its units.

import type { Campaign } from '../../fuzz/campaign.ts';
import type { CountedPlace, Executor } from '../../fuzz/executor.ts';

/** A line per counter that has just been at work for the first time. */
export function newPcLines(executor: Executor, counters: readonly number[]): string {
  return counters
    .map((counter) => {
      const place = executor.placeOf?.(counter);
      return place ? `\tNEW_PC: 0x${place.offset.toString(16)} in ${place.frame.function} ${sourceOf(place)}\n` : '';
    })
    .join('');
}

interface CoveredFunction {
  readonly name: string;
  readonly begin: CountedPlace;
  readonly hits: number;
  readonly missed: CountedPlace[];
  counters: number;
}

/** Functions with how many runs entered them and how many of their counters were ever at work; what was not, by line. */
export function coverageLines(executor: Executor, { features }: Campaign): string {
  const functions: CoveredFunction[] = [];
  for (let counter = 0; counter < (executor.edges ?? executor.counters); counter++) {
    const place = executor.placeOf?.(counter);
    if (!place) continue;
    let current = functions.at(-1);
    if (!current || current.name !== place.frame.function) {
      current = { name: place.frame.function, begin: place, hits: features.runsOf(counter), missed: [], counters: 0 };
      functions.push(current);
    }
    current.counters++;
    if (features.covered[counter] === 0) current.missed.push(place);
  }
  return `COVERAGE:\n${functions.map(functionLines).join('')}`;
}

function functionLines({ name, begin, hits, missed, counters }: CoveredFunction): string {
  const covered = counters - missed.length;
  const head = `${covered > 0 ? 'COVERED' : 'UNCOVERED'}_FUNC: hits: ${hits} edges: ${covered}/${counters} ${name} ${sourceOf(begin)}\n`;
  return covered === 0 ? head : head + missed.map((place) => `  UNCOVERED_PC: ${sourceOf(place)}\n`).join('');
}

function sourceOf({ frame, offset }: CountedPlace): string {
  if (frame.file === undefined) return `(+0x${offset.toString(16)})`;
  return `${frame.file}:${frame.line ?? 0}${frame.column ? `:${frame.column}` : ''}`;
}

export function corpusLines({ corpus }: Campaign): string {
  return corpus.units
    .filter((unit) => !unit.retired)
    .map(({ name, bytes, mutants, successes }, i) => {
      const pad = (value: number, width: number) => String(value).padStart(width);
      return `  [${pad(i, 3)} ${name}] sz: ${pad(bytes.length, 5)} runs: ${pad(mutants, 5)} succ: ${pad(successes, 5)} focus: 0\n`;
    })
    .join('');
}
