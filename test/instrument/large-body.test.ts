// A function so large that inlining its checks would keep an optimising compiler busy for long: its checks are called, its
// neighbours' stay inlined, and what it does wrong is reported all the same.

import { expect, test } from 'vitest';
import { instrument } from '../../index.ts';
import { LARGEST_INLINED } from '../../instrument/stream/assemble-body.ts';
import { parseModule } from '../../instrument/wasm/module.ts';
import { runInstrumented } from '../support/run-instrumented.ts';
import { assemble } from './engine-harness.ts';

/** Follows a pointer, which points to itself: each load has an address of its own to check. */
const STEPS = LARGEST_INLINED / 30; // an inlined check takes 40 bytes
const follow = '(local.set 0 (i32.load (local.get 0)))';

const module = assemble(`(module
  (memory (export "memory") 1)
  (data (i32.const 4096) "\\00\\10\\00\\00")
  (func $large (param i32) ${follow.repeat(STEPS)})
  (func $small (param i32) ${follow.repeat(2)})
  (func (export "_start") (call $small (i32.const 4096)) (call $large (i32.const 4096)) (call $large (i32.const 16))))`);

test('its checks are called', async () => {
  const { bodies } = parseModule(instrument(module, { host: true }).bytes);
  const sizes = bodies.slice(0, 2).map((b) => b.end - b.start);
  const original = parseModule(module)
    .bodies.slice(0, 2)
    .map((b) => b.end - b.start);
  expect(sizes[0]! / original[0]!).toBeLessThan(3);
  expect(sizes[1]! / original[1]!).toBeGreaterThan(4);
  const { findings } = await runInstrumented(module, {}, { runtime: { halt: true } });
  expect(findings.map((f) => f.title)).toEqual(['SEGV']);
});
