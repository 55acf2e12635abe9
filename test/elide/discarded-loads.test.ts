// Loads that read before it is known whether their value counts: an optimiser took the branch away. Nothing is told of them
// where the value is thrown away, whatever the engine and the mode; where it counts, they are found.

import { describe, expect, test } from 'vitest';
import { binaryenEngine } from '../../instrument/binaryen/index.ts';
import type { InstrumentOptions } from '../../instrument/index.ts';
import { assemble, EVERY_RULE, moduleText, run } from './harness.ts';

/** `$p` is null or 40 bytes that were freed, `$n` tells whether what is read there counts. */
const FORMS: Readonly<Record<string, string>> = {
  'p ? *p : 7': '(select (i32.load offset=4 (local.get $p)) (i32.const 7) (local.get $n))',
  '!p ? 7 : *p': '(select (i32.const 7) (i32.load offset=4 (local.get $p)) (i32.eqz (local.get $n)))',
  'a value computed from it': `(select
    (i32.and (i32.load8_u offset=4 (local.get $p)) (i32.const 3)) (i32.const 7) (i32.gt_s (local.get $n) (i32.const 0)))`,
  'a pointer that is followed': '(select (i32.load (i32.load offset=4 (local.get $p))) (i32.const 7) (local.get $n))',
  'a choice inside a choice': `(select
    (select (i32.load (local.get $p)) (i32.const 1) (local.get $one)) (i32.const 7) (local.get $n))`,
  'n && *p': '(i32.and (i32.ne (local.get $n) (i32.const 0)) (i32.load offset=4 (local.get $p)))',
  '!n || *p == 3': '(i32.or (i32.eqz (local.get $n)) (i32.eq (i32.load (local.get $p)) (i32.const 3)))',
  '*p == 3 && n':
    '(i32.and (i32.eq (i32.load offset=4 (local.get $p)) (i32.const 3)) (i32.ne (local.get $n) (i32.const 0)))',
  'n && *p ? n : 0': '(select (local.get $n) (i32.const 0) (i32.load (local.get $p)))',
  'n != 0 of 64 bits': `(i32.wrap_i64 (select
    (i64.load (local.get $p)) (i64.const 7) (i64.ne (local.get $wide) (i64.const 0))))`,
  'a branch that takes it along': `(block $out (result i32)
    (drop (br_if $out (i32.load (local.get $p)) (local.get $n))) (i32.const 7))`,
};

/** Of these the value is used, or may be. */
const USED: Readonly<Record<string, string>> = {
  'kept in a local': `(drop (select (local.tee $q (i32.load (local.get $p))) (i32.const 7) (local.get $n))) (local.get $q)`,
  'the condition is set in between': `(select
    (i32.load (local.get $p)) (i32.const 7) (local.tee $n (i32.sub (local.get $n) (i32.const 1))))`,
  'what it chooses from differs': '(select (i32.const 8) (i32.const 7) (i32.load (local.get $p)))',
  'of another type': `(i32.wrap_i64 (select (local.get $wide) (local.get $wider) (i32.load (local.get $p))))`,
  'bits of both': '(i32.or (local.get $n) (i32.load (local.get $p)))',
  'some of its bits': '(i32.and (local.get $n) (i32.load (local.get $p)))',
  'read again where it counts': `(drop (select (i32.load (local.get $p)) (i32.const 7) (local.get $n)))
    (i32.load (local.get $p))`,
};

const ENGINES: readonly [string, InstrumentOptions][] = [
  ['streaming, inline', { mode: 'inline' }],
  ['streaming, outline', { mode: 'outline' }],
  ['Binaryen, inline', { mode: 'inline', engine: binaryenEngine }],
  ['Binaryen, outline', { mode: 'outline', engine: binaryenEngine }],
];

/** What only an optimiser that ignores traps makes. */
const SIGN = '(func (param $p i32) (result i32) (select (i32.load (local.get $p)) (i32.const 0) (local.get $p)))';

async function outcomes(body: string, options: InstrumentOptions, sign = SIGN) {
  const program = (name: string, p: string, n: number) => `(func (export "${name}") (result i32)
    (local $p i32) (local $q i32) (local $n i32) (local $one i32) (local $wide i64) (local $wider i64)
    (local.set $p (call $malloc (i32.const 40)))
    (call $free (local.get $p)) ${p}
    (local.set $n (i32.const ${n})) (local.set $one (i32.const 1))
    (local.set $wide (i64.extend_i32_u (local.get $n))) ${body})`;
  const NULL = '(local.set $p (i32.const 0))';
  const names = ['null, unused', 'freed, unused', 'null, used', 'freed, used'];
  const programs = [
    program(names[0]!, NULL, 0),
    program(names[1]!, '', 0),
    program(names[2]!, NULL, 1),
    program(names[3]!, '', 1),
  ];
  const original = assemble(moduleText([...programs, sign].join('\n')));
  const { outcomes } = await run(original, names, options.elide === false ? 'none' : EVERY_RULE, options);
  return outcomes.map((o) => ('finding' in o ? 'finding' : o));
}

describe.each(ENGINES)('%s', (_, options) => {
  test.each(Object.entries(FORMS))('%s', async (_, body) => {
    for (const elide of [true, false]) {
      const [nullUnused, freedUnused, ...used] = await outcomes(body, { ...options, elide });
      expect([nullUnused, freedUnused]).not.toContain('finding');
      expect(nullUnused).toEqual(freedUnused);
      expect(used).toEqual(['finding', 'finding']);
    }
  });

  test('a module without the sign of it reads before it asks', async () => {
    const ALL = ['finding', 'finding', 'finding', 'finding'];
    expect(await outcomes(FORMS['*p == 3 && n']!, options, '')).toEqual(ALL);
    const followed = `(func (param $p i32) (result i32) (i32.store offset=4 (local.get $p) (i32.const 1))
      (select (i32.load (local.get $p)) (i32.const 0) (local.get $p)))`;
    expect(await outcomes(FORMS['*p == 3 && n']!, options, followed)).toEqual(ALL);
  });

  test.each(Object.entries(USED))('%s', async (_, body) => {
    expect(await outcomes(body, options)).toEqual(['finding', 'finding', 'finding', 'finding']);
  });
});
