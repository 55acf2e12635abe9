// wasan/vitest in a project that uses it: the test that misuses memory fails with the report, the others pass.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileC } from '../support/compile-c.ts';
import { HEAP_SOURCE } from '../support/heap-module.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'wasan-vitest-'));
let results: Readonly<Record<string, { status: string; messages: string }>>;

interface JsonReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { title: string; status: string; failureMessages: string[] }[];
  }[];
}

beforeAll(async () => {
  const module = join(folder, 'lib.wasm');
  writeFileSync(
    module,
    await compileC({ file: 'lib.c', source: HEAP_SOURCE, flags: ['-g', '-O0', '-mexec-model=reactor'] }),
  );
  const config = join(folder, 'vitest.config.mjs');
  const setup = here('../../cli/vitest/setup.ts');
  writeFileSync(
    config,
    `export default { root: ${JSON.stringify(here('fixture'))}, test: { setupFiles: [${JSON.stringify(setup)}], isolate: false } };`,
  );
  const output = join(folder, 'out.json');
  const vitest = here('../../node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--config', config, '--reporter=json', `--outputFile=${output}`, '--maxWorkers=1'];
  const env = { PATH: process.env.PATH, FIXTURE_MODULE: module, XDG_CACHE_HOME: folder } as NodeJS.ProcessEnv;
  const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8', timeout: 100_000 });
  expect(`${status} ${stderr}`).toMatch(/^1 /);
  const report = JSON.parse(readFileSync(output, 'utf8')) as JsonReport;
  results = Object.fromEntries(
    report.testResults.flatMap((file) => [
      [file.name.replace(/.*\//, ''), { status: '', messages: file.message }],
      ...file.assertionResults.map((r) => [r.title, { status: r.status, messages: r.failureMessages.join() }] as const),
    ]),
  );
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true }));

test('the guilty test fails, with the report and its source line', () => {
  expect(results['past the block']!.status).toBe('failed');
  const { messages } = results['past the block']!;
  expect(messages).toMatch(/wasan: heap-buffer-overflow in this test/);
  expect(messages).toContain('is located 0 bytes after 10-byte region');
  expect(messages).toMatch(/in run .*lib\.c:4/);
});

test.each(['within the block', 'within it again', 'the original is seen'])('"%s" passes', (title) => {
  expect(results[title]!.status).toBe('passed');
});

test('a finding outside of tests fails the file, not the next test', () => {
  expect(results['outside.test.js']!.messages).toMatch(/heap-buffer-overflow outside of the tests of this file/);
});
