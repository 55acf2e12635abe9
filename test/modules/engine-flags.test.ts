// Does each version of V8 get the flags that it has, and this one take them without a word?

import { execFileSync, spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { compileAccepted, engineFlags, hasLazyValidation } from '../../host/engine-flags.ts';

test.each<[string, number]>([
  ['10.2.154', 0],
  ['11.3.244.8-node.30', 1],
  ['12.4.254.21-node.33', 1],
  ['13.6.233.17-node.53', 2],
  ['15.0.1', 0],
])('V8 %s has %i', (v8, count) => expect(engineFlags(v8)).toHaveLength(count));

test('a function is optimised after the same work as without checks, which make its code three times as large', () => {
  const help = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  const budget = Number(/--wasm-tiering-budget=(\d+)/.exec(help)?.[1]);
  const ours = engineFlags(process.versions.v8).find((flag) => flag.startsWith('--wasm-tiering-budget='));
  expect(Number(ours?.split('=')[1])).toBe(3 * budget);
});

test('this engine takes them', () => {
  const flags = engineFlags(process.versions.v8);
  const script = `for (const flag of ${JSON.stringify(flags)}) require('node:v8').setFlagsFromString(flag)`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('a module is compiled without validating its functions, and only that module', () => {
  expect(hasLazyValidation(process.versions.v8)).toBe(true);
  expect(hasLazyValidation('15.0.1')).toBe(false);
  // (func (result i32) (i64.const n)): of bytes that it has compiled already, the engine shares what it made of them.
  const wrong = (n: number) =>
    Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 10, 6, 1, 4, 0, 66, n, 11);
  expect(compileAccepted(wrong(1), WebAssembly.Module)).toBeInstanceOf(WebAssembly.Module);
  expect(() => new WebAssembly.Module(wrong(2))).toThrow(WebAssembly.CompileError);
});
