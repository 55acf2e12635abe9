// What does instrumenting cost? Time and peak memory of wasan and of Binaryen's own read + write of the same file, each in
// a process of its own.

import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Section } from './report.ts';

const require = createRequire(import.meta.url);
const TASK = fileURLToPath(new URL('instrument-task.ts', import.meta.url));

const MODULES: readonly (readonly [name: string, path: string])[] = [
  ['sql.js', require.resolve('sql.js/dist/sql-wasm.wasm')],
  ['esbuild-wasm', require.resolve('esbuild-wasm/esbuild.wasm')],
  ['clang (@yowasp/clang)', fileURLToPath(new URL('llvm.core.wasm', import.meta.resolve('@yowasp/clang')))],
];
/** Binaryen takes minutes and gigabytes on larger files; the streaming engine needs no such bound. */
const BINARYEN_LIMIT = 40e6;

interface Cost {
  readonly milliseconds: number;
  readonly megabytes: number;
  readonly outputBytes: number;
}

export async function benchInstrument(): Promise<Section[]> {
  const rows = MODULES.map(([name, path]) => {
    const size = statSync(path).size;
    const ours = cost('wasan', path);
    const theirs = size < BINARYEN_LIMIT ? cost('binaryen', path) : undefined;
    return [
      name,
      size / 1e6,
      ours.milliseconds,
      size / 1e3 / ours.milliseconds,
      ours.megabytes,
      theirs ? ours.milliseconds / theirs.milliseconds : 'not run',
      theirs ? ours.megabytes / theirs.megabytes : 'not run',
      ours.outputBytes / size,
    ];
  });
  return [
    {
      title: "instrumenting: against Binaryen's own read + write",
      goal: '<= 1.3x of its time and memory; >= 15 MB/s',
      columns: ['module', 'MB', 'ms', 'MB/s', 'peak MB', 'time / Binaryen', 'memory / Binaryen', 'size'],
      rows,
    },
  ];
}

function cost(task: 'wasan' | 'binaryen', path: string): Cost {
  return JSON.parse(execFileSync(process.execPath, ['--no-warnings', TASK, task, path], { encoding: 'utf8' })) as Cost;
}
