// The runtime's two answers about a loop, compared with running it: how many rounds, and whether all it touches is valid.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LOOP_TEST } from '../../instrument/elide/loops.ts';
import * as abi from '../../runtime/abi.ts';
import { instantiate } from './runtime.ts';

const TESTS: Readonly<Record<number, (a: number, b: number) => boolean>> = {
  [LOOP_TEST.NE]: (a, b) => a !== b,
  [LOOP_TEST.LT_U]: (a, b) => a >>> 0 < b >>> 0,
  [LOOP_TEST.LT_S]: (a, b) => a < b,
  [LOOP_TEST.LE_U]: (a, b) => a >>> 0 <= b >>> 0,
  [LOOP_TEST.LE_S]: (a, b) => a <= b,
  [LOOP_TEST.GT_U]: (a, b) => a >>> 0 > b >>> 0,
  [LOOP_TEST.GT_S]: (a, b) => a > b,
  [LOOP_TEST.GE_U]: (a, b) => a >>> 0 >= b >>> 0,
  [LOOP_TEST.GE_S]: (a, b) => a >= b,
};
const PATIENCE = 3000;

/** Rounds of the real loop; undefined if it runs for longer than anybody waits. */
function simulate(test: number, tested: number, bound: number, step: number): number | undefined {
  let value = tested | 0;
  for (let rounds = 1; rounds <= PATIENCE; rounds++) {
    if (!TESTS[test]!(value, bound | 0)) return rounds;
    value = (value + step) | 0;
  }
  return undefined;
}

const runtime = await instantiate();
const near = fc
  .constantFrom(0, 1, 0x7fffffff, -0x80000000, -1, 100, -100)
  .chain((base) => fc.integer({ min: -60, max: 60 }).map((off) => (base + off) | 0));

describe('check_rounds', () => {
  test('is exact or says that it does not know', () => {
    let known = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(LOOP_TEST)),
        near,
        near,
        fc.integer({ min: -9, max: 9 }),
        (t, a, b, step) => {
          const answer = runtime.check_rounds(t, a, b, step) >>> 0;
          if (answer === 0) return;
          known++;
          const real = simulate(t, a, b, step);
          if (real !== undefined || answer <= PATIENCE) expect(answer).toBe(real);
        },
      ),
      { numRuns: 4000 },
    );
    expect(known).toBeGreaterThan(1000);
  });

  test.each([
    [LOOP_TEST.NE, 1, 10, 1, 10],
    [LOOP_TEST.NE, 9, 0, -1, 10],
    [LOOP_TEST.NE, 0, 10, 3, 0],
    [LOOP_TEST.LT_S, 1, 10, 1, 10],
    [LOOP_TEST.LT_S, -5, 5, 4, 4],
    [LOOP_TEST.LE_U, 1, 10, 1, 11],
    [LOOP_TEST.LE_U, 1, -1, 1, 0],
    [LOOP_TEST.GT_S, 9, 0, -1, 10],
    [LOOP_TEST.GE_S, 9, 0, -1, 11],
    [LOOP_TEST.LT_U, 20, 10, 1, 1],
  ])('test %i from %i to %i by %i: %i rounds', (t, tested, bound, step, rounds) => {
    expect(runtime.check_rounds(t, tested, bound, step)).toBe(rounds);
  });
});

describe('check_span', () => {
  test('is 1 exactly if every byte of every round is valid', () => {
    const shadow = new Uint8Array(runtime.memory.buffer);
    const base = 4096;
    const arbitrary = fc.record({
      bad: fc.array(
        fc.record({ granule: fc.integer({ min: 0, max: 63 }), code: fc.constantFrom(1, 4, 7, 0xfa, 0xfd) }),
        {
          maxLength: 2,
        },
      ),
      at: fc.integer({ min: 100, max: 300 }),
      from: fc.integer({ min: -40, max: 40 }),
      size: fc.integer({ min: 1, max: 16 }),
      stride: fc.integer({ min: -8, max: 8 }),
      rounds: fc.integer({ min: 1, max: 12 }),
    });
    fc.assert(
      fc.property(arbitrary, ({ bad, at, from, size, stride, rounds }) => {
        shadow.fill(0, abi.SHADOW_BASE + base / 8, abi.SHADOW_BASE + base / 8 + 64);
        for (const { granule, code } of bad) shadow[abi.SHADOW_BASE + base / 8 + granule] = code;
        const first = base + at + from + Math.min(0, stride * (rounds - 1));
        const last = base + at + from + size - 1 + Math.max(0, stride * (rounds - 1));
        let valid = 1;
        for (let byte = first; byte <= last; byte++) {
          const code = shadow[abi.SHADOW_BASE + (byte >> 3)]!;
          if (code !== 0 && (byte & 7) >= (code < 8 ? code : 0)) valid = 0;
        }
        expect(runtime.check_span(base + at, from, from + size, stride, rounds, 0, 0)).toBe(valid);
      }),
      { numRuns: 3000 },
    );
    shadow.fill(0, abi.SHADOW_BASE + base / 8, abi.SHADOW_BASE + base / 8 + 64);
  });

  test('knows nothing below the reach, behind the memory, or of no rounds', () => {
    expect(runtime.check_span(4096, 0, 8, 8, 4, 4096, 0)).toBe(1);
    expect(runtime.check_span(4096, 0, 8, 8, 4, 4097, 0)).toBe(0);
    expect(runtime.check_span(4096, 0, 8, 8, 0, 0, 0)).toBe(0);
    expect(runtime.check_span(65536 * 4 - 8, 0, 8, 8, 1, 0, 0)).toBe(1);
    expect(runtime.check_span(65536 * 4 - 8, 0, 8, 8, 2, 0, 0)).toBe(0);
    expect(runtime.check_span(-16, 0, 8, 8, 3, 0, 0)).toBe(0);
  });
});
