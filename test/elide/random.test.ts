// Random programs with planted bugs: the first finding of each is the same with and without the elimination.
// ELIDE_SEED and ELIDE_MODULES widen the search; a failure names the seed that made the module.

import { expect, test } from 'vitest';
import { assemble, EVERY_RULE, moduleText, run } from './harness.ts';
import { RandomProgram } from './random-program.ts';

const FUNCTIONS = 60;
const FIRST = Number(process.env.ELIDE_SEED ?? 1);
const MODULES = Number(process.env.ELIDE_MODULES ?? 6);

const names = Array.from({ length: FUNCTIONS }, (_, i) => `f${i}`);

function module(seed: number): Uint8Array {
  return assemble(moduleText(names.map((name, i) => new RandomProgram(seed * FUNCTIONS + i).text(name)).join('\n')));
}

test.each(Array.from({ length: MODULES }, (_, i) => FIRST + i))('seed %i', async (seed) => {
  const original = module(seed);
  const checked = await run(original, names, 'none');
  const elided = await run(original, names, EVERY_RULE);
  expect(elided.outcomes).toEqual(checked.outcomes);
  // The comparison means something only if there are findings, programs without one, and checks that went.
  const found = checked.outcomes.filter((o) => 'finding' in o).length;
  expect(found).toBeGreaterThan(FUNCTIONS / 10);
  expect(found).toBeLessThan(FUNCTIONS);
  expect(elided.built.inspection.explainChecks().length).toBeGreaterThan(FUNCTIONS);
});
