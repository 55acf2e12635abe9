// Two (or more) policies over the same script, as text: the maps after each step in columns, and what merging gained.
import type { History, HistoryStep } from './history.ts';
import { type Outcome, permissions } from './replay.ts';
import type { Counters } from './space.ts';

const ERRNO_NAMES: Readonly<Record<number, string>> = {
  1: 'EPERM',
  9: 'EBADF',
  11: 'EAGAIN',
  12: 'ENOMEM',
  13: 'EACCES',
  14: 'EFAULT',
  17: 'EEXIST',
  22: 'EINVAL',
};

export function errnoName(errno: number): string {
  return ERRNO_NAMES[errno] ?? `errno ${errno}`;
}

function outcomeText(outcome: Outcome): string {
  if ('err' in outcome) return errnoName(outcome.err);
  if ('at' in outcome) return `page ${outcome.at}`;
  if ('out' in outcome) return `0x${outcome.out.toString(16)}`;
  if ('v' in outcome) return `value ${outcome.v}`;
  return 'count' in outcome ? `${outcome.count} areas` : 'ok';
}

function areaTexts(step: HistoryStep, startPage: number): string[] {
  const texts = step.areas.map((area) => {
    const moved = area.anon && !area.isShared && area.pgoff !== area.start ? ` pgoff ${area.pgoff - startPage}` : '';
    const anon = area.anon ? ` anon_vma ${area.anon}` : '';
    return `${area.start - startPage}-${area.end - startPage}:${permissions(area.flags).slice(0, 3)}${anon}${moved}`;
  });
  return texts.length ? texts : ['(nothing)'];
}

function columns(rows: readonly (readonly string[])[], width: number): string {
  return rows.map((row) => `  ${row.map((cell) => cell.padEnd(width)).join('  ')}`.trimEnd()).join('\n');
}

/** Of the widest cell that has another one to its right. */
function columnWidth(histories: readonly History[]): number {
  const cells = histories
    .slice(0, -1)
    .flatMap(({ steps, startPage }) => steps.flatMap((step) => areaTexts(step, startPage)));
  return Math.max(16, ...cells.map((cell) => cell.length));
}

function stepText(histories: readonly History[], index: number, width: number): string {
  const steps = histories.map((history) => history.steps[index] as HistoryStep);
  const first = steps[0] as HistoryStep;
  const lists = steps.map((step, i) => areaTexts(step, (histories[i] as History).startPage));
  const height = Math.max(...lists.map((list) => list.length));
  const rows = Array.from({ length: height }, (_, row) => lists.map((list) => list[row] ?? ''));
  const results = steps.map((step) => `-> ${outcomeText(step.outcome)}`);
  return `${String(first.line).padStart(3)}  ${first.text}\n${columns([results, ...rows], width)}\n`;
}

const COUNTED: readonly (readonly [string, (counters: Counters) => number])[] = [
  ['merges', (counters) => counters.merges],
  ['refused for the page offset', (counters) => counters.refusedByOffset],
  ['refused for the anon_vma', (counters) => counters.refusedByAnonVma],
  ['anon_vmas alive', (counters) => counters.anonVmas],
  ['most areas at a time', (counters) => counters.peakAreas],
  ['pages copied', (counters) => counters.copiedPages],
];

/** A table of counters, and for each further policy the areas it saves at the end. */
export function summaryText(histories: readonly History[]): string {
  const table = [
    ['', ...histories.map((history) => history.policy)],
    ['areas at the end', ...histories.map((history) => String(history.final.areaCount))],
    ...COUNTED.map(([label, value]) => [label, ...histories.map((each) => String(value(each.final.counters())))]),
  ];
  const width = Math.max(...table.map((row) => (row[0] as string).length));
  const lines = table.map(
    ([label, ...cells]) => `${(label as string).padEnd(width)}  ${cells.map((cell) => cell.padStart(14)).join('  ')}`,
  );
  const [base, ...others] = histories;
  const gains = others.map((other) => {
    const gained = (base as History).final.areaCount - other.final.areaCount;
    return `${other.policy} gained ${gained} ${gained === 1 ? 'merge' : 'merges'} over ${(base as History).policy}.`;
  });
  return `${[...lines.map((line) => line.trimEnd()), ...gains].join('\n')}\n`;
}

/** Every step, then the summary. */
export function sideBySide(histories: readonly History[]): string {
  const width = columnWidth(histories);
  const header = columns([histories.map((history) => history.policy)], width);
  const steps = (histories[0] as History).steps.map((_, index) => stepText(histories, index, width));
  return `${header}\n${steps.join('')}\n${summaryText(histories)}`;
}
