// Does instrumented code execute no more than the stored budget allows? Counts repeat exactly, so a change in them is a
// change in what wasan inserts.

import { expect, test } from 'vitest';
import { countAll, overruns, readBudget } from '../../bench/counters.ts';

test('what the suite executes is within bench/budget.json', async () => {
  const measured = await countAll();
  const worse = overruns(measured, readBudget());
  expect(worse, 'if that is meant, renew the budget: npm run bench -- counters').toEqual([]);
});

test('counting again counts the same', async () => {
  const [first, second] = [await countAll(), await countAll()];
  expect(second).toEqual(first);
});

test('a figure that grows beyond the tolerance is told', () => {
  const budget = { sieve: { 'shadow loads': 10_000, 'calls of asan_malloc': 1 } };
  expect(overruns({ sieve: { 'shadow loads': 10_100, 'calls of asan_malloc': 1 } }, budget)).toEqual([]);
  expect(overruns({ sieve: { 'shadow loads': 10_600, 'calls of check_load1': 99 } }, budget)).toEqual([
    'sieve: shadow loads went from 10000 to 10600',
    'sieve: calls of check_load1 went from 0 to 99',
  ]);
});
