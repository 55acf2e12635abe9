// Differential campaigns: two builds of one source, two sources that should agree, the instrumented module and the
// original. A difference is a finding that shows both sides; agreement is silence.

import { expect, test } from 'vitest';
import { fuzz, openDifferential } from '../../fuzz/index.ts';
import { difference, type Outcome } from '../../fuzz/outcome.ts';
import { compileC } from '../support/compile-c.ts';
import { compileTarget } from './targets.ts';

/** A checksum over records; `WRONG` stands for what a compiler got wrong: a count kept in 8 bits. */
const SOURCE = `
#include <stdio.h>
#include <stdlib.h>
static unsigned char out[64];
static unsigned used;
__attribute__((export_name("wasan_output"))) unsigned char *output(void) { return out; }
__attribute__((export_name("wasan_output_size"))) unsigned output_size(void) { return used; }
#ifdef WRONG
typedef unsigned char count;
#else
typedef unsigned count;
#endif
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  count total = 0;
  used = 0;
  for (unsigned long i = 0; i + 1 < size; i += 2) {
    if (data[i] == 'T') abort();
    if (data[i] == '+') total += data[i + 1];
    if (data[i] == '!' && used < sizeof out) out[used++] = KEY ^ data[i + 1];
    if (data[i] == 'p') printf("%s\\n", WORD);
  }
  return total > 255;
}`;
const build = (opt: string, key = 'KEY=1', word = 'WORD="yes"', ...more: string[]) =>
  compileTarget(SOURCE, [opt, `-D${key}`, `-D${word}`, ...more]);

const OPTIONS = { runs: 1500, seed: 1, keepGoing: true };
const titles = (result: Awaited<ReturnType<typeof fuzz>>) => result.findings.map(({ finding }) => finding.title).sort();

test('two builds of one source agree, and what traps in both is an ordinary finding', async () => {
  const result = await fuzz(await build('-O0'), { ...OPTIONS, against: { module: await build('-O2') } });
  expect(titles(result)).toEqual(['unreachable']);
  expect(result.totals.edges).toBeGreaterThan(10);
}, 60_000);

test.each([
  ['a value', () => build('-O2', 'KEY=1', 'WORD="yes"', '-DWRONG'), 'difference in what they return', 4],
  ['an output', () => build('-O2', 'KEY=3'), 'difference in their output', 2],
  ['a word printed', () => build('-O2', 'KEY=1', 'WORD="no"'), 'difference in what they print', 2],
])(
  '%s that differs is found, and minimised',
  async (_what, other, title, bytes) => {
    const result = await fuzz(await build('-O0'), { ...OPTIONS, runs: 6000, against: { module: await other() } });
    expect(titles(result)).toEqual([title, 'unreachable']);
    const { finding, minimized } = result.findings.find((f) => f.finding.title === title)!;
    expect(minimized.length).toBeLessThanOrEqual(bytes);
    expect(finding.text).toMatch(/module\.wasm:\n {4}returned.*other\.wasm:\n {4}returned/s);
    expect(finding.text.split('\n').at(-2)).toBe(`SUMMARY: wasan: ${title}`); // it has no place
  },
  60_000,
);

test('an ending that differs', async () => {
  const other = await compileTarget(
    'int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n) { return 0; }',
  );
  const module = await compileTarget(`int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n) {
    if (n > 1 && d[0] == 'X' && d[1] == 'Y') __builtin_trap();
    return 0;
  }`);
  const { findings } = await fuzz(module, { ...OPTIONS, against: { module: other } });
  expect(findings.map(({ finding }) => finding.title)).toEqual(['difference in how they end: unreachable, returned']);
  expect(new TextDecoder().decode(findings[0]!.minimized)).toBe('XY');
  expect(findings[0]!.finding.text).toContain('LLVMFuzzerTestOneInput');
}, 60_000);

test('the instrumented module does what the original does, inline and outline', async () => {
  const module = await build('-O1');
  const plain = await fuzz(module, { ...OPTIONS, runs: 500, against: { module, plain: true } });
  expect(titles(plain)).toEqual(['unreachable']);
  const outline = await fuzz(module, { ...OPTIONS, runs: 500, against: { module, instrument: { mode: 'outline' } } });
  expect(titles(outline)).toEqual(['unreachable']);
}, 60_000);

test('commands are compared by their exit code and what they print', async () => {
  const command = (more: string) =>
    compileC({
      file: 'command.c',
      source: `#include <stdio.h>
        int main() { int c = getchar(); if (c == 'q') ${more}; printf("%d\\n", c); return c == 'e' ? 3 : 0; }`,
      flags: ['-O1'],
    });
  const against = (module: Uint8Array) => ({ ...OPTIONS, runs: 2500, maxLength: 2, against: { module } });
  expect(titles(await fuzz(await command(';'), against(await command(';'))))).toEqual([]);
  expect(titles(await fuzz(await command(';'), against(await command('return 9'))))).toEqual([
    'difference in what they return',
  ]);
}, 60_000);

test('outcomes differ in the first respect that matters', () => {
  const bytes = (...b: number[]) => Uint8Array.from(b);
  const base: Outcome = { ending: 'returned', value: 0, printed: bytes(), output: bytes(1, 2) };
  expect(difference(base, { ...base, output: bytes(1, 2) })).toBeUndefined();
  expect(difference(base, { ...base, output: bytes(1) })).toBe('output');
  expect(difference(base, { ...base, output: bytes(1, 3), printed: bytes(0) })).toBe('printed');
  expect(difference(base, { ...base, value: 1, printed: bytes(0) })).toBe('value');
  expect(difference(base, { ...base, value: 1, ending: 'unreachable' })).toBe('ending');
});

test('how deep both went is told behind the edges of both', async () => {
  const module = await compileTarget(`volatile int sink;
__attribute__((noinline)) static void down(unsigned long n) { if (n) down(n - 1); sink++; }
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) { down(size); return 0; }`);
  const executor = openDifferential(module, {}, { module });
  expect(executor.run(new Uint8Array(5))).toBeUndefined();
  const { entries, count } = executor.hits();
  const numbers = Array.from(entries.subarray(0, count), (entry) => entry >>> 8);
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  expect(numbers.filter((number) => number >= executor.edges)).toHaveLength(2);
});
