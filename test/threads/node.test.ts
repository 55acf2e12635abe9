// `wasan node` and programs with workers: a module and its memory that travel by postMessage arrive instrumented, whether
// the worker is older than the module or younger, and a finding in any thread makes the process fail.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { type CliResult, wasan } from '../support/cli.ts';
import { compileThreads } from './compile.ts';

const APP = fileURLToPath(new URL('../node/apps/threads.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'wasan-threads-'));
const file = join(folder, 'program.wasm');
writeFileSync(file, await compileThreads('-O1', '-g'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(options: string, ...tasks: string[]): CliResult {
  return wasan(['node', `--cache-dir=${folder}`, APP, file, ...tasks], { env: { ASAN_OPTIONS: options } });
}

test('a right program prints what it printed before', () => {
  expect(run('', 'run_allocate:4', 'run_load:1:500', 'run_read:3', 'run_free')).toEqual({
    status: 0,
    stdout: 'done\n',
    stderr: '',
  });
});

test('memory allocated in one thread, freed in another, used in the first', () => {
  const { status, stdout, stderr } = run('halt_on_error=0:exitcode=66', 'run_allocate:4', 'run_free', 'run_read:1');
  expect(stderr).toMatch(/heap-use-after-free on address.*\nREAD of size 4 at .* thread T1/);
  expect(stderr).toMatch(/freed by thread T2 here:\n.*in free .*\n.*run_free/);
  expect(stderr).toMatch(/allocated by thread T1 here:\n.*in malloc .*\n.*run_allocate/);
  expect(stderr.match(/ERROR: AddressSanitizer/g)).toHaveLength(1);
  expect([status, stdout]).toEqual([66, 'done\n']);
});

test('a finding in a worker ends the process where halt_on_error says so', () => {
  const { status, stdout, stderr } = run('halt_on_error=1:exitcode=67', 'run_overflow:3');
  expect(stderr).toMatch(/heap-buffer-overflow on address.*\nWRITE of size 4 at .* thread T1/);
  expect([status, stdout]).toEqual([67, '']);
});
