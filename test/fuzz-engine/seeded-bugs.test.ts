// Every seeded bug is found from nothing by each of five seeds within a bounded number of runs, told apart from no other,
// and made as small as the bug allows.

import { describe, expect, test } from 'vitest';
import { minimizeFinding, openModule } from '../../fuzz/index.ts';
import { SEEDED } from './seeded-bugs.ts';
import { campaignOf, compileTarget } from './targets.ts';

interface Expected {
  readonly title: string;
  /** Runs within which every seed finds it. */
  readonly within: number;
  /** Bytes of the smallest input; `undefined` if it is not minimised (every try would hang). */
  readonly bytes: number | undefined;
  /**
   * False where the check needs to have seen a good access first: which object an access to static data means is learnt
   * from what it touches, so the input that overflows is not enough by itself.
   */
  readonly alone?: false;
  /** A part of the key that says where. */
  readonly where: string;
}

const EXPECTED: Readonly<Record<keyof typeof SEEDED, Expected>> = {
  'magic bytes': { title: 'unreachable', within: 100, bytes: 8, where: 'target.c:7' },
  checksum: { title: 'unreachable', within: 2000, bytes: 12, where: 'target.c:8' },
  'state machine': { title: 'unreachable', within: 50_000, bytes: 6, where: 'target.c:11' },
  'deep nesting': { title: 'unreachable', within: 50_000, bytes: 13, where: 'target.c:7' },
  'use after free': { title: 'heap-use-after-free', within: 100, bytes: 4, where: 'target.c:12' },
  'stack overflow': { title: 'stack-buffer-overflow', within: 2000, bytes: 3, where: 'fill' },
  'global overflow': { title: 'global-buffer-overflow', within: 2000, bytes: 2, where: 'get', alone: false },
  'heap overflow': { title: 'heap-buffer-overflow', within: 100_000, bytes: 11, where: 'target.c:7' },
  hang: { title: 'timeout', within: 2000, bytes: undefined, where: 'LLVMFuzzerTestOneInput' },
  leak: { title: 'detected memory leaks', within: 2000, bytes: 2, where: 'target.c:6' },
};

test('every target has its expectation', () => {
  expect(Object.keys(EXPECTED).sort()).toEqual(Object.keys(SEEDED).sort());
});

describe.each(Object.entries(EXPECTED))('%s', (name, { title, within, bytes, where, alone }) => {
  test('is found by five seeds out of five, and minimised', { timeout: 120_000 }, async () => {
    const module = await compileTarget(SEEDED[name]!);
    for (const seed of [1, 2, 3, 4, 5]) {
      const executor = openModule(module, { timeout: 100 });
      const campaign = campaignOf(executor, seed, within);
      campaign.run([]);
      const found = campaign.findings.map(({ finding }) => finding.title);
      expect({ seed, found }).toEqual({ seed, found: [title] });
      const { finding, input } = campaign.findings[0]!;
      expect(finding.key).toContain(where);
      if (seed === 1 && bytes !== undefined) {
        const smaller = minimizeFinding(executor, finding, input);
        expect(smaller.length).toBe(bytes);
        const fresh = openModule(module, { timeout: 100 });
        expect(fresh.run(smaller)?.key).toBe(alone === false ? undefined : finding.key);
      }
    }
  });
});

test('after a finding the campaign goes on, and two bugs are two however often they are met', {
  timeout: 60_000,
}, async () => {
  const executor = openModule(
    await compileTarget(`
#include <stdlib.h>
static __attribute__((noinline)) void after(volatile char *block) { block[4] = 1; }
static __attribute__((noinline)) void before(volatile char *block) { block[-1] = 1; }
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  if (size < 1) return 0;
  volatile char *block = malloc(4);
  if (data[0] == 'a') after(block);
  if (data[0] == 'b') before(block);
  free((void *)block);
  return 0;
}`),
  );
  const campaign = campaignOf(executor, 7, 2000, { ignoreCrashes: true });
  campaign.run([]);
  const where = campaign.findings.map(({ finding }) => finding.key).sort();
  expect(where).toEqual([
    'heap-buffer-overflow|after /target.c:3|LLVMFuzzerTestOneInput /target.c:7',
    'heap-buffer-overflow|before /target.c:4|LLVMFuzzerTestOneInput /target.c:7',
  ]);
  expect(campaign.duplicates).toBeGreaterThan(0);
  expect(campaign.runs).toBe(2000);
});

test('the same seed makes the same campaign, another one another', { timeout: 60_000 }, async () => {
  const module = await compileTarget(SEEDED['deep nesting']!);
  const corpusOf = (seed: number) => {
    const campaign = campaignOf(openModule(module), seed, 300, { ignoreCrashes: true });
    campaign.run([]);
    return campaign.corpus.units.map((unit) => unit.name);
  };
  expect(corpusOf(3)).toEqual(corpusOf(3));
  expect(corpusOf(3)).not.toEqual(corpusOf(4));
});
