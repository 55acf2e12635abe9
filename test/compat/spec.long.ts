// Does the specification's own test suite do under `wasan node` what it does without? Every instruction is in it, with its
// traps, its odd operands and its ways to be refused. The files are those in Debian's source package of Binaryen.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { debianSource } from '../../bench/debian.ts';

const CLI = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const APP = fileURLToPath(new URL('apps/spec.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'wasan-spec-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const source = debianSource('binaryen');
const reason = 'reason' in source ? source.reason : converter();
if (reason) console.log(`the specification's tests are not run: ${reason}`);

function converter(): string | undefined {
  return spawnSync('wast2json', ['--version']).status === 0 ? undefined : 'there is no wast2json (Debian: wabt)';
}

/** Those wabt can read: some of Binaryen's are in dialects of its own. */
function converted(): string[] {
  if (reason || 'reason' in source) return [];
  const from = join(source.folder, 'test/spec');
  return readdirSync(from)
    .filter((name) => name.endsWith('.wast'))
    .filter((name) => convert(join(from, name)));
}

function convert(wast: string): boolean {
  return spawnSync('wast2json', ['--enable-all', wast, '-o', jsonOf(wast)]).status === 0;
}

function jsonOf(wast: string): string {
  return join(folder, `${basename(wast, '.wast')}.json`);
}

function run(args: readonly string[]): string {
  return execFileSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 1 << 26,
  });
}

describe.skipIf(reason !== undefined)('the test suite of the specification', () => {
  const files = converted();

  test('is there', () => expect(files.length).toBeGreaterThan(80));

  test.each(files)('%s', (name) => {
    const plain = run([APP, jsonOf(name)]);
    expect(run([CLI, 'node', '--cache-size=0', '--halt_on_error=0', '--exitcode=0', APP, jsonOf(name)])).toBe(plain);
    expect(plain.length).toBeGreaterThan(0);
  });
});
