// The same driver drives clang's own libFuzzer and wasan fuzz over the same sources: what it reads out of one it must read
// out of the other. Needs clang 19 with its fuzzer runtime.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FUZZ_FLAGS } from '../../cli/fuzz/flags.ts';
import { drive, HUGE, LIBFUZZER_DEFAULTS, LIBFUZZER_FLAGS, NESTED, NEWER_FLAGS, parse } from './driver.ts';
import { SEEDED } from './seeded-bugs.ts';
import { compileTarget } from './targets.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const CLANG = 'clang-19';
const TARGETS = {
  ...{ bug: SEEDED['heap overflow']!, hang: SEEDED.hang!, huge: HUGE, trap: SEEDED['state machine']!, nested: NESTED },
};
type Target = keyof typeof TARGETS;

/** AddressSanitizer ends with its own code, 1, where libFuzzer is linked to it; we always use libFuzzer's. */
const CODES = { native: { report: 1, trap: 77 }, wasan: { report: 77, trap: 77 } };

const whyNot = (() => {
  const { error, status } = spawnSync(CLANG, ['-fsanitize=fuzzer', '-x', 'c', '-', '-o', '/dev/null'], {
    input: 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return 0; }',
  });
  return error || status !== 0 ? `${CLANG} with libFuzzer is not installed: nothing to compare with` : undefined;
})();
if (whyNot) console.log(whyNot);

describe.skipIf(whyNot).each(['native', 'wasan'] as const)('%s', (side) => {
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wasan-drive-'));
    for (const [name, source] of Object.entries(TARGETS)) {
      if (side === 'wasan') writeFileSync(join(folder, `${name}.wasm`), await compileTarget(source));
      else {
        writeFileSync(join(folder, `${name}.c`), source);
        const built = drive(CLANG, ['-g', '-O1', '-fsanitize=fuzzer,address', `${name}.c`, '-o', name], folder);
        expect(built.text).toBe('');
      }
    }
    mkdirSync(join(folder, 'corpus'));
    mkdirSync(join(folder, 'artifacts'));
    mkdirSync(join(folder, 'forked'));
    writeFileSync(join(folder, 'corpus/seed'), 'LEN');
    writeFileSync(join(folder, 'big'), `LEN${'a'.repeat(30)}`);
  }, 300_000);

  afterAll(() => rmSync(folder, { recursive: true }));

  const run = (target: Target, flags: readonly string[], places: readonly string[] = []) =>
    side === 'native'
      ? drive(join(folder, target), [...flags, ...places], folder)
      : drive(process.execPath, [MAIN, 'fuzz', ...flags, `${target}.wasm`, ...places], folder);
  const artifacts = '-artifact_prefix=artifacts/';

  test('a report: log, statistics, artifact, replay', () => {
    const flags = ['-seed=1', '-runs=200000', '-print_final_stats=1', '-timeout=25', '-rss_limit_mb=2560', artifacts];
    const log = run('bug', flags, ['corpus']);
    const read = parse(log);
    expect(log.code).toBe(CODES[side].report);
    expect(read.error).toEqual(['AddressSanitizer', 'heap-buffer-overflow']);
    expect(read.summary).toEqual(['AddressSanitizer', 'heap-buffer-overflow']);
    expect(read.mutators).toBe(40);
    expect(read.artifact).toMatch(/^artifacts\/crash-[0-9a-f]{40}$/);
    expect(Buffer.from(read.base64!, 'base64')).toEqual(readFileSync(join(folder, read.artifact!)));
    expect(read.events[0]).toBe('INITED');
    expect(Object.keys(read.stats)).toEqual(STATS);
    expect(log.text).toContain('INFO: Running with entropic power schedule (0xFF, 100).');
    expect(log.text).toMatch(/^INFO: +1 files found in corpus$/m);
    expect(log.text).toMatch(/^INFO: seed corpus: files: 1 min: 3b max: 3b total: 3b/m);
    const again = run('bug', ['-runs=100'], [read.artifact!]);
    expect(again.code).toBe(CODES[side].report);
    expect(again.text).toContain(`Running: ${read.artifact}`);
  }, 120_000);

  test('minimise, blank out, merge', () => {
    const smaller = run('bug', ['-minimize_crash=1', '-runs=3000', '-exact_artifact_path=small'], ['big']);
    expect(smaller.code).toBe(0);
    expect(parse(smaller).smallest).toEqual(['small', '11']);
    expect(run('bug', ['-cleanse_crash=1', '-exact_artifact_path=clean'], ['small']).code).toBe(0);
    expect(readFileSync(join(folder, 'clean'), 'latin1')).toMatch(/^LEN[ \xff]{8}$/);
    copyFileSync(join(folder, 'corpus/seed'), join(folder, 'corpus/again'));
    mkdirSync(join(folder, 'merged'));
    const merge = run('bug', ['-merge=1', '-merge_control_file=control'], ['merged', 'corpus']);
    expect(merge.code).toBe(0);
    expect(parse(merge).merged![0]).toBe(readdirSync(join(folder, 'merged')).length);
    expect(parse(merge).control).toBe('control');
    expect(readFileSync(join(folder, 'control'), 'utf8')).toMatch(
      /^\d+\n0\n(corpus\/\w+\n)+STARTED 0 \d+\nFT 0( \d+)+\n/,
    );
    const done = run('bug', ['-runs=0'], ['merged']);
    expect(done.text).toMatch(/^Done \d+ runs in \d+ second\(s\)$/m);
    expect(done.code).toBe(0);
  }, 120_000);

  test('a hang, memory, a trap', () => {
    const hang = run('hang', ['-seed=1', '-timeout=1', artifacts]);
    expect([hang.code, parse(hang).error, parse(hang).summary]).toEqual([
      70,
      ['libFuzzer', 'timeout'],
      ['libFuzzer', 'timeout'],
    ]);
    expect(parse(hang).artifact).toMatch(/^artifacts\/timeout-/);
    const memory = run('huge', ['-seed=1', '-malloc_limit_mb=50', artifacts]);
    const words = ['libFuzzer', 'out-of-memory'];
    expect([memory.code, parse(memory).error, parse(memory).summary]).toEqual([71, words, words]);
    expect(parse(memory).artifact).toMatch(/^artifacts\/oom-/);
    const trap = run('trap', ['-seed=1', '-runs=3000000', artifacts]);
    expect([trap.code, parse(trap).artifact]).toEqual([CODES[side].trap, expect.stringMatching(/^artifacts\/crash-/)]);
  }, 300_000);

  test('several at a time, and what the end of a campaign says', () => {
    const fork = run(
      'hang',
      ['-fork=2', '-max_total_time=8', '-timeout=1', '-ignore_timeouts=1', artifacts],
      ['forked'],
    );
    expect(parse(fork).forked).toBe(true);
    expect(parse(fork).exiting).toBeDefined();
    const end = run('trap', ['-seed=1', '-runs=300', '-print_coverage=1', '-print_corpus_stats=1', '-print_pcs=1']);
    expect(end.text).toMatch(/^COVERAGE:\n(UN)?COVERED_FUNC: /m);
    expect(end.text).toMatch(/^COVERED_FUNC: hits: \d+ edges: \d+\/\d+ LLVMFuzzerTestOneInput .*:\d+/m);
    expect(end.text).toMatch(/^ {2}UNCOVERED_PC: .*:\d+/m);
    expect(end.text).toMatch(/^\tNEW_PC: 0x[0-9a-f]+ in LLVMFuzzerTestOneInput /m);
    const nested = run('nested', ['-seed=1', '-runs=30000', '-print_full_coverage=1']).text;
    expect(nested).toMatch(/^\tNEW_FUNC\[1\/\d\]: 0x[0-9a-f]+ in deep .*:5/m);
    expect(nested).toMatch(/^FULL COVERAGE:\n(U[ \d]*\nC[ \d]*\n)+/m);
    expect(end.text).toMatch(/^ {2}\[ {2}0 [0-9a-f]{40}\] sz: +\d+ runs: +\d+ succ: +\d+ focus: 0$/m);
  }, 120_000);

  test('flags are the same', () => {
    const help = run('bug', ['-help=1']).text;
    const listed = [...help.matchAll(/^ +-?(\w+)\s+\S.*$/gm)].map(([, name]) => name!);
    const known = LIBFUZZER_FLAGS.filter((name) => listed.includes(name) || !NEWER_FLAGS.includes(name));
    for (const name of side === 'native' ? known : FUZZ_FLAGS.map((flag) => flag.name)) expect(listed).toContain(name);
    if (side !== 'native') return;
    expect(listed.sort()).toEqual(known.sort());
    for (const [, name, value] of help.matchAll(/^ (\w+)\s+(-?\d+)\s/gm))
      expect({ name, value }).toEqual({ name, value: numeric(LIBFUZZER_DEFAULTS.get(name!)!) });
  });
});

/** libFuzzer lists texts as 0. */
function numeric(value: string): string {
  return /^-?\d+$/.test(value) ? value : '0';
}

const STATS = [
  'number_of_executed_units',
  'average_exec_per_sec',
  'new_units_added',
  'slowest_unit_time_sec',
  'peak_rss_mb',
];
