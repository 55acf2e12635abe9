// Packages with Emscripten's glue, under guarded views: same results, no finding. And `wasan node --guard-js`.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileLibrary } from './library.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'wasan-guard-'));
const root = here('../../');

const APPS: Readonly<Record<string, string>> = {
  'sql.mjs': `import init from '${root}node_modules/sql.js/dist/sql-wasm.js';
const { Database } = await init();
const db = new Database();
db.run('create table t(a integer primary key, b text, c real, d blob)');
for (let i = 0; i < 40; i++) db.run('insert into t(b, c, d) values(?, ?, ?)', ['row ' + i, i / 3, new Uint8Array([i, 1, 2])]);
console.log(JSON.stringify(db.exec("select count(*), sum(c), max(b), hex(group_concat(d)) from t where b like '%9%'")));
console.log(db.export().length);`,
  'quickjs.mjs': `import { newQuickJSWASMModule, newVariant, RELEASE_SYNC } from '${root}node_modules/quickjs-emscripten/dist/index.mjs';
const module = await newQuickJSWASMModule(newVariant(RELEASE_SYNC, {}));
const context = module.newContext();
const handle = context.unwrapResult(context.evalCode("JSON.stringify([[3, 1, 2].sort(), 'ä€'.repeat(3), (2n ** 70n).toString()])"));
console.log(context.getString(handle));
handle.dispose();
context.dispose();`,
  'planted.mjs': `import { readFileSync } from 'node:fs';
const { instance } = await WebAssembly.instantiate(readFileSync('${folder}/lib.wasm'));
const { memory, take, give } = instance.exports;
const HEAPU8 = new Uint8Array(memory.buffer);
const block = take(10);
give(block);
HEAPU8[block] = 1;
console.log('not reached');`,
};

beforeAll(async () => {
  writeFileSync(join(folder, 'lib.wasm'), await compileLibrary());
  for (const [name, text] of Object.entries(APPS)) writeFileSync(join(folder, name), text);
});

afterAll(() => rmSync(folder, { recursive: true }));

function guarded(name: string): { status: number | null; stdout: string; stderr: string } {
  const args = [
    here('../../cli/main.ts'),
    'node',
    '--guard-js',
    `--cache-dir=${join(folder, 'cache')}`,
    join(folder, name),
  ];
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 100_000 });
}

test.each(['sql.mjs', 'quickjs.mjs'])('%s prints what it prints without wasan', (name) => {
  const plain = execFileSync(process.execPath, [join(folder, name)], { encoding: 'utf8' });
  const { status, stdout, stderr } = guarded(name);
  expect(stderr).toBe('');
  expect(stdout).toBe(plain);
  expect(status).toBe(0);
});

test('a write of JavaScript into a freed block ends the program with a report', () => {
  const { status, stdout, stderr } = guarded('planted.mjs');
  expect(stderr).toContain('heap-use-after-free');
  expect(stderr).toMatch(/WRITE of size 1/);
  expect(stderr).toMatch(/planted\.mjs:7:/);
  expect(stdout).toBe('');
  expect(status).toBe(1);
});
