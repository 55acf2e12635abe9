// Does the command end where the program's process does not? Node's own exit may wait for ever (nodejs/node issue 54918): here a
// listener of `exit` does, on purpose.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { wasan } from '../support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasan-halting-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const APP = join(ROOT, 'test/node/apps/freed-twice.mjs');
const preload = (code: string) => ['--import', `data:text/javascript,${encodeURIComponent(code)}`];
const HANGS = preload('process.on("exit", () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));');

test('a process that hangs in its exit is stopped, and the finding decides the exit code', () => {
  const begin = performance.now();
  const { status, stderr } = wasan(['node', `--cache-dir=${folder}`, '--exitcode=23', '--', ...HANGS, APP]);
  expect(stderr).toContain('attempting double-free');
  expect(status).toBe(23);
  expect(performance.now() - begin).toBeGreaterThan(10_000);
});

test('so is one that was started by node --import, where nobody is left to tell', () => {
  const args = ['--import', join(ROOT, 'cli/node/register.ts'), ...HANGS, APP];
  const { signal, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stderr).toContain('attempting double-free');
  expect(signal).toBe('SIGKILL');
});

test('one that goes on, because its process.exit does not exit, ends when it likes', () => {
  const goesOn = preload(`process.exit = () => { throw new Error('no'); };
    process.on('uncaughtException', () => undefined);
    setTimeout(() => console.log('at its end'), 12_000);`);
  const { status, stdout } = wasan(['node', `--cache-dir=${folder}`, '--exitcode=23', '--', ...goesOn, APP]);
  expect(stdout).toContain('at its end');
  expect(status).toBe(23);
});
