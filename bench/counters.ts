// Repeatable figures of the suite's own programs: what runs, instruction by instruction, at fixed small sizes. They are
// compared with a stored budget (bench/budget.json), since times on shared machines cannot be.

import { readFileSync, writeFileSync } from 'node:fs';
import { instrument } from '../index.ts';
import { buildWasi, sourcesOf } from './build.ts';
import { countModule, countsOf } from './count-module.ts';
import { instantiate } from './reactor.ts';
import { PROGRAMS } from './suite.ts';

export type Counts = Readonly<Record<string, number>>;
/** By program. */
export type Budget = Readonly<Record<string, Counts>>;

const FILE = new URL('budget.json', import.meta.url);

/** A figure may be this much over the budget, and this many, before it counts as worse. */
export const TOLERANCE = 0.05;
const SLACK = 50;

export const ORIGINAL_INSTRUCTIONS = 'instructions of the original';

/** Counts of every program that needs no sources but ours. */
export async function countAll(): Promise<Budget> {
  const all: Record<string, Counts> = {};
  for (const program of PROGRAMS.filter((p) => p.source === undefined)) {
    const sources = sourcesOf(program);
    if ('reason' in sources) throw new Error(sources.reason);
    const original = new Uint8Array(readFileSync(await buildWasi(program, sources)));
    all[program.name] = await count(original, program.small);
  }
  return all;
}

/** What one run of a module executes, as it is and instrumented. */
export async function count(original: Uint8Array, size: number): Promise<Counts> {
  const plain = await counted(original, countModule(original), size, false);
  const instrumented = await counted(original, countModule(instrument(original, { host: true }).bytes), size, true);
  if (plain.result !== instrumented.result) throw new Error('instrumented and original disagree');
  const nonZero = Object.entries(instrumented.counts).filter(([, n]) => n > 0);
  const sorted = nonZero.sort(([a], [b]) => (a < b ? -1 : 1));
  return { [ORIGINAL_INSTRUCTIONS]: plain.counts['instructions of the program']!, ...Object.fromEntries(sorted) };
}

/** Start-up (the heap's first page, the program's constructors) is not counted. */
async function counted(original: Uint8Array, module: Uint8Array, size: number, instrumented: boolean) {
  const { run, exports } = await instantiate(instrumented ? original : module, instrumented ? module : undefined);
  const before = countsOf(exports);
  const result = run(size);
  const after = Object.entries(countsOf(exports)).map(([name, n]) => [name, n - before[name]!] as const);
  return { result, counts: Object.fromEntries(after) as Record<string, number> };
}

export function readBudget(): Budget {
  return JSON.parse(readFileSync(FILE, 'utf8')) as Budget;
}

export function writeBudget(budget: Budget): void {
  writeFileSync(FILE, `${JSON.stringify(budget, null, 2)}\n`);
}

/** One sentence per figure that is worse than the budget allows. */
export function overruns(measured: Budget, budget: Budget): string[] {
  return Object.entries(measured).flatMap(([program, counts]) =>
    Object.entries(counts).flatMap(([name, now]) => {
      const allowed = budget[program]?.[name] ?? 0;
      if (now <= allowed * (1 + TOLERANCE) + SLACK) return [];
      return [`${program}: ${name} went from ${allowed} to ${now}`];
    }),
  );
}
