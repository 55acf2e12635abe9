// wasan/browser: one file that needs nothing of Node, and finds in other engines what the library finds here.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { bundleOf } from '../../browser/build.mts';
import { browserBundle } from '../support/browser-bundle.ts';
import { compileC } from '../support/compile-c.ts';

const SOURCE = `#include <stdlib.h>
__attribute__((export_name("overflow"))) int overflow(int at) {
  char *block = malloc(10);
  block[at] = 1;
  int sum = block[0];
  free(block);
  return sum;
}
int main(void) { return 0; }
`;

let bundle = '';
let module: Uint8Array;

beforeAll(async () => {
  bundle = join(await browserBundle(), 'browser/index.js');
  module = await compileC({ file: 'a.c', source: SOURCE, flags: ['-g', '-O0'] });
}, 120_000);

/** What an ES module imports, as far as its text says. */
function importsOf(text: string): string[] {
  const pattern = /(?:\bfrom|\bimport|\brequire\()\s*\(?\s*["']([\w@:./-]+)["']/g;
  return [...text.matchAll(pattern)].map((match) => match[1]!);
}

function isBuiltin(name: string): boolean {
  return name.startsWith('node:') || builtinModules.includes(name);
}

test('imports nothing, least of all from Node', () => {
  const text = readFileSync(bundle, 'utf8');
  expect(importsOf(text)).toEqual([]);
  expect(text).not.toMatch(/["'`]node:/);
  expect(importsOf('import a from"node:fs";import("os");require("path")').filter(isBuiltin)).toHaveLength(3);
});

test('a source that imports from Node is refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasan-bundle-'));
  const [source, file] = [join(folder, 'planted.ts'), join(folder, 'planted.js')];
  writeFileSync(source, 'import fs from "node:fs"; fs.rmSync("x")');
  await expect(bundleOf(source, file)).rejects.toThrow(/node:fs/);
  writeFileSync(source, 'console.log(1)');
  await bundleOf(source, file);
  expect(readFileSync(file, 'utf8')).toContain('console.log(1)');
  rmSync(folder, { recursive: true });
});

test('runs without any global of Node', () => {
  const text = readFileSync(bundle, 'utf8');
  expect(text).not.toMatch(/\b(process\.(env|argv|exit|versions)|Buffer\.(from|alloc)|__dirname)\b/);
});

/** Every Node on the PATH that gives a module one memory only. */
function oldNodes(): string[] {
  const found = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node'));
  const probe = 'process.exit(WebAssembly.validate(Uint8Array.of(0,97,115,109,1,0,0,0,5,5,2,0,1,0,1))?1:0)';
  return [...new Set(found)].filter((node) => existsSync(node) && spawnSync(node, ['-e', probe]).status === 0);
}

/** In a process of its own: instruments, runs, prints what was found and how many memories the module has. */
function script(folder: string): string {
  const path = join(folder, 'run.mjs');
  writeFileSync(
    path,
    `import { readFileSync } from 'node:fs';
import { instrument, load, asanText, PLAIN_STYLE, hasMultiMemory } from './browser/index.js';
const original = new Uint8Array(readFileSync(0));
const { bytes, inspection } = instrument(original, { host: true, runtime: { halt: false } });
const { instance, module, sanitizer } = await load({ original, instrumented: bytes, imports: { wasi_snapshot_preview1:
  new Proxy({}, { get: () => () => 0 }) } });
const clean = instance.exports.overflow(3);
const after = sanitizer.findings.length;
instance.exports.overflow(10);
const memories = WebAssembly.Module.exports(module).filter((e) => e.kind === 'memory').map((e) => e.name);
console.log(JSON.stringify({ multi: hasMultiMemory(), clean, after, memories,
  text: sanitizer.findings.map((report) => asanText(report, PLAIN_STYLE)) }));
`,
  );
  return path;
}

function runWith(node: string): Record<string, unknown> & { text: string[] } {
  const { stdout, stderr, status } = spawnSync(node, [script(join(bundle, '../..'))], {
    input: module,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown> & { text: string[] };
}

function expectOverflow(text: readonly string[]): void {
  expect(text).toHaveLength(1);
  expect(text[0]).toContain('heap-buffer-overflow');
  expect(text[0]).toContain('is located 0 bytes after 10-byte region');
  expect(text[0]).toMatch(/in overflow .*a\.c:4/);
}

test('finds a heap overflow in this Node', () => {
  const { text, ...rest } = runWith(process.execPath);
  expectOverflow(text);
  expect(rest).toEqual({ multi: true, clean: 0, after: 0, memories: ['memory', '__wasan_memory'] });
});

const old = oldNodes();
test.skipIf(old.length === 0)('finds it in an engine without multiple memories', () => {
  const { text, ...rest } = runWith(old[0]!);
  expectOverflow(text);
  expect(rest).toEqual({ multi: false, clean: 0, after: 0, memories: ['memory'] });
});
if (old.length === 0) console.log('skipped: no Node without multiple memories (such as Node 20) is on the PATH');
