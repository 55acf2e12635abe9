// Does a probe run turn wasan off a pair of functions that is no allocator, and say why in one sentence?

import binaryen from 'binaryen';
import { expect, test } from 'vitest';
import { inspect } from '../../index.ts';

/** A module whose exports are called malloc, free and realloc, with these bodies. */
function allocatorOf(malloc: string, free = '', start = ''): Uint8Array {
  const module = binaryen.parseText(`(module (memory 4) (global $top (mut i32) (i32.const 4096))
    (func (export "malloc") (param i32) (result i32) ${malloc})
    (func (export "free") (param i32) ${free})
    (func (export "realloc") (param i32 i32) (result i32) (local.get 0))
    (func $never (unreachable)) ${start})`);
  return module.emitBinary();
}

const bump = `(global.set $top (i32.and (i32.add (global.get $top) (i32.add (local.get 0) (i32.const 15))) (i32.const -8)))
  (i32.sub (global.get $top) (i32.and (i32.add (local.get 0) (i32.const 7)) (i32.const -8)))`;

test.each([
  ['the same block again and again', '(i32.const 4096)', 'the blocks at 4096 and 4096 overlap'],
  ['an address that is not aligned', '(i32.const 4097)', 'malloc(1) answered 4097, which is not aligned'],
  ['an address beyond memory', '(i32.const 262144)', 'malloc(1) answered 262144, beyond memory'],
  ['blocks that are never used again', bump, 'no freed block was ever handed out again'],
])('malloc answers %s', (_, malloc, reason) => {
  const { functions, refused, probeFailed } = inspect(allocatorOf(malloc)).allocator;
  expect(functions).toEqual([]);
  expect(refused).toBe(`a probe run of malloc and free went wrong: ${reason}`);
  expect(probeFailed).toBe(true);
});

const FOREVER = '(loop $again (br $again))';

test('malloc never comes back: the trial ends, and nothing is known', () => {
  const { functions, evidence } = inspect(allocatorOf(`${FOREVER} (i32.const 0)`)).allocator;
  expect(evidence).toContain('probe run: malloc cannot be called before the program has started');
  expect(functions.map((f) => f.role.role)).toEqual(['malloc', 'free', 'realloc']);
});

test('free never comes back: the trial fails', () => {
  const { functions, refused } = inspect(allocatorOf(bump, FOREVER)).allocator;
  expect(functions).toEqual([]);
  expect(refused).toBe('a probe run of malloc and free went wrong: it trapped (unreachable)');
});

test('a start function is not run, and what traps at the first call is merely not known', () => {
  const { functions, probeFailed, evidence } = inspect(allocatorOf('(unreachable)', '', '(start $never)')).allocator;
  expect(probeFailed).toBe(false);
  expect(evidence).toContain('probe run: malloc cannot be called before the program has started');
  expect(functions.map((f) => f.role.role)).toEqual(['malloc', 'free', 'realloc']);
});

test.each([
  ['memalign', 'local.get 0', 'local.get 1', 'memalign aligns'],
  ['operator new', 'local.get 1', 'local.get 0', 'what looked like memalign is something else'],
])('the arguments of memalign are in the order of %s', (_, alignment, size, evidence) => {
  const power = `(i32.shl (i32.const 1) (i32.sub (i32.const 32) (i32.clz (i32.sub (${alignment}) (i32.const 1)))))`;
  const module =
    binaryen.parseText(`(module (memory 4) (global $top (mut i32) (i32.const 4096)) (global $freed (mut i32) (i32.const 16))
    (func $malloc (export "malloc") (param i32) (result i32) (local i32)
      (local.set 1 (global.get $freed))
      (if (i32.eqz (i32.ge_u (i32.load (i32.sub (local.get 1) (i32.const 16))) (local.get 0)))
        (then (local.set 1 (i32.add (global.get $top) (i32.const 16)))
          (i32.store (global.get $top) (local.get 0))
          (global.set $top (i32.and (i32.add (local.get 1) (i32.add (local.get 0) (i32.const 15))) (i32.const -16)))))
      (global.set $freed (i32.const 16)) (local.get 1))
    (func (export "free") (param i32) (global.set $freed (local.get 0)))
    (func (export "realloc") (param i32 i32) (result i32) (local.get 0))
    (func (export "memalign") (param i32 i32) (result i32) (local i32)
      (local.set 2 (i32.and (i32.add (global.get $top) (i32.sub ${power} (i32.const 1))) (i32.sub (i32.const 0) ${power})))
      (global.set $top (i32.and (i32.add (local.get 2) (i32.add (${size}) (i32.const 15))) (i32.const -16)))
      (local.get 2)))`);
  expect(inspect(module.emitBinary()).allocator.evidence).toContain(`probe run: ${evidence}`);
});
