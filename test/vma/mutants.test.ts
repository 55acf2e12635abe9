// Would the tests notice a wrong rule? Every merge rule is made wrong once, in a build that can do so; the scenario table
// and the recorded answers of the kernel must catch each one, and must be content with the right rules.
import { describe, expect, test } from 'vitest';
import { buildVma } from '../../runtime/build-vma.mts';
import { readCorpus, replay } from './corpus.ts';
import { MUTANTS } from './mutants.ts';
import { COLUMNS, expectedOf, ROWS, runRow } from './scenarios.ts';
import { Model } from './sequence.ts';

const module = new WebAssembly.Module((await buildVma({ mutants: true })) as Uint8Array<ArrayBuffer>);
const memory = new WebAssembly.Memory({ initial: 258 });
const corpus = readCorpus();

/** The rows and recorded sequences that differ with this rule wrong, one after the other. */
function* caughtBy(mutant: number): Generator<string> {
  const model = new Model(module, { mutant });
  for (const each of corpus.sequences) if (replay(model, each)) yield `seed ${each.seed}`;
  for (const [policy, column] of COLUMNS) {
    for (const row of ROWS) {
      const { seen } = runRow(module, row, policy, { memory, mutant });
      if (JSON.stringify(seen) !== JSON.stringify(expectedOf(row, column))) yield `V${row.id} ${policy}`;
    }
  }
}

test('the right rules pass in the same build', () => {
  expect([...caughtBy(0)]).toEqual([]);
});

describe('each wrong rule is caught', () => {
  test.each([...MUTANTS])('%i %s', (mutant) => {
    expect(caughtBy(mutant).next().value).toBeDefined();
  });
});
