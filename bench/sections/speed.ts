// What do all default checks cost, and which of them costs what?

import { type BuiltProgram, buildSuite } from '../built.ts';
import { progress } from '../progress.ts';
import { type Cell, goal, type Table } from '../report.ts';
import { geometricMean, ratios, spreadOf } from '../statistics.ts';
import type { Program } from '../suite.ts';
import { task } from '../task.ts';
import { ORIGINAL, type Variant, WASAN, WITHOUT } from '../variants.ts';
import { WHERE } from './profile.ts';

const ROUNDS = 9;
/** Rounds with one thing switched off: eight variants take their time. */
const PRICE_ROUNDS = 3;

export interface Timed {
  readonly program: Program;
  /** CPU milliseconds per round, by variant. */
  readonly times: ReadonlyMap<string, readonly number[]>;
}

export async function benchSpeed(): Promise<Table[]> {
  const { built, missing } = await buildSuite();
  const timed = built.map((each) => time(each, ROUNDS, [ORIGINAL, WASAN]));
  const counted = timed.filter((t) => t.program.kind !== 'loop');
  const priced = built
    .filter((b) => b.program.kind !== 'loop')
    .map((each) => time(each, PRICE_ROUNDS, [ORIGINAL, WASAN, ...WITHOUT]));
  const gone = missing.map(([name, reason]) => [name, `not built: ${reason}`, '', '']);
  return [slowdowns(counted, gone), prices(priced), loops(timed.filter((t) => t.program.kind === 'loop'))];
}

function time({ program, path }: BuiltProgram, rounds: number, variants: readonly Variant[]): Timed {
  progress(`${program.name}: ${variants.length} variants`);
  const names = variants.map((v) => v.name);
  const { times } = task<{ times: number[][] }>('speed', [path, program.size, rounds, ...names]);
  return { program, times: new Map(names.map((name, i) => [name, times[i]!])) };
}

function slowdown({ times }: Timed) {
  return ratios(times.get(WASAN.name)!, times.get(ORIGINAL.name)!);
}

function row(timed: Timed): Cell[] {
  return [timed.program.name, timed.program.kind, spreadOf(timed.times.get(ORIGINAL.name)!).median, slowdown(timed)];
}

function slowdowns(timed: readonly Timed[], gone: readonly Cell[][]): Table {
  const of = (t: readonly Timed[]) => t.map((each) => slowdown(each).median);
  const kernels = of(timed.filter((t) => t.program.kind === 'kernel'));
  const all = of(timed);
  return {
    title: 'Slowdown with all default checks, allocation stacks recorded',
    text: 'CPU time against the uninstrumented module, round by round in one process: median (quartiles).',
    columns: ['program', 'kind', 'original ms', 'wasan'],
    rows: [
      ...timed.map(row),
      ...gone,
      ['geometric mean, kernels', '', '', geometricMean(kernels)],
      ['geometric mean', '', '', geometricMean(all)],
    ],
    chart: { kind: 'bars', columns: ['wasan'], unit: 'x' },
    goals: [
      goal('slowdown, geometric mean', geometricMean(all), '<=', 1.5, 'x', WHERE),
      goal('slowdown of the slowest program', Math.max(...all), '<=', 2.2, 'x', WHERE),
      goal('slowdown of kernels, geometric mean', geometricMean(kernels), '<=', 1.2, 'x', WHERE),
    ],
  };
}

function prices(timed: readonly Timed[]): Table {
  const without = WITHOUT.map((v) => v.name);
  return {
    title: 'Where the time goes',
    text: 'The same slowdown with one thing switched off at a time. Without the elimination every access is checked where it stands; without access checks only the heap, the stack and the recorded calls remain.',
    columns: ['program', 'all', ...without.map((name) => `no ${name}`)],
    rows: timed.map((t) => [
      t.program.name,
      slowdown(t).median,
      ...without.map((name) => ratios(t.times.get(name)!, t.times.get(ORIGINAL.name)!).median),
    ]),
  };
}

function loops(timed: readonly Timed[]): Table {
  return {
    title: 'Loops that live on one kind of access',
    text: 'They count in no goal: sieve stores bytes, chase follows pointers, sort compares, crc looks up tables, strings calls the library, churn allocates and frees.',
    columns: ['loop', 'kind', 'original ms', 'wasan'],
    rows: timed.map(row),
  };
}
