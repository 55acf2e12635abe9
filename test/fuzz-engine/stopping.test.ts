// What ends a campaign before its runs are done: Ctrl-C, a limit of time that hangs do not stretch, another worker's finding. Exit
// codes are libFuzzer's.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openModule } from '../../fuzz/index.ts';
import { drive, parse } from './driver.ts';
import { campaignOf, compileTarget } from './targets.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const CLEAN = 'int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) { return 0; }';
/** Every input of a byte or more hangs. */
const HANGS = `volatile int sink;
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) { while (size) sink++; return 0; }`;
/** Two of them ask for too much, each for its own reason. */
const GREEDY = `#include <stdlib.h>
static __attribute__((noinline)) void first(void) { void *volatile p = malloc(3u << 29); free(p); }
static __attribute__((noinline)) void second(void) { void *volatile p = malloc(3u << 29); free(p); }
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  if (size == 1) first();
  if (size == 2) second();
  return 0;
}`;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wasan-stopping-'));
  writeFileSync(join(folder, 'clean.wasm'), await compileTarget(CLEAN));
  writeFileSync(join(folder, 'hangs.wasm'), await compileTarget(HANGS));
  writeFileSync(join(folder, 'greedy.wasm'), await compileTarget(GREEDY));
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) => drive(process.execPath, [MAIN, 'fuzz', '-create_missing_dirs=1', ...args], folder);

/** Sends the signal once the log says so. */
function interrupt(signal: NodeJS.Signals, when: string, args: readonly string[]): Promise<[number | null, string]> {
  const child = spawn(process.execPath, [MAIN, 'fuzz', ...args], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    const before = text.includes(when);
    text += part;
    if (!before && text.includes(when)) child.kill(signal);
  });
  return new Promise((resolve) => child.on('exit', (code) => resolve([code, text])));
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends a campaign in order, with libFuzzer’s exit code',
  async (signal) => {
    const [code, text] = await interrupt(signal, '\tINITED', ['-html=page.html', 'clean.wasm']);
    expect(code).toBe(72);
    expect(text).toMatch(/^Done \d+ runs in \d+ second\(s\)\n==1== libFuzzer: run interrupted; exiting\n$/m);
    expect(readFileSync(join(folder, 'page.html'), 'utf8')).toContain('</html>');
  },
  60_000,
);

test('a signal is heard while the corpus runs', async () => {
  mkdirSync(join(folder, 'slow'));
  for (let i = 1; i <= 200; i++) writeFileSync(join(folder, 'slow', `${i}`), 'x'.repeat(i));
  const args = ['-timeout=0.2', '-keep_going=1', 'hangs.wasm', 'slow'];
  const [code, text] = await interrupt('SIGINT', 'Test unit written', args);
  expect(code).toBe(70);
  expect(Number(/^Done (\d+) runs/m.exec(text)![1])).toBeLessThan(100);
}, 60_000);

test('hangs do not stretch a campaign beyond its time', () => {
  const { code, text } = run('-seed=1', '-timeout=0.3', '-keep_going=1', '-max_total_time=1', 'hangs.wasm');
  expect(code).toBe(70);
  expect(Number(/^Done (\d+) runs/m.exec(text)![1])).toBeLessThan(20); // 64 of them would be 20 s
}, 60_000);

test('with -fork hangs and memory are gone past, other findings end all workers', () => {
  const fork = ['-fork=2', '-seed=1', '-max_total_time=3', '-timeout=0.3', '-artifact_prefix=fork/'];
  expect(run(...fork, 'hangs.wasm').text).toMatch(/^INFO: exiting: 0 time: \d+s$/m);
  expect(readdirSync(join(folder, 'fork')).some((name) => name.startsWith('timeout-'))).toBe(true);
  expect(run(...fork, '-ignore_timeouts=0', 'hangs.wasm').code).toBe(70);
}, 120_000);

test('limits of 0 are none, as in libFuzzer', () => {
  const log = run('-seed=1', '-runs=50', '-rss_limit_mb=0', '-timeout=0', 'clean.wasm');
  expect({ code: log.code, error: parse(log).error }).toEqual({ code: 0, error: undefined });
}, 60_000);

test('an ignored kind is no failure', () => {
  const { code, text } = run('-seed=1', '-runs=200', '-ignore_ooms=1', '-artifact_prefix=oom/', 'greedy.wasm');
  expect({ code, written: text.match(/Test unit written/g)?.length }).toEqual({ code: 0, written: 2 });
  expect(text).toContain('ERROR: libFuzzer: out-of-memory (malloc(1610612736))\n');
}, 60_000);

test('who asked for too much memory is another bug for each that asks', async () => {
  const campaign = campaignOf(openModule(await compileTarget(GREEDY)), 1, 500, { ignoreCrashes: true });
  campaign.run([]);
  const places = campaign.findings.map(({ finding }) => /\b(first|second)\b/.exec(finding.key)?.[0]);
  expect(places.sort()).toEqual(['first', 'second']);
});

test('the printed command replays a finding in a shell, whatever the names', () => {
  const place = join(folder, "it's a folder");
  mkdirSync(place);
  const found = run('-seed=1', '-runs=500', `-artifact_prefix=${place}/`, 'greedy.wasm');
  const [, replay] = /^replay: wasan (.*)$/m.exec(found.text)!;
  const again = drive('sh', ['-c', `"$0" "$1" ${replay}`, process.execPath, MAIN], folder);
  expect({ code: again.code, summary: parse(again).summary }).toEqual({ code: 71, summary: parse(found).summary });
}, 60_000);
