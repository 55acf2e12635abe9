// Does a program that makes instances over and over keep its size under `wasan node`? Each has a shadow of its own.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const CLI = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const APP = fileURLToPath(new URL('apps/bad-cases.mjs', import.meta.url));

test('a thousand instances leave nothing behind', async () => {
  const args = [CLI, 'node', '--cache-size=0', APP, 'a thousand instances'];
  const stdout = await new Promise<string>(
    (resolve) => void execFile(process.execPath, args, (_, out) => resolve(out)),
  );
  expect(stdout).toBe('no growth\n');
});
