// Why do the programs that miss the goals miss them? Which code their time goes to, beside what they execute.

import { readFileSync } from 'node:fs';
import { buildWasi, sourcesOf } from '../build.ts';
import { type Counts, count, ORIGINAL_INSTRUCTIONS } from '../counters.ts';
import { progress } from '../progress.ts';
import type { Cell, Table } from '../report.ts';
import { REST, RUNTIME_PARTS } from '../runtime-parts.ts';
import { PROGRAMS } from '../suite.ts';
import { task } from '../task.ts';
import { ALLOCATOR, OWN, type Profile } from '../tasks/profile.ts';

/** The slowest programs and kernels. */
const CHOSEN = ['gemm', 'embedded (CoreMark-like)', 'cJSON', 'Lua', 'SQLite speedtest1'];
/** Its table, which the goals refer to. */
export const WHERE = 'Which code the time is spent in';
const MILLISECONDS = 15_000;
const PARTS = [OWN, ALLOCATOR, ...Object.keys(RUNTIME_PARTS), REST];
const EXECUTED = ['own instructions', 'runtime instructions'];

export async function benchProfile(): Promise<Table[]> {
  const rows: Cell[][] = [];
  for (const program of PROGRAMS.filter((p) => CHOSEN.includes(p.name))) {
    const sources = sourcesOf(program);
    if ('reason' in sources) {
      rows.push([program.name, `not built: ${sources.reason}`, ...[...PARTS, ...EXECUTED].map(() => '')]);
      continue;
    }
    const path = await buildWasi(program, sources);
    progress(program.name);
    const profile = task<Profile>('profile', [path, program.size, MILLISECONDS]);
    const counts = await count(new Uint8Array(readFileSync(path)), program.small);
    rows.push(...profileRows(program.name, profile, counts));
  }
  return [
    {
      title: WHERE,
      text: `Samples of the engine's profiler while the original and wasan's form of it run in turn, over all samples of the original: a row adds up to "all", the slowdown. "${OWN}" has the checks, frames and records that stand in it; the parts of the runtime are its source files (\`bench/runtime-parts.ts\`), as far as the engine does not inline them into each other. The last columns are instructions executed for 100 of the original, at the program's small size.`,
      columns: ['program', 'all', ...PARTS, ...EXECUTED],
      rows,
    },
  ];
}

/** The original's row and wasan's. */
export function profileRows(name: string, { original, wasan }: Profile, counts: Counts): Cell[][] {
  const whole = sum(original);
  const row = (label: string, parts: Readonly<Record<string, number>>, executed: readonly Cell[]): Cell[] => [
    label,
    sum(parts) / whole,
    ...PARTS.map((part) => (part in parts ? parts[part]! / whole : '')),
    ...executed,
  ];
  const per100 = (what: string) =>
    ((counts[`instructions of the ${what}`] ?? 0) / counts[ORIGINAL_INSTRUCTIONS]!) * 100;
  return [row(name, original, [100, '']), row(`${name}, wasan`, wasan, [per100('program'), per100('runtime')])];
}

function sum(parts: Readonly<Record<string, number>>): number {
  return Object.values(parts).reduce((all, n) => all + n, 0);
}
