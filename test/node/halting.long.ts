// Does the command end where the program's process does not? Node's own exit may wait for ever (nodejs/node issue 54918): here a
// listener of `exit` does, on purpose.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { wasan } from '../support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasan-halting-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a process that hangs in its exit is stopped, and the finding decides the exit code', () => {
  const hang = 'process.on("exit", () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));';
  const preload = `data:text/javascript,${encodeURIComponent(hang)}`;
  const app = fileURLToPath(new URL('apps/freed-twice.mjs', import.meta.url));
  const begin = performance.now();
  const { status, stderr } = wasan(['node', `--cache-dir=${folder}`, '--exitcode=23', '--', '--import', preload, app]);
  expect(stderr).toContain('attempting double-free');
  expect(status).toBe(23);
  expect(performance.now() - begin).toBeGreaterThan(10_000);
});
