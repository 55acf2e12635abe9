// memcmp with a constant size becomes loads, xor and or: a fuzzer that knows which belong together passes all at once.

import { expect, test } from 'vitest';
import { openTarget } from '../../fuzz/index.ts';
import { campaignOf, compileTarget } from './targets.ts';

const SEEDS = [1, 2, 3, 4, 5];
const RUNS = 10_000;

/** What a campaign finds from nothing, by seed. */
async function titles(source: string): Promise<string[][]> {
  const executor = openTarget(await compileTarget(source), {});
  return SEEDS.map((seed) => {
    const campaign = campaignOf(executor, seed, RUNS, { maxLength: 128 });
    campaign.run([]);
    return campaign.findings.map(({ finding }) => finding.title);
  });
}

const against = (declaration: string, size: number) => `#include <string.h>
${declaration}
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  if (size >= ${size} && memcmp(data, key, ${size}) == 0) __builtin_trap();
  return 0;
}`;

// 7 is two loads of four that overlap; 3 and 10 are loads of different sizes; 25 is four loads.
test.each([3, 6, 7, 10, 16, 25, 64])('%i bytes of a constant are found at once', async (size) => {
  const text = 'The quick brown fox jumps over the lazy dog, and the dog looks up once'.slice(0, size);
  expect(await titles(against(`#define key "${text}"`, size))).toEqual(SEEDS.map(() => ['unreachable']));
});

test('so are bytes that the program changes', async () => {
  const key = `unsigned char key[16] = "A key of 16 byte";
__attribute__((constructor)) static void change(void) { for (int i = 0; i < 16; i++) key[i] ^= 0x55; }`;
  expect(await titles(against(key, 16))).toEqual(SEEDS.map(() => ['unreachable']));
});

test.each([
  ['strstr', '(char *)data, "needle"'],
  ['strcasestr', '(char *)data, "nEEdle"'],
  ['memmem', 'data, size, "needle", 6'],
])('what %s looks for is found', async (name, args) => {
  const source = `#define _GNU_SOURCE
#include <string.h>
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  if (size > 9 && data[size - 1] == 0 && ${name}(${args})) __builtin_trap();
  return 0;
}`;
  expect(await titles(source)).toEqual(SEEDS.map(() => ['unreachable']));
});

test.each([
  ['a range', 'x - 100001u < 3'],
  [
    'a jump table',
    '({ int r = 0; switch (x) { case 7770001: r = f(1); break; case 7770002: r = f(2); break; case 7770003: r = f(3); break; case 7770004: r = f(4); break; } r; })',
  ],
])('what %s begins with is found: a constant is taken from the value first', async (_, condition) => {
  const source = `#include <string.h>
__attribute__((noinline)) int f(int x) { __asm__ volatile("" : "+r"(x)); return x; }
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  unsigned x;
  if (size < 12) return 0;
  memcpy(&x, data + 8, 4);
  if (${condition}) __builtin_trap();
  return 0;
}`;
  expect(await titles(source)).toEqual(SEEDS.map(() => ['unreachable']));
});
