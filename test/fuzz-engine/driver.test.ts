// Drives wasan fuzz as a fuzzing service drives libFuzzer: flags, log lines, statistics, exit codes and files are all it knows.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drive, HUGE, NESTED, parse } from './driver.ts';
import { SEEDED } from './seeded-bugs.ts';
import { compileTarget } from './targets.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wasan-driver-'));
  writeFileSync(join(folder, 'bug.wasm'), await compileTarget(SEEDED['heap overflow']!));
  writeFileSync(join(folder, 'hang.wasm'), await compileTarget(SEEDED.hang!));
  writeFileSync(join(folder, 'huge.wasm'), await compileTarget(HUGE));
  mkdirSync(join(folder, 'corpus'));
  mkdirSync(join(folder, 'artifacts'));
  writeFileSync(join(folder, 'corpus', 'seed'), 'LEN');
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true }));

const libFuzzer = (...args: string[]) =>
  drive(process.execPath, [MAIN, 'fuzz', '-create_missing_dirs=1', ...args], folder);

test('fuzz, reproduce, minimise, cleanse, merge: one crash from log to smallest input', () => {
  const common = ['-timeout=25', '-rss_limit_mb=2560', '-max_len=100', '-artifact_prefix=artifacts/'];
  const run = libFuzzer(...common, '-seed=1', '-runs=50000', '-print_final_stats=1', 'bug.wasm', 'corpus');
  const log = parse(run);
  expect(run.code).toBe(77);
  expect(run.text).toContain('INFO: seed corpus: files: 1 min: 3b max: 3b total: 3b');
  expect(log.events).toContain('NEW');
  expect(log.edges).toEqual([...log.edges].sort((a, b) => a - b));
  expect(Object.keys(log.stats)).toEqual([
    'number_of_executed_units',
    'average_exec_per_sec',
    'new_units_added',
    'slowest_unit_time_sec',
    'peak_rss_mb',
  ]);
  expect(log.stats.number_of_executed_units).toBeGreaterThan(1);
  expect(log.stats.peak_rss_mb).toBeGreaterThan(10);
  expect(log.summary).toEqual(['AddressSanitizer', 'heap-buffer-overflow']);
  expect(log.artifact).toMatch(/^artifacts\/crash-[0-9a-f]{40}$/);

  const again = libFuzzer(...common, '-runs=100', 'bug.wasm', log.artifact!);
  expect(again.code).toBe(77);
  expect(again.text).toContain(`Running: ${log.artifact}`);

  const smaller = ['-minimize_crash=1', '-max_total_time=60', '-exact_artifact_path=smaller'];
  expect(libFuzzer(...smaller, 'bug.wasm', log.artifact!).code).toBe(0);
  expect(readFileSync(join(folder, 'smaller'), 'utf8').slice(0, 3)).toBe('LEN');
  expect(readFileSync(join(folder, 'smaller'))).toHaveLength(11);
  expect(libFuzzer('-cleanse_crash=1', '-exact_artifact_path=clean', 'bug.wasm', 'smaller').code).toBe(0);
  expect(readFileSync(join(folder, 'clean'), 'latin1')).toMatch(/^LEN[ \xff]{8}$/); // libFuzzer's two bland bytes
  expect(libFuzzer('bug.wasm', 'clean').code).toBe(77);

  mkdirSync(join(folder, 'merged'));
  const merge = libFuzzer('-merge=1', 'bug.wasm', 'merged', 'corpus');
  expect(merge.code).toBe(0);
  expect(merge.text).toMatch(/^#1\tpulse {2}cov: \d+ ft: \d+ exec\/s: [1-9]\d* rss: \d+Mb$/m);
  expect(merge.text).toMatch(/^#2\tpulse /m); // whether or not it brings something new
  const [, files, features, edges] =
    /^MERGE-OUTER: (\d+) new files with (\d+) new features added; (\d+) new coverage edges$/m.exec(merge.text)!;
  expect(readdirSync(join(folder, 'merged'))).toHaveLength(Number(files));
  expect(Number(features)).toBeGreaterThanOrEqual(Number(edges));
  const clean = libFuzzer('-runs=0', 'bug.wasm', 'merged');
  expect(clean.code).toBe(0);
  expect(clean.text).toMatch(/^Done \d+ runs in \d+ second\(s\)$/m);
  const files0 = readdirSync(join(folder, 'merged')).map((name) => `merged/${name}`);
  expect(libFuzzer('bug.wasm', ...files0).text).toContain('*** NOTE: fuzzing was not performed');
}, 120_000);

test('hangs, memory and ignored findings have libFuzzer’s exit codes', () => {
  const hang = libFuzzer('-seed=1', '-timeout=1', '-runs=5000', '-artifact_prefix=artifacts/', 'hang.wasm');
  expect(hang.code).toBe(70);
  expect(parse(hang).artifact).toMatch(/^artifacts\/timeout-/);
  const huge = ['-seed=1', '-malloc_limit_mb=50', '-artifact_prefix=artifacts/', '-runs=5000'];
  const memory = libFuzzer(...huge, 'huge.wasm');
  expect(memory.code).toBe(71);
  expect(parse(memory).artifact).toMatch(/^artifacts\/oom-/);
  expect(libFuzzer('-malloc_limit_mb=200', 'huge.wasm', parse(memory).artifact!).code).toBe(0);
  const on = libFuzzer(...huge, '-ignore_ooms=1', '-error_exitcode=99', 'huge.wasm');
  expect(on.text).toMatch(/^#5000\s+DONE/m);
}, 120_000);

test('functions that are entered for the first time, and at the end which were', async () => {
  writeFileSync(join(folder, 'nested.wasm'), await compileTarget(NESTED));
  const run = (...args: string[]) => libFuzzer('-seed=1', '-runs=3000', '-max_len=8', ...args, 'nested.wasm').text;
  const entered = run()
    .match(/^\tNEW_FUNC.*$/gm)!
    .map((line) => line.replace(/0x[0-9a-f]+/, '0x'));
  expect(entered).toEqual([
    expect.stringMatching(/^\tNEW_FUNC\[1\/1\]: 0x in deep \/target\.c:5/),
    expect.stringMatching(/^\tNEW_FUNC\[1\/1\]: 0x in deeper \/target\.c:2/),
  ]);
  expect(run()).toMatch(/^\tNEW_FUNC.*\n#\d+\s+NEW /m);
  expect(run('-print_funcs=0')).not.toContain('NEW_FUNC');
  const end = run('-print_coverage=1', '-print_full_coverage=1');
  expect(end).toMatch(/^COVERED_FUNC: hits: \d+ edges: \d+\/\d+ deeper \/target\.c:2/m);
  expect(end).toMatch(/^UNCOVERED_FUNC: hits: 0 edges: 0\/\d+ never \/target\.c:[89]/m);
  const [, full] = /^FULL COVERAGE:\n((?:U[ \d]*\nC[ \d]*\n)+)/m.exec(end)!;
  expect(full).toMatch(/^U 9[ 89]*\nC\n/m);
  expect(full).toMatch(/^U\nC 2\n/m);
}, 120_000);

test('seeds by name, printable inputs, help', () => {
  const seeded = libFuzzer(
    '-seed=1',
    '-timeout=0.3',
    '-runs=2000',
    '-only_ascii=1',
    '-seed_inputs=corpus/seed',
    'hang.wasm',
    'plain',
  );
  expect(seeded.text).toContain('seed corpus: files: 1 ');
  for (const name of readdirSync(join(folder, 'plain'))) {
    expect(readFileSync(join(folder, 'plain', name), 'latin1')).toMatch(/^[\t-\r -~]*$/);
  }
  const stopped = libFuzzer('-seed=1', '-stop_file=corpus/seed', 'nested.wasm');
  expect([stopped.code, stopped.text.includes('\tDONE ')]).toEqual([0, true]);
  const plain = libFuzzer('-seed=1', '-runs=500', '-cross_over=0', '-mutate_depth=1', '-use_cmp=0', 'bug.wasm');
  expect([...plain.text.matchAll(/ MS: (\d+) /g)].map(([, mutations]) => mutations)).not.toContain('2');
  expect(plain.text).not.toMatch(/CrossOver|SplitAndJoin/);
  const help = libFuzzer('-help=1');
  expect(help.code).toBe(0);
  for (const flag of ['-max_total_time', '-minimize_crash', '-fork', '-dict', '-artifact_prefix'])
    expect(help.text).toContain(flag);
}, 120_000);
