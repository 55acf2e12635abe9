// wasan fuzz as a process: files, exit codes, merging, workers.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha1 } from '../../fuzz/folder.ts';
import { SEEDED } from './seeded-bugs.ts';
import { compileTarget } from './targets.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const EXAMPLE = fileURLToPath(new URL('../../examples/fuzz/json.c', import.meta.url));
let folder: string;

const PRINTS = `#include <stdio.h>
static const char *argument = "";
int LLVMFuzzerInitialize(int *argc, char ***argv) { if (*argc > 1) argument = (*argv)[1]; return 0; }
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  puts("to stdout");
  fflush(stdout);
  fprintf(stderr, "to stderr (%s)\\n", argument);
  if (size == 1) __builtin_trap();
  return 0;
}`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wasan-fuzz-'));
  writeFileSync(join(folder, 'free.wasm'), await compileTarget(SEEDED['use after free']!));
  writeFileSync(join(folder, 'prints.wasm'), await compileTarget(PRINTS, ['-Wl,--export=LLVMFuzzerInitialize']));
  writeFileSync(join(folder, 'hang.wasm'), await compileTarget(SEEDED.hang!));
  writeFileSync(join(folder, 'json.wasm'), await compileTarget(readFileSync(EXAMPLE, 'utf8'), ['-DFIXED']));
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true }));

function fuzz(...args: string[]): { code: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'fuzz', '-create_missing_dirs=1', ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { code: status, text: stdout + stderr };
}

const names = (path: string) => readdirSync(join(folder, path)).sort();

test('a finding is saved with its reports, replayed, minimised; the exit code is libFuzzer’s', () => {
  const { code, text } = fuzz('-seed=1', '-runs=10000', '-artifact_prefix=out/', 'free.wasm', 'corpus');
  const crash = `crash-${sha1(new TextEncoder().encode('FUZZ'))}`;
  expect(code).toBe(77);
  expect(text).toContain('ERROR: AddressSanitizer: heap-use-after-free');
  expect(names('out')).toEqual([crash, `${crash}.report.json`, `${crash}.report.txt`]);
  expect(readFileSync(join(folder, 'out', crash), 'utf8')).toBe('FUZZ');
  expect(JSON.parse(readFileSync(join(folder, 'out', `${crash}.report.json`), 'utf8'))).toMatchObject({
    kind: 'crash',
  });
  expect(fuzz('free.wasm', `out/${crash}`).code).toBe(77);
  expect(fuzz('free.wasm', ...names('corpus').map((name) => `corpus/${name}`)).code).toBe(0);
  writeFileSync(join(folder, 'long'), 'FUZZ and more');
  expect(fuzz('-minimize_crash=1', '-exact_artifact_path=short', 'free.wasm', 'long').code).toBe(0);
  expect(readFileSync(join(folder, 'short'), 'utf8')).toBe('FUZZ');
}, 60_000);

test('a hang ends with 70; going on ends with 0, or with the finding’s code', () => {
  expect(fuzz('-seed=1', '-timeout=0.2', '-runs=500', '-artifact_prefix=h/', 'hang.wasm').code).toBe(70);
  expect(names('h').filter((name) => name.startsWith('timeout-'))).toHaveLength(3);
  expect(fuzz('-seed=1', '-ignore_crashes=1', '-runs=50', '-artifact_prefix=i/', 'free.wasm').code).toBe(0);
  expect(fuzz('-seed=1', '-keep_going=1', '-runs=50', '-artifact_prefix=i/', 'free.wasm').code).toBe(77);
}, 60_000);

test('what cannot be fuzzed is refused in one sentence', () => {
  writeFileSync(join(folder, 'empty.wasm'), Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  for (const args of [
    ['none.wasm'],
    ['empty.wasm'],
    ['-entry=nothing', 'free.wasm'],
    ['-runs=1', '-dict=none', 'free.wasm'],
  ]) {
    const { code, text } = fuzz(...args);
    expect({ args, code }).toEqual({ args, code: 1 });
    expect(
      text
        .trim()
        .split('\n')
        .filter((line) => line.startsWith('wasan: ')),
    ).toHaveLength(1);
  }
}, 60_000);

test('merging keeps what adds coverage', () => {
  mkdirSync(join(folder, 'from'));
  for (const [name, text] of Object.entries({ a: '[1]', b: '[2]', c: '{"k":true}', d: '[1]' })) {
    writeFileSync(join(folder, 'from', name), text);
  }
  expect(fuzz('-merge=1', 'json.wasm', 'merged', 'from').code).toBe(0);
  const kept = names('merged').map((name) => readFileSync(join(folder, 'merged', name), 'utf8'));
  expect(kept.sort()).toEqual(['[1]', '{"k":true}']);
}, 60_000);

test('a set cover takes fewer files than going by size does', () => {
  mkdirSync(join(folder, 'parts'));
  for (const text of ['[]', '{}', '[{}]', '[{"a":0}]'])
    writeFileSync(join(folder, 'parts', sha1(Buffer.from(text))), text);
  expect(fuzz('-merge=1', 'json.wasm', 'bySize', 'parts').code).toBe(0);
  expect(fuzz('-set_cover_merge=1', 'json.wasm', 'covered', 'parts').code).toBe(0);
  const kept = (path: string) => names(path).map((name) => readFileSync(join(folder, path, name), 'utf8'));
  expect(kept('bySize')).toContain('[{"a":0}]');
  expect(kept('covered').length).toBeLessThan(kept('bySize').length);
  expect(kept('covered')).toContain('[{"a":0}]');
}, 60_000);

test('a merge that is done is not done again, and a control file of another one is written over', () => {
  mkdirSync(join(folder, 'one'));
  writeFileSync(join(folder, 'one', sha1(Buffer.from('[1]'))), '[1]');
  const merge = () => fuzz('-merge=1', '-merge_control_file=control', 'json.wasm', 'all', 'one').text;
  writeFileSync(join(folder, 'control'), 'JUNK\n');
  expect(merge()).toContain('MERGE-OUTER: bad control file, will overwrite it\n');
  expect(names('all')).toHaveLength(1);
  rmSync(join(folder, 'all'), { recursive: true });
  const again = merge();
  expect(again).toContain("MERGE-OUTER: non-empty control file provided: 'control'\n");
  expect(again).toContain('MERGE-OUTER: nothing to do, merge has been completed before\n');
}, 60_000);

test('a merge of more files uses what one that is done has found out', () => {
  mkdirSync(join(folder, 'more'));
  writeFileSync(join(folder, 'more', 'z'), '{"k":true}');
  rmSync(join(folder, 'all'), { recursive: true });
  const { text } = fuzz('-merge=1', '-merge_control_file=control', 'json.wasm', 'all', 'one', 'more');
  expect(text).toContain('MERGE-OUTER: control file ok, 1 files total, first not processed file 1\n');
  expect(text).toContain('reusing coverage information from the given control file\n');
  expect(text).toContain('1 processed earlier; will process 1 files now\n');
  expect(names('all')).toHaveLength(2);
}, 60_000);

test.each([
  [0, ['to stdout', 'to stderr']],
  [1, ['to stderr']],
  [2, ['to stdout']],
  [3, []],
])(
  '-close_fd_mask=%i shows %j of what the target prints, once',
  (mask, shown) => {
    const { code, text } = fuzz('-runs=1', `-close_fd_mask=${mask}`, 'prints.wasm', '--', 'argument');
    expect(code).toBe(0);
    expect(text.match(/to std\w+/g) ?? []).toEqual(shown);
    expect(text.includes('(argument)')).toBe(mask < 2);
    writeFileSync(join(folder, 'crash'), 'x');
    const report = fuzz(`-close_fd_mask=${mask}`, 'prints.wasm', 'crash').text;
    expect(report.match(/to stdout/g)).toHaveLength(mask === 2 ? 2 : 1); // where it was not shown it stands above the report
  },
  60_000,
);

test('what two targets that are held against each other print is shown once', () => {
  const { code, text } = fuzz('-runs=1', '-diff=prints.wasm', 'prints.wasm');
  expect(code).toBe(0);
  expect(text.match(/to stdout/g)).toHaveLength(1);
}, 60_000);

test('workers share a corpus', () => {
  expect(fuzz('-fork=2', '-seed=1', '-runs=2000', 'json.wasm', 'shared').code).toBe(0);
  expect(names('.').filter((name) => name.startsWith('fuzz-'))).toEqual(['fuzz-0.log', 'fuzz-1.log']);
  for (const name of names('shared')) expect(sha1(readFileSync(join(folder, 'shared', name)))).toBe(name);
  expect(names('shared').length).toBeGreaterThan(10);
}, 60_000);
