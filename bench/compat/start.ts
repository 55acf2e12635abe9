// How long does a program with a 30 MB module take to start under `wasan node` once the cache holds the module? The whole
// process counts, from its start to its first result.
//
//   npx node bench/compat/start.ts [scratch folder]

import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PACKAGES } from './packages.ts';
import { install } from './run.ts';

const WASAN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const APP = 'duckdb-wasm';
const RUNS = 3;

const folder = process.argv[2] ?? join(tmpdir(), 'wasan-compatibility');
install(
  folder,
  PACKAGES.filter((p) => p.app === APP),
);

/** Seconds; the least of several runs, because other work on the machine only ever adds to it. */
function least(runs: number, args: readonly string[]): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < runs; i++) {
    const begin = performance.now();
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder });
    if (status !== 0) throw new Error(`it failed:\n${stderr}`);
    best = Math.min(best, (performance.now() - begin) / 1000);
  }
  return best;
}

const app = [join('apps', 'driver.mjs'), APP, '0'];
const checked = [WASAN, 'node', '--halt_on_error=0', `--cache-dir=${join(folder, 'cache-start')}`, ...app];
const plain = least(RUNS, app);
const first = least(1, checked);
const second = least(RUNS, checked);
const line = (what: string, seconds: number) =>
  console.log(`${what.padEnd(28)} ${seconds.toFixed(2)} s  ${(seconds / plain).toFixed(2)}x`);
line('plain', plain);
line('wasan node, first run', first);
line('wasan node, from the cache', second);
