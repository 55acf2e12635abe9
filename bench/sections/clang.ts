// Does a very large program still work? clang itself (75 MB of wasm) under `wasan node` compiles a program: the same output
// as without, and no finding.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { progress } from '../progress.ts';
import { goal, type Table } from '../report.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const TASK = fileURLToPath(new URL('../tasks/compile.mjs', import.meta.url));

interface Compiled {
  readonly hash: string;
  readonly bytes: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly megabytes: number;
}

export async function benchClang(): Promise<Table[]> {
  progress('clang as it is');
  const plain = compile([TASK]);
  progress('clang under wasan');
  const checked = compile([MAIN, 'node', '--cache-size=0', TASK]);
  const same = plain.hash === checked.hash;
  return [
    {
      title: 'clang under wasan compiles a program',
      text: 'Two of its modules (compiler and linker in one, 75 MB) are instrumented and run in one process: seconds include loading, instrumenting, compiling with -O2 and linking. A finding would end the process with an error.',
      columns: ['clang', 'seconds', 'CPU seconds', 'peak MB', 'output bytes'],
      rows: [
        ['as it is', plain.seconds, plain.cpuSeconds, plain.megabytes, plain.bytes],
        ['under wasan', checked.seconds, checked.cpuSeconds, checked.megabytes, checked.bytes],
      ],
      goals: [goal('clang under wasan: findings, and differences in what it wrote', same ? 0 : 1, '<=', 0, '')],
    },
  ];
}

function compile(args: readonly string[]): Compiled {
  const output = execFileSync(process.execPath, ['--no-warnings', ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  return JSON.parse(output.trim().split('\n').at(-1)!) as Compiled;
}
