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
