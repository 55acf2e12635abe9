// Calls through tables with indices of 64 bits, beside one of 32: left as they were, and null told by its index.

import binaryen from 'binaryen';
import { expect, test } from 'vitest';
import { sentenceOf } from '../../host/report/sentence.ts';
import { underWasan } from '../modules/guest.ts';

const TEXT = `(module
  (type $answer (func (result i32)))
  (memory i64 1)
  (data (i64.const 1024) "data")
  (table $wide i64 4 funcref)
  (table $narrow 4 funcref)
  (elem (table $wide) (i64.const 1) func $seven)
  (elem (table $narrow) (i32.const 2) func $seven)
  (func $seven (result i32) (i32.const 7))
  (func (export "wide") (param i64) (result i32) (call_indirect $wide (type $answer) (local.get 0)))
  (func (export "narrow") (param i32) (result i32) (call_indirect $narrow (type $answer) (local.get 0)))
  (func (export "load") (param i64) (result i32) (i32.load (local.get 0))))`;

async function call(name: string, index: number | bigint): Promise<{ value: unknown; findings: string[] }> {
  const { Memory64, ReferenceTypes } = binaryen.Features;
  const module = binaryen.parseText(TEXT);
  module.setFeatures(Memory64 | ReferenceTypes);
  const bytes = module.emitBinary() as BufferSource;
  const { value, findings } = await underWasan(async () => {
    const { instance } = await WebAssembly.instantiate(bytes);
    try {
      return (instance.exports[name] as (index: number | bigint) => number)(index);
    } catch (error) {
      return String(error);
    }
  });
  return { value, findings: findings.map((f) => sentenceOf(f)) };
}

test.each([
  ['wide', 1n],
  ['narrow', 2],
])('%s: a function', async (name, index) => expect(await call(name, index)).toEqual({ value: 7, findings: [] }));

// Whether slot 0 stays empty is known of the first table alone; of others the engine's trap tells.
test.each([
  ['wide', 0n, ['bad-indirect-call: table index 0']],
  ['narrow', 0, []],
])('%s: null', async (name, index, expected) => {
  const { value, findings } = await call(name, index);
  expect(value).toMatch(/^RuntimeError: /);
  expect(findings).toEqual(expected);
});
