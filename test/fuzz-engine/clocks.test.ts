// Two clocks: one for a run, one for the campaign. Time is simulated: every part of a campaign takes as long as the test says,
// so that what counts can be told from what does not to the millisecond.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Io } from '../../cli/command.ts';
import { runCampaign } from '../../cli/fuzz/campaign.ts';
import { clocksOf } from '../../cli/fuzz/clocks.ts';
import { parseFuzzFlags } from '../../cli/fuzz/flags.ts';
import { TargetOutput } from '../../cli/fuzz/target-output.ts';
import type { Executor } from '../../fuzz/executor.ts';
import { plainFinding } from '../../fuzz/finding.ts';
import { NO_HITS } from '../../fuzz/hits.ts';
import { openModule } from '../../fuzz/index.ts';
import { compileTarget } from './targets.ts';

const RUN_MS = 10;
const HOUR_MS = 3_600_000;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasan-clocks-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A campaign whose runs take 10 ms while it fuzzes, and an hour each while it is set up, minimises or tears down. */
async function simulate(flags: readonly string[]) {
  let now = 0;
  const spent = { runs: 0, setUp: 0, minimizing: 0, tearDown: 0 };
  const executor: Executor = {
    counters: 8,
    edges: 8,
    prepare: () => {
      now += HOUR_MS;
      spent.setUp++;
    },
    run: (input) => {
      const minimizing = new Error().stack!.includes('minimizeFinding');
      now += minimizing ? HOUR_MS : RUN_MS;
      spent[minimizing ? 'minimizing' : 'runs']++;
      if (input.length < 3) return undefined;
      return plainFinding('crash', 'title', 'sentence', [{ function: 'where' }]);
    },
    hits: () => NO_HITS,
    compares: () => [],
  };
  const text: string[] = [];
  const io: Io = { stdout: () => {}, stderr: (line) => text.push(line), env: {}, terminalColumns: undefined };
  const all = ['-max_len=8', '-keep_going=1', '-use_cmp=1', `-html=${join(folder, 'page.html')}`, ...flags];
  await runCampaign({
    executor,
    flags: parseFuzzFlags(all),
    folders: [],
    dictionary: [],
    artifacts: { prefix: `${folder}/`, exact: '', replay: ['replay'], after: [] },
    reports: {
      html: join(folder, 'page.html'),
      lcov: '',
      modulePath: 'none.wasm',
      cover: () => {
        now += HOUR_MS;
        spent.tearDown++;
        return [];
      },
    },
    moduleName: 'none.wasm',
    seed: 1,
    output: new TargetOutput(io, 0, false),
    io,
    now: () => now,
  });
  return { ...spent, text: text.join('') };
}

describe('the campaign’s clock', () => {
  test('stands while the target is set up, findings are minimised and pages are written', async () => {
    const spent = await simulate(['-max_total_time=60']);
    expect(spent).toMatchObject({ setUp: 1, tearDown: 1 });
    expect(spent.minimizing).toBeGreaterThan(3);
    expect(readdirSync(folder)).toContain('page.html');
    // 60 s of 10 ms each; whether time is up is asked every 64 runs, and a slice is at most a few runs late.
    expect(spent.runs).toBeGreaterThanOrEqual(6000);
    expect(spent.runs).toBeLessThan(6000 + 2 * 64);
    expect(spent.text).toMatch(/^Done \d+ runs in 6\d second\(s\)$/m);
  });

  test('-exit_on_time=20 counts from the last new unit, and is stretched by -scale', async () => {
    const { runs } = await simulate(['-exit_on_time=20', '-scale=3']);
    expect(runs).toBeGreaterThanOrEqual(6000);
    expect(runs).toBeLessThan(6000 + 3 * 64);
  });

  test.each(['-max_total_time=20', '-max_runtime=20'])('%s is stretched by -scale', async (limit) => {
    const spent = await simulate([limit, '-scale=3']);
    expect(spent.runs).toBeGreaterThanOrEqual(6000);
    expect(spent.runs).toBeLessThan(6000 + 2 * 64);
  });
});

test('one factor for both clocks', () => {
  const clocks = (...flags: string[]) => clocksOf(parseFuzzFlags(flags));
  const flags = ['-timeout=2', '-max_total_time=30'];
  expect(clocks(...flags)).toEqual({ run: 2000, campaign: 30_000, vain: 0 });
  expect(clocks(...flags, '-scale=4')).toEqual({ run: 8000, campaign: 120_000, vain: 0 });
  expect(clocks('-scale=0.5')).toEqual({ run: 2500, campaign: 0, vain: 0 });
  expect(clocks('-timeout=0').run).toBe(Number.POSITIVE_INFINITY);
});

describe('a run’s clock', () => {
  const LOOPS = `
volatile int sink;
static void loop(int n) {
#pragma clang loop unroll(disable)
  for (int i = 0; i < n; i++) sink++;
}
int LLVMFuzzerInitialize(int *argc, char ***argv) { loop(3000000); return 0; }
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  if (size == 1) loop(3000000);
  return 0;
}`;

  /** A second goes by between two looks at the clock. */
  const endings = async (timeout: number) => {
    let seconds = 0;
    const module = await compileTarget(LOOPS, ['-Wl,--export=LLVMFuzzerInitialize']);
    const executor = openModule(module, { timeout, now: () => 1000 * seconds++ });
    const short = executor.run(new Uint8Array(0));
    const afterSetUp = seconds;
    return { short, afterSetUp, long: executor.run(new Uint8Array(1))?.title, looks: seconds };
  };

  test('stands while the target sets itself up, however long that takes', async () => {
    const { short, afterSetUp, long, looks } = await endings(3000);
    expect([short, afterSetUp, long]).toEqual([undefined, 0, 'timeout']);
    expect(looks).toBe(5); // one to begin with, and the first at which more than three seconds have passed
  }, 60_000);

  test('a longer timeout is a longer run', async () => {
    expect((await endings(7000)).looks).toBe(9);
    expect((await endings(1e9)).long).toBeUndefined();
  }, 60_000);

  test('is not looked at by a run that only makes memory grow: many do, and asking the kernel takes longer than they', async () => {
    let looks = 0;
    const module = await compileTarget(`#include <stdlib.h>
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  char *volatile p = malloc(size << 16);
  free(p);
  return 0;
}`);
    const executor = openModule(module, { now: () => looks++, memoryLimit: 16 << 20 });
    expect([executor.run(new Uint8Array(9))?.title, looks]).toEqual([undefined, 0]);
    expect([executor.run(new Uint8Array(300))?.kind, looks]).toEqual(['oom', 0]);
  }, 60_000);
});
