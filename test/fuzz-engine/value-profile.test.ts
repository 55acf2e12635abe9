// -use_value_profile=1: coming closer to what is compared is reason enough to keep an input. Shown on a comparison that no
// block tells apart until it holds, of a value that is not in the input as such, so that nothing can be put in its place.

import { expect, test } from 'vitest';
import { openTarget } from '../../fuzz/index.ts';
import { campaignOf, compileTarget } from './targets.ts';

const SUM = `int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  if (size < 6) return 0;
  unsigned value = 0;
  for (int i = 0; i < 6; i++) value = value * 3 + data[i];
  if (value == 54321) __builtin_trap();
  return 0;
}`;
const SEEDS = [1, 2, 3, 4, 5];
const RUNS = 60_000;

test('a sum is found with it for every seed, and without it for none', async () => {
  const module = await compileTarget(SUM);
  const found = (valueProfile: boolean) => {
    const executor = openTarget(module, { valueProfile });
    return SEEDS.map((seed) => {
      const campaign = campaignOf(executor, seed, RUNS, { maxLength: 8 });
      campaign.run([]);
      return campaign.findings.map(({ finding }) => finding.title);
    });
  };
  expect(found(true)).toEqual(SEEDS.map(() => ['unreachable']));
  expect(found(false)).toEqual(SEEDS.map(() => []));
}, 240_000);

/** A word of so many bytes, each of which is changed before all of them are compared at once. */
const magic = (
  bytes: 4 | 8,
  word: string,
) => `int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  if (size < ${bytes}) return 0;
  unsigned long long value = 0;
  for (int i = 0; i < ${bytes}; i++) value = value << 8 | (unsigned char)((data[i] ^ 0x5a) + 17 * i);
  if (value == ${word}) __builtin_trap();
  return 0;
}`;

test.each([
  [4, '0xdeadbeefull', 10_000],
  [8, '0x0123456789abcdefull', 20_000],
] as const)(
  'a word of %i bytes that is compared at once is found with it for every seed',
  async (bytes, word, runs) => {
    const module = await compileTarget(magic(bytes, word));
    const found = (valueProfile: boolean, seeds: number) => {
      const executor = openTarget(module, { valueProfile });
      return Array.from({ length: seeds }, (_, i) => {
        const campaign = campaignOf(executor, i + 1, runs, { maxLength: 16 });
        campaign.run([]);
        return campaign.findings.length;
      });
    };
    expect(found(true, SEEDS.length)).toEqual(SEEDS.map(() => 1));
    expect(found(false, 2)).toEqual([0, 0]);
  },
  240_000,
);

const WORD = `
#include <string.h>
volatile unsigned long four = 4;
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  static char word[4];
  for (int i = 0; i < 4 && i < size; i++) word[i] = data[i] * 5;
  return memcmp(word, "wasm", four);
}`;

test('of bytes it tells how many are right, and how close the next one is', async () => {
  const executor = openTarget(await compileTarget(WORD), { valueProfile: true });
  /** The byte that becomes this one. */
  const before = (byte: number) => (byte * 205) & 255;
  const closeness = (...bytes: number[]) => {
    executor.run(Uint8Array.from(bytes, before));
    const { entries, count } = executor.hits();
    const slots = [...entries.subarray(0, count)].filter((entry) => entry >>> 8 >= executor.edges!);
    return slots.join();
  };
  const [w, a, s, m] = [...'wasm'].map((letter) => letter.charCodeAt(0)) as [number, number, number, number];
  const steps = [[w ^ 7], [w ^ 3], [w], [w, a ^ 1], [w, a], [w, a, s], [w, a, s, m]].map((word) => closeness(...word));
  expect(new Set(steps).size).toBe(steps.length);
  expect(closeness(w ^ 5)).toBe(closeness(w ^ 3)); // as many bits of the first byte
});

const CALLS = `static volatile int x;
static void up(void) { x++; }
static void down(void) { x--; }
void (*volatile table[2])(void) = { up, down };
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  if (size == 1) table[data[0] & 1]();
  return 0;
}`;

test('which functions were called through a table is feedback with it', async () => {
  const executor = openTarget(await compileTarget(CALLS), { valueProfile: true });
  const slots = (byte: number) => {
    executor.run(Uint8Array.of(byte));
    const { entries, count } = executor.hits();
    return Array.from(entries.subarray(0, count), (entry) => entry >>> 8).filter((slot) => slot >= executor.edges!);
  };
  const up = slots(0);
  expect(slots(1)).not.toEqual(up);
  expect(slots(2)).toEqual(up);
});
