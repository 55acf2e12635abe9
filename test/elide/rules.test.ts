// The elimination loses nothing: each program's first finding is the one of the fully checked program. And each rule is
// needed: without it, one of these programs loses its finding.

import { describe, expect, test } from 'vitest';
import { KILL_RULES } from '../../instrument/elide/rules.ts';
import { assemble, EVERY_RULE, moduleText, run } from './harness.ts';
import { RULE_CASES } from './rule-cases.ts';

const functions = RULE_CASES.map(
  ({ body }, i) => `(func (export "f${i}") (local $p i32) (local $q i32) (local $i i32) (local $j i32)
    (local.set $p (call $malloc (i32.const 40))) ${body})`,
).join('\n');
const names = RULE_CASES.map((_, i) => `f${i}`);
const original = assemble(moduleText(functions));

// Called checks are exact about addresses that wrap; inlined ones leave those to the engine's trap.
const MODES = ['outline', 'inline'] as const;

describe.each(MODES)('%s, with every rule', async (mode) => {
  const checked = await run(original, names, 'none', { mode });
  const elided = await run(original, names, EVERY_RULE, { mode });
  test.each(RULE_CASES.map((c, i) => [c.name, i] as const))('%s', (_, i) => {
    if (mode === 'outline') expect(checked.outcomes[i]).toHaveProperty('finding');
    expect(elided.outcomes[i]).toEqual(checked.outcomes[i]);
  });
});

describe.each(KILL_RULES)('without the rule "%s"', async (rule) => {
  const checked = await run(original, names, 'none', { mode: 'outline' });
  const mutant = await run(original, names, new Set([rule]), { mode: 'outline' });
  const cases = RULE_CASES.map((c, i) => [c.name, i, c.rule] as const).filter((c) => c[2] === rule);
  test.each(cases)('%s loses its finding', (_, i) => {
    expect(checked.outcomes[i]).toHaveProperty('finding');
    expect(mutant.outcomes[i]).not.toEqual(checked.outcomes[i]);
  });
  test('has a program', () => expect(cases).not.toEqual([]));
});
