// The elimination loses nothing: each program's first finding is the one of the fully checked program. And each rule is
// needed: without it, one of these programs loses its finding.

import { describe, expect, test } from 'vitest';
import { KILL_RULES, type KillRule } from '../../instrument/elide/rules.ts';
import { inspect } from '../../instrument/index.ts';
import type { Mode } from '../../instrument/plan.ts';
import { assemble, EVERY_RULE, moduleText, type Outcome, run } from './harness.ts';
import { RULE_CASES } from './rule-cases.ts';

const originals = RULE_CASES.map(({ body }) =>
  assemble(
    moduleText(`(func (export "test") (local $p i32) (local $q i32) (local $i i32) (local $j i32)
      (local.set $p (call $malloc (i32.const 40))) ${body})`),
  ),
);

/** Each case in a module of its own, so that none makes another's rule unnecessary. */
async function outcome(i: number, rules: 'none' | ReadonlySet<KillRule>, mode: Mode): Promise<Outcome> {
  const { outcomes } = await run(originals[i]!, ['test'], rules, { mode });
  return outcomes[0]!;
}

// Called checks are exact about addresses that wrap; inlined ones leave those to the engine's trap.
const MODES = ['outline', 'inline'] as const;

describe.each(MODES)('%s, with every rule', (mode) => {
  test.each(RULE_CASES.map((c, i) => [c.name, i] as const))('%s', async (_, i) => {
    const checked = await outcome(i, 'none', mode);
    if (mode === 'outline') expect(checked).toHaveProperty('finding');
    expect(await outcome(i, EVERY_RULE, mode)).toEqual(checked);
  });
});

describe('shared memory', () => {
  const text = (sharing: string) => `(module (import "env" "memory" (memory 1 1 ${sharing}))
    (func (export "test") (param $p i32)
      (drop (i32.load (local.get $p))) (atomic.fence) (drop (i32.load (local.get $p)))))`;
  const removed = (sharing: string, rules: ReadonlySet<KillRule>) => {
    const original = assemble(text(sharing));
    return inspect(original, { disabledRules: rules, threads: sharing !== '' })
      .explainChecks()
      .map((r) => r.reason);
  };

  test('synchronising lets other threads free', () => {
    expect(removed('shared', EVERY_RULE)).toEqual([]);
    expect(removed('shared', new Set(['atomic']))).toEqual(['repeated']);
    expect(removed('', EVERY_RULE)).toEqual(['repeated']);
  });
});

/** Findings cannot show these: see the test above. */
const UNSEEN: ReadonlySet<KillRule> = new Set(['atomic']);

describe.each(KILL_RULES.filter((rule) => !UNSEEN.has(rule)))('without the rule "%s"', (rule) => {
  const cases = RULE_CASES.map((c, i) => [c.name, i] as const).filter(([, i]) => RULE_CASES[i]!.rule === rule);
  test.each(cases)('%s loses its finding', async (_, i) => {
    const disabled = new Set([rule, ...(RULE_CASES[i]!.also ?? [])]);
    const mode = RULE_CASES[i]!.mode ?? 'outline';
    expect(await outcome(i, disabled, mode)).not.toEqual(await outcome(i, 'none', mode));
  });
  test('has a program', () => expect(cases).not.toEqual([]));
});
