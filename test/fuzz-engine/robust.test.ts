// What goes wrong around a campaign: kills, a full disk, a corpus that cannot be read, targets that cannot be fuzzed. One
// sentence each, libFuzzer's exit code, and nothing half-written.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import binaryen from 'binaryen';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openFolder, readInputs, sha1, writeFile } from '../../fuzz/folder.ts';
import { killCampaign } from './kills.ts';
import { SEEDED } from './seeded-bugs.ts';
import { compileTarget } from './targets.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const DISK_FULL = new URL('disk-full.mjs', import.meta.url).href;
const EXAMPLE = new URL('../../examples/fuzz/json.c', import.meta.url);
const MISSING = /the required directory "missing" does not exist; -create_missing_dirs=1 makes it/;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wasan-robust-'));
  writeFileSync(join(folder, 'free.wasm'), await compileTarget(SEEDED['use after free']!));
  writeFileSync(join(folder, 'json.wasm'), await compileTarget(readFileSync(EXAMPLE, 'utf8'), ['-DFIXED']));
  writeFileSync(
    join(folder, 'no-memory.wasm'),
    wat('(module (func (export "LLVMFuzzerTestOneInput") (param i32 i32)))'),
  );
  writeFileSync(
    join(folder, 'hidden-memory.wasm'),
    wat('(module (memory 1) (func (export "LLVMFuzzerTestOneInput") (param i32 i32)))'),
  );
  writeFileSync(
    join(folder, 'imports.wasm'),
    wat(`(module (import "env" "draw" (func $draw)) (memory (export "memory") 1)
      (func (export "LLVMFuzzerTestOneInput") (param i32 i32) (call $draw)))`),
  );
  writeFileSync(
    join(folder, 'wide.wasm'),
    wat('(module (memory (export "memory") i64 1) (func (export "LLVMFuzzerTestOneInput") (param i64 i64)))'),
  );
  writeFileSync(join(folder, 'none.wasm'), wat('(module (memory (export "memory") 1) (func (export "none")))'));
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true }));

function wat(text: string): Uint8Array {
  const module = binaryen.parseText(text);
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}

function fuzz(args: readonly string[], diskFullAfter?: number): { code: number | null; text: string } {
  const full = diskFullAfter === undefined ? [] : ['--import', DISK_FULL];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...full, MAIN, 'fuzz', '-verbosity=0', '-create_missing_dirs=1', ...args],
    {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, DISK_FULL_AFTER: String(diskFullAfter ?? '') },
    },
  );
  return { code: status, text: (stdout + stderr).replace(/^INFO: (Seed|Loaded).*\n/gm, '') };
}

const whole = (path: string) =>
  readdirSync(join(folder, path)).every((name) => sha1(readFileSync(join(folder, path, name))) === name);

test('ten kills at random moments: whole files only, none lost, and the campaign goes on from them', async () => {
  const { units, edges } = await killCampaign(folder, 'json.wasm', 10, 250);
  expect(units).toBeGreaterThan(10);
  for (let i = 1; i < edges.length; i++) expect(edges[i]!).toBeGreaterThanOrEqual(edges[i - 1]!);
}, 120_000);

test('a full disk ends the campaign in one sentence, and leaves whole files', () => {
  const { code, text } = fuzz(['-seed=1', '-runs=20000', 'json.wasm', 'full'], 5);
  expect(code).toBe(1);
  expect(text).toMatch(/^INFO: [^\n]*\nwasan: [^\n]*full[^\n]*ENOSPC: no space left on device, write \[E_OUTPUT\]\n$/);
  expect(readdirSync(join(folder, 'full'))).toHaveLength(5);
  expect(whole('full')).toBe(true);
});

test('a finding that cannot be saved is printed, with its input', () => {
  const { code, text } = fuzz(['-seed=1', '-runs=10000', '-artifact_prefix=lost/', 'free.wasm'], 0);
  expect(code).toBe(77);
  expect(text).toContain('ERROR: AddressSanitizer: heap-use-after-free');
  expect(text).toContain('ENOSPC: no space left on device');
  expect(text).toContain(`Base64: ${Buffer.from('FUZZ').toString('base64')}`);
  expect(readdirSync(join(folder, 'lost'))).toEqual([]);
});

test.each([
  ['a module without memory', ['no-memory.wasm'], /memory/],
  ['a module that keeps its memory to itself', ['hidden-memory.wasm'], /does not export its memory/],
  ['an entry without parameters', ['-entry=none', 'none.wasm'], /its entry takes no value, not \(pointer, length\)/],
  ['a 64-bit memory', ['wide.wasm'], /its memory is 64-bit/],
  ['an import nobody provides', ['imports.wasm'], /it imports "env.draw", which nobody provides/],
  ['a corpus below a file', ['free.wasm', 'free.wasm/corpus'], /free\.wasm\/corpus/],
  ['a corpus that cannot be listed', ['free.wasm', 'circle'], /circle/],
  [
    'a file where the artifacts’ folder should be',
    ['-minimize_crash=1', '-artifact_prefix=free.wasm/', 'free.wasm', 'crash'],
    /free\.wasm/,
  ],
  ['a corpus that is not there', ['-create_missing_dirs=0', 'free.wasm', 'missing'], MISSING],
  ['the same, shared by processes', ['-create_missing_dirs=0', '-fork=2', 'free.wasm', 'missing'], MISSING],
  ['the same, merged into', ['-create_missing_dirs=0', '-merge=1', 'free.wasm', 'missing', '.'], MISSING],
  ['artifacts for nowhere', ['-create_missing_dirs=0', '-artifact_prefix=missing/a-', 'free.wasm'], MISSING],
  ['an artifact for nowhere', ['-create_missing_dirs=0', '-exact_artifact_path=missing/a', 'free.wasm'], MISSING],
  ['a folder and a file', ['free.wasm', '.', 'crash'], /crash: not a directory/],
  ['nothing to minimise', ['-minimize_crash=1', 'free.wasm'], /-minimize_crash=1 takes one input file/],
  ['two files to cleanse', ['-cleanse_crash=1', 'free.wasm', 'crash', 'crash'], /takes one input file/],
  ['inputs of less than nothing', ['-max_len=-1', 'free.wasm'], /-max_len takes a number from 0 on, not "-1"/],
  ['units that are never mutated', ['-mutate_depth=0', 'free.wasm'], /-mutate_depth takes a number from 1 on/],
  ['a dictionary with an error', ['-dict=crash', 'free.wasm'], /line 1 of the dictionary/],
  ['a module that is none', ['crash'], /not a WebAssembly binary/],
])('%s is one sentence and exit code 1', (_name, args, sentence) => {
  if (args.includes('circle')) symlinkSync('circle', join(folder, 'circle'));
  writeFileSync(join(folder, 'crash'), 'FUZZ');
  const { code, text } = fuzz(['-runs=1', ...args]);
  expect(text).toMatch(/^wasan: [^\n]+ \[E_\w+\]\n$/);
  expect(text).toMatch(sentence);
  expect(code).toBe(1);
  expect(readdirSync(folder)).not.toContain('missing');
});

test.each([[[]], [['.']]])('a merge of %j merges nothing, and is no failure, as in libFuzzer', (folders) => {
  const { code, text } = fuzz(['-merge=1', 'free.wasm', ...folders]);
  expect({ code, text }).toEqual({ code: 0, text: 'INFO: Merge requires two or more corpus dirs\n' });
});

test('files run as often as -runs says, whatever -fork says; each says how it went', () => {
  for (const name of ['fine', 'also']) writeFileSync(join(folder, name), name);
  const { code, text } = fuzz(['-runs=3', '-fork=2', 'free.wasm', 'fine', 'also']);
  expect(code).toBe(0);
  expect(text).toMatch(
    /^free\.wasm: Running 2 inputs 3 time\(s\) each\.\nRunning: fine\nExecuted fine in \d+ ms\nRunning: also\n/,
  );
});

test('regressions are replayed first, all of them, and findings say which saved one is the same bug', () => {
  const once = join(folder, 'once');
  openFolder(once);
  writeFile(once, 'crash-a', 'FUZZ');
  writeFile(once, 'fine', 'fine');
  const first = fuzz(['-verbosity=1', '-runs=0', '-regressions=once', '-artifact_prefix=again/', 'free.wasm']);
  expect(first.code).toBe(77);
  expect(first.text).toContain('INFO: 2 regressions replayed, 1 found again');
  const second = fuzz([
    '-seed=1',
    '-runs=20000',
    '-entry=LLVMFuzzerTestOneInput',
    '-artifact_prefix=again/',
    '-max_len=9',
    'free.wasm',
  ]);
  const crash = `crash-${sha1(new TextEncoder().encode('FUZZ'))}`;
  expect(second.text).toContain(`replay: wasan fuzz -entry=LLVMFuzzerTestOneInput free.wasm again/${crash}`);
  writeFileSync(join(folder, 'longer'), 'FUZZ!');
  const third = fuzz(['-runs=0', '-regressions=longer', '-artifact_prefix=again/', 'free.wasm']);
  expect(third.text).toContain(`the same bug as again/${crash}`);
});

test('drafts of killed processes are removed once they are old', () => {
  const place = join(folder, 'drafts');
  openFolder(place);
  for (const name of ['.wasan-old', '.wasan-new']) writeFileSync(join(place, name), 'half');
  utimesSync(join(place, '.wasan-old'), new Date(0), new Date(0));
  openFolder(place);
  expect(readdirSync(place)).toEqual(['.wasan-new']);
  expect(readInputs(place)).toEqual([]);
});

test('a file that may not grow is one sentence and exit code 1', () => {
  const merge = [process.execPath, MAIN, 'fuzz', '-create_missing_dirs=1', '-merge=1', 'free.wasm', 'small', '.'];
  const limited = 'ulimit -f 0; exec "$@" 2>&1 | cat'; // the pipe may grow
  const { stdout } = spawnSync('sh', ['-c', limited, 'sh', ...merge], { cwd: folder, encoding: 'utf8' });
  expect(stdout.split('\n').at(-2)).toMatch(/^wasan: [^\n]*EFBIG[^\n]* \[E_(SYSTEM|OUTPUT)\]$/);
}, 60_000);
