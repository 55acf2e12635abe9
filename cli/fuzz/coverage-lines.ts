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

/** At most so many functions that have just been entered for the first time. */
export function newFunctionLines(executor: Executor, counters: readonly number[], most: number): string {
  const entries = counters.filter((counter) => executor.isEntry?.(counter));
  return entries
    .slice(0, most)
    .map((counter, i) => {
      const place = executor.placeOf?.(counter);
      const where = place ? `: 0x${place.offset.toString(16)} in ${place.frame.function} ${sourceOf(place)}` : '';
      return `\tNEW_FUNC[${i + 1}/${entries.length}]${where}\n`;
    })
    .join('');
}

interface CoveredFunction {
  readonly begin: CountedPlace;
  readonly hits: number;
  readonly covered: CountedPlace[];
  readonly missed: CountedPlace[];
}

function coveredFunctions(executor: Executor, { features }: Campaign): CoveredFunction[] {
  const functions: CoveredFunction[] = [];
  for (let counter = 0; counter < (executor.edges ?? executor.counters); counter++) {
    const place = executor.placeOf?.(counter);
    if (!place) continue;
    if (functions.length === 0 || executor.isEntry?.(counter))
      functions.push({ begin: place, hits: features.runsOf(counter), covered: [], missed: [] });
    const { covered, missed } = functions.at(-1)!;
    (features.covered[counter] === 0 ? missed : covered).push(place);
  }
  return functions;
}

/** Functions with how many runs entered them and how many of their counters were ever at work; what was not, by line. */
export function coverageLines(executor: Executor, campaign: Campaign): string {
  return `COVERAGE:\n${coveredFunctions(executor, campaign).map(functionLines).join('')}`;
}

function functionLines({ begin, hits, missed, covered }: CoveredFunction): string {
  const edges = `${covered.length}/${covered.length + missed.length}`;
  const what = covered.length > 0 ? 'COVERED' : 'UNCOVERED';
  const head = `${what}_FUNC: hits: ${hits} edges: ${edges} ${begin.frame.function} ${sourceOf(begin)}\n`;
  if (covered.length === 0) return head;
  return head + missed.map((place) => `  UNCOVERED_PC: ${sourceOf(place)}\n`).join('');
}

/** Per function a line with the source lines of the counters that were never at work, and one with those of the others. */
export function fullCoverageLines(executor: Executor, campaign: Campaign): string {
  const lines = (places: readonly CountedPlace[]) =>
    places.map(({ frame }) => (frame.line ? ` ${frame.line}` : '')).join('');
  const text = coveredFunctions(executor, campaign).map(
    ({ missed, covered }) => `U${lines(missed)}\nC${lines(covered)}\n`,
  );
  return `FULL COVERAGE:\n${text.join('')}`;
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
