// The fuzzer turned on ourselves, shortly: what was once found, and a few runs more. `self.long.ts` runs longer.

import { expect, test } from 'vitest';
import { fuzzSelf } from './self.ts';
import { selfTargets } from './self-targets.ts';

test.each(await selfTargets())('$name', async (target) => {
  const { findings, totals } = await fuzzSelf(target, { runs: target.runs / 100, seed: 3, save: false });
  expect(findings.map(({ finding }) => finding.text)).toEqual([]);
  // The search means something only if different things happened.
  expect(totals.features).toBeGreaterThan(1);
});
