// How long does a program with a 33 MB module take to start under `wasan node` once the cache holds the module? Whole
// processes count, from their start until the module is ready, and until it has given its first result. CPU time beside the
// clock, because other work on the machine changes only the clock.
//
//   npx node bench/compat/start.ts [scratch folder]

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PACKAGES } from './packages.ts';
import { install } from './run.ts';

/** As installed: `npm run build` makes it. */
const WASAN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const APP = 'duckdb-wasm';
const RUNS = 3;

export interface Start {
  readonly what: string;
  readonly ready: Cost;
  readonly result: Cost;
}

/** Seconds. */
interface Cost {
  readonly clock: number;
  /** Of the process and those it started; not a number where the system does not tell. */
  readonly cpu: number;
}

/** Plain, under `wasan node` for the first time, and from the cache. */
export function measureStart(folder: string): Start[] {
  if (!existsSync(WASAN)) throw new Error('dist/ is missing: npm run build');
  const app = PACKAGES.filter((p) => p.app === APP);
  install(folder, app);
  const cache = join(folder, 'cache-start');
  rmSync(cache, { recursive: true, force: true });
  const checked = [WASAN, 'node', '--halt_on_error=0', `--cache-dir=${cache}`];
  const first = until(folder, checked, 'result', 1);
  const starts = (what: string, command: readonly string[]): Start => ({
    what,
    ready: until(folder, command, 'ready', RUNS),
    result: until(folder, command, 'result', RUNS),
  });
  return [
    starts('plain', []),
    { what: '`wasan node`, first run', ready: { clock: Number.NaN, cpu: Number.NaN }, result: first },
    starts('`wasan node`, from the cache', checked),
  ];
}

/** The least of several runs, because other work on the machine only ever adds to it. */
function until(folder: string, command: readonly string[], end: 'ready' | 'result', runs: number): Cost {
  let [clock, cpu] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let i = 0; i < runs; i++) {
    const [begin, cpuBegin] = [performance.now(), childrensCpu()];
    const args = [...command, join('apps', 'driver.mjs'), APP, end === 'ready' ? 'load' : 'once'];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder });
    if (status !== 0) throw new Error(`it failed:\n${stderr}`);
    clock = Math.min(clock, (performance.now() - begin) / 1000);
    cpu = Math.min(cpu, childrensCpu() - cpuBegin);
  }
  return { clock, cpu };
}

/** Seconds that ended children of this process, and theirs, were given: proc(5), cutime and cstime, in hundredths. */
function childrensCpu(): number {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[13]) + Number(fields[14])) / 100;
  } catch {
    return Number.NaN;
  }
}

export function startTable(starts: readonly Start[]): string[] {
  const plain = starts[0]!;
  const cell = (own: number, base: number) =>
    Number.isNaN(own) ? '' : `${own.toFixed(2)} s${own === base ? '' : ` (${(own / base).toFixed(2)}x)`}`;
  const cells = ({ what, ready, result }: Start) => [
    what,
    cell(ready.cpu, plain.ready.cpu),
    cell(ready.clock, plain.ready.clock),
    cell(result.cpu, plain.result.cpu),
    cell(result.clock, plain.result.clock),
  ];
  return [
    '| start of a 33 MB module | ready, CPU | ready, clock | first result, CPU | first result, clock |',
    '| --- | --- | --- | --- | --- |',
    ...starts.map((start) => `| ${cells(start).join(' | ')} |`),
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2] ?? join(tmpdir(), 'wasan-compatibility');
  console.log(startTable(measureStart(folder)).join('\n'));
}
