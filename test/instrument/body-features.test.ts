// What tells a function that takes malloc's blocks apart, in the shapes in which relatives of malloc were seen inlined.

import binaryen from 'binaryen';
import { expect, test } from 'vitest';
import { FeatureCache } from '../../instrument/body-features.ts';
import { buildCallGraph } from '../../instrument/call-graph.ts';
import { parseModule } from '../../instrument/wasm/module.ts';

function readsHead(body: string): boolean {
  const text = `(module (memory 1) (func (param $p i32) (result i32) (local $q i32) (local $head i32) ${body}))`;
  const module = binaryen.parseText(text);
  const bytes = module.emitBinary();
  module.dispose();
  const parsed = parseModule(bytes);
  const features = new FeatureCache(parsed, buildCallGraph(parsed));
  if (features.of(0).readsHead) expect(features.mayReadHead(0)).toBe(true);
  expect(features.touched(0, features.of(0).addresses)).toBe(features.of(0).addresses.size);
  expect(features.touched(0, new Set([1]))).toBe(0);
  expect(features.mayOpen(0)).toBe(features.of(0).opensOther || features.of(0).opensParameter);
  for (const c of [300, 4, -8]) expect(features.holds(0, [c])).toBe(features.of(0).constants.has(c));
  return features.of(0).readsHead;
}

const BACK = '(i32.sub (local.get $p) (i32.const 4))';

test.each<[string, string, boolean]>([
  ['the size without its flags', `(i32.and (i32.load ${BACK}) (i32.const -8))`, true],
  ['the flags', `(i32.and (i32.load8_u ${BACK}) (i32.const 3))`, true],
  ['memalign inside __cxa_allocate_exception: the address and the word are kept', `(i32.and (local.tee $head (i32.load (local.tee $q ${BACK}))) (i32.const -8))`, true],
  ['a number of two bytes', '(i32.add (local.get $p) (i32.const 300))', false],
  ['a count in front of an array', `(i32.load (local.tee $q ${BACK}))`, false],
  ['state, by offset, by address and by both', '(i32.add (i32.load offset=2048 (local.get $p)) (i32.load offset=4 (i32.const 1024)))', false],
  ['an address kept in a local, a field', '(i32.add (i32.load (local.tee $q (i32.const 4096))) (i32.load offset=16 (local.get $q)))', false],
  ['another distance', '(i32.and (i32.load (i32.sub (local.get $p) (i32.const 12))) (i32.const -8))', false],
])('%s', (_, body, expected) => {
  expect(readsHead(body)).toBe(expected);
}); // biome-ignore format: a table
