// Does `wasan node` leave awkward programs as they are? Each case prints and exits as it does plain.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

const CLI = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'wasan-bad-cases-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const APP = fileURLToPath(new URL('apps/bad-cases.mjs', import.meta.url));

function run(args: readonly string[], env = process.env): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

const underWasan = (name: string) => run([CLI, 'node', '--cache-size=0', '--verbosity=1', APP, name]);

describe.each([
  ['data url', '2021161080\n', 0],
  ['wrong type', 'TypeError true\n', 0],
  ['one memory in two modules', '77 true true\n', 0],
  ['a memory handed on', '5 memory,get,put 196608\n', 0],
  ['an instance behind a Proxy', '3 2021161080 true\n', 0],
  ['an exception nobody catches', '', 1],
  ['an exit inside an import', '', 7],
  ['an exception inside an import', 'RangeError: from the import\n', 0],
  ['an exception inside an import, caught by nobody', '', 1],
  ['a trap that is caught', 'true unreachable\n', 0],
  ['a module sent to a worker', '2021161080 memory,get,put 3\n', 0],
])('%s', (name, stdout, code) => {
  test('is what it is without wasan', async () => {
    const [plain, checked] = await Promise.all([run([APP, name]), underWasan(name)]);
    expect({ stdout: plain.stdout, code: plain.code }).toEqual({ stdout, code });
    expect({ stdout: checked.stdout, code: checked.code }).toEqual({ stdout, code });
    expect(checked.stderr).not.toContain('AddressSanitizer');
    if (name === 'an exception nobody catches') expect(checked.stderr).toContain('TypeError: nobody catches this');
    if (name !== 'wrong type') expect(checked.stderr).toMatch(/wasan: wasm-\w+: \d+ bytes/); // it ran instrumented
  });
});

// Whether Node hangs is a matter of luck; whether what prevents it happens is not.
describe('an exit while compiler threads may wait for a collection', () => {
  const register = new URL('../../cli/node/register.ts', import.meta.url).href;
  const isCollected = async (name: string, cache: string) => {
    const env = { ...process.env, XDG_CACHE_HOME: join(folder, cache) };
    const { stdout } = await run(['--trace-gc', '--import', register, APP, name], env);
    return stdout.includes('testing; GC in old space requested');
  };

  test.each([
    ['an exception nobody catches', true],
    ['an exit inside an import', true],
    ['data url', false],
  ])('%s', async (name, expected) => expect(await isCollected(name, name)).toBe(expected));

  test('of a process that takes its module from the cache is the same as without wasan', async () => {
    expect(await isCollected('an exit inside an import', 'twice')).toBe(true);
    expect(await isCollected('an exit inside an import', 'twice')).toBe(false);
  });
});
