// The search for a byte finds what a look at each byte of each body finds.

import { expect, test } from 'vitest';
import { bodiesWhere } from '../../instrument/wasm/byte-search.ts';
import type { Module } from '../../instrument/wasm/module.ts';

/** Bodies of some bytes, with a 7 between them where a module has sizes. */
function moduleOf(...bodies: readonly (readonly number[])[]): Module {
  const bytes = [7];
  const places = bodies.map((body) => {
    const start = bytes.length;
    bytes.push(...body, 7);
    return { start, end: start + body.length };
  });
  return { bytes: Uint8Array.from(bytes), bodies: places } as unknown as Module;
}

test.each<[string, Module, readonly number[]]>([
  ['no bodies', moduleOf(), []],
  ['none holds it', moduleOf([1, 2], [], [3]), []],
  ['only what lies between bodies', moduleOf([], [], []), []],
  ['first, last, and twice in one', moduleOf([7, 1], [1], [], [7, 7], [1, 1, 7]), [0, 3, 4]],
  ['every one', moduleOf([7], [7], [7]), [0, 1, 2]],
])('%s', (_, module, expected) => {
  expect(bodiesWhere(module, 7, () => true)).toEqual(expected);
});

test('asks about every place until one will do', () => {
  const module = moduleOf([7, 1, 7, 2, 7], [7, 1]);
  const asked: number[] = [];
  const holds = (at: number) => asked.push(at) > 0 && module.bytes[at + 1] === 2;
  expect(bodiesWhere(module, 7, holds)).toEqual([0]);
  expect(asked).toEqual([1, 3, 7]);
});
