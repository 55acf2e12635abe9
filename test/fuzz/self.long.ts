// The fuzzer turned on ourselves, for longer: each reader for so many runs or FUZZ_SECONDS (30), whichever ends first;
// FUZZ_SEED and FUZZ_RUNS widen the search. What it finds is saved in regressions/, to be mended and replayed ever after.

import { expect, test } from 'vitest';
import { fuzzSelf } from './self.ts';
import { selfTargets } from './self-targets.ts';

const SEED = Number(process.env.FUZZ_SEED ?? 1);
const FACTOR = Number(process.env.FUZZ_RUNS ?? 1);
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 30);

test.each(await selfTargets())('$name', async (target) => {
  const { findings, totals } = await fuzzSelf(target, {
    runs: target.runs * FACTOR,
    seed: SEED,
    maxRuntime: SECONDS * 1000,
    save: true,
  });
  console.log(`${target.name}: ${totals.runs} runs, ${totals.features} answers, ${totals.units} units`);
  expect(findings.map(({ finding }) => finding.text)).toEqual([]);
});
