// Every row of KASAN's own test-suite is shown by a program that exists and says which row it is; no program shows none.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { KASAN_ROWS } from './kasan-rows.ts';

const TESTS = new URL('../', import.meta.url);

test('there are 76 rows', () => {
  expect(KASAN_ROWS.map((r) => r.row)).toEqual(
    Array.from({ length: 76 }, (_, i) => `K${String(i + 1).padStart(2, '0')}`),
  );
});

test.each(KASAN_ROWS.filter((r) => r.not === undefined))('$row $name', ({ row, name, shown }) => {
  const text = readFileSync(new URL(shown!, TESTS), 'utf8');
  // A program says it in its first line, a test in the name of one of its cases.
  expect(text).toMatch(shown!.endsWith('.c') ? new RegExp(`^// ${row} ${name}: `) : new RegExp(`'${row} `));
});

test('a row without a program says why, and has none', () => {
  const without = KASAN_ROWS.filter((r) => r.not !== undefined);
  expect(without.every((r) => r.shown === undefined && r.not !== '')).toBe(true);
});

test('every program is that of a row', () => {
  const programs = readdirSync(new URL('conformance/kasan/', TESTS)).filter((f) => f.endsWith('.c'));
  const known = new Set(KASAN_ROWS.map((r) => r.shown));
  expect(programs.filter((f) => !known.has(`conformance/kasan/${f}`))).toEqual([]);
});
