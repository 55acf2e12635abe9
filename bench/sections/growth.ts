// How do costs grow? With the size of the program, with the number of live allocations, with the size of the quarantine.

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildWasi } from '../build.ts';
import { buildSuite } from '../built.ts';
import { progress } from '../progress.ts';
import { replicate } from '../replicate.ts';
import { type Cell, type Goal, goal, type Table } from '../report.ts';
import { exponent } from '../statistics.ts';
import { task } from '../task.ts';
import type { InstrumentCost } from '../tasks/instrument.ts';

/** Megabytes of code. */
const SIZES = [0.2, 1, 5, 20, 75];
const LIVE = [100, 1_000, 10_000, 100_000, 1_000_000];
const QUARANTINE = [1, 4, 16, 64, 256];
const PAIRS = 200_000;
/** A measured exponent this much above 1 is still linear: caches get worse with size, too. */
const LINEAR = 1.1;
/** A cost per operation that grows like this is flat but for caches. */
const FLAT = 0.25;

export async function benchGrowth(): Promise<Table[]> {
  return [await bySize(), await byLive(), await byQuarantine()];
}

function growth(what: string, points: readonly (readonly [number, number])[], most: number): Goal {
  return goal(`${what}, exponent`, exponent(points), '<=', most, '');
}

async function bySize(): Promise<Table> {
  const { built } = await buildSuite();
  const program = built.toSorted((a, b) => statSync(b.path).size - statSync(a.path).size)[0]!;
  const bytes = new Uint8Array(readFileSync(program.path));
  const largest = built.filter((b) => statSync(b.path).size > 1e5 && statSync(b.path).size < 1e6);
  const small = largest.length > 0 ? new Uint8Array(readFileSync(largest[0]!.path)) : bytes;
  const folder = mkdtempSync(join(tmpdir(), 'wasan-bench-'));
  try {
    const costs = SIZES.map((megabytes) => {
      progress(`${megabytes} MB`);
      const source = megabytes * 1e6 < bytes.length ? small : bytes;
      const module = replicate(source, Math.max(1, Math.round((megabytes * 1e6) / source.length)));
      const path = join(folder, 'large.wasm');
      writeFileSync(path, module);
      return { size: module.length / 1e6, ...task<InstrumentCost>('instrument', [path, 'wasan']) };
    });
    return {
      title: 'Instrumenting against the size of the program',
      text: `The functions of ${program.program.name} (the smallest: of a smaller program), over and over. CPU milliseconds of all threads in a fresh process, and again in the same one.`,
      columns: ['MB', 'CPU ms', 'again', 'peak MB'],
      rows: costs.map((c): Cell[] => [c.size.toFixed(2), c.cpu, c.warmCpu ?? '-', c.megabytes]),
      chart: { kind: 'lines', columns: ['CPU ms', 'again', 'peak MB'], unit: 'ms, MB' },
      goals: [
        growth(
          'instrumenting against size',
          costs.slice(1).map((c) => [c.size, c.cpu]),
          LINEAR,
        ),
      ],
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface LiveCost {
  readonly original: number;
  readonly wasan: number;
  readonly megabytes: number;
}

/** The program of suite/live.c. */
async function liveProgram(): Promise<string> {
  const source = readFileSync(new URL('../suite/live.c', import.meta.url), 'utf8');
  const program = { name: 'live', kind: 'loop', driver: 'live.c', size: 0, small: 0 } as const;
  return buildWasi(program, { files: { 'live.c': source }, units: ['live.c'] });
}

async function byLive(): Promise<Table> {
  const path = await liveProgram();
  const costs = LIVE.map((live) => {
    progress(`${live} live`);
    return { live, ...task<LiveCost>('live', [path, live, PAIRS, 0]) };
  });
  return {
    title: 'malloc and free against live allocations',
    text: 'CPU nanoseconds for a free and a malloc (16 to 111 bytes) among that many live blocks, chosen without pattern.',
    columns: ['live', 'original ns', 'wasan ns', 'process MB'],
    rows: costs.map((c): Cell[] => [c.live.toLocaleString('en'), c.original, c.wasan, c.megabytes]),
    chart: { kind: 'lines', columns: ['original ns', 'wasan ns'], unit: 'ns' },
    goals: [
      growth(
        'malloc + free against live allocations',
        costs.map((c) => [c.live, c.wasan]),
        FLAT,
      ),
    ],
  };
}

async function byQuarantine(): Promise<Table> {
  const path = await liveProgram();
  const costs = QUARANTINE.map((megabytes) => {
    progress(`quarantine of ${megabytes} MB`);
    // Enough pairs to fill the quarantine some times over.
    const pairs = Math.max(PAIRS, megabytes * 20_000);
    return { quarantine: megabytes, ...task<LiveCost>('live', [path, 1_000, pairs, megabytes * 2 ** 20]) };
  });
  return {
    title: 'malloc and free against the quarantine',
    text: 'The same among 1,000 live blocks, with quarantines of several sizes, full.',
    columns: ['quarantine MB', 'original ns', 'wasan ns', 'process MB'],
    rows: costs.map((c): Cell[] => [String(c.quarantine), c.original, c.wasan, c.megabytes]),
    chart: { kind: 'lines', columns: ['original ns', 'wasan ns', 'process MB'], unit: 'ns, MB' },
    goals: [
      growth(
        'malloc + free against the quarantine',
        costs.map((c) => [c.quarantine, c.wasan]),
        FLAT,
      ),
    ],
  };
}
