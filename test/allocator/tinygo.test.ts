// TinyGo's heap, by its names and by its bodies: a collector of the same ways (tinygo/collector.c) runs as it did, though objects
// have redzones and it reads them with everything else; what leaves an object is told.

import { readFileSync } from 'node:fs';
import binaryen from 'binaryen';
import { describe, expect, test } from 'vitest';
import { probeAllocator as probe } from '../../host/probe.ts';
import { inspect } from '../../index.ts';
import { compileC, runC, runOriginal } from '../support/c-program.ts';
import { strip } from './strip.ts';

const source = readFileSync(new URL('tinygo/collector.c', import.meta.url), 'utf8');
/** Exports but for what WASI asks for by name. */
const stripped = (module: Uint8Array) => strip(module, ['memory', '_start']);
const rolesOf = (module: Uint8Array) => inspect(module, { probe }).allocator.functions.map((f) => f.role.role);

const BUILDS = [
  ...['-O0', '-O1', '-O2', '-Os'].map((level) => ({ title: `a collector at ${level}`, args: [level] })),
  ...['-O1', '-Os'].map((level) => ({ title: `a heap that counts up, at ${level}`, args: [level, '-DLEAKING'] })),
];

const builds = new Map<string, Promise<Uint8Array>>();

function build(args: readonly string[]): Promise<Uint8Array> {
  const key = args.join(' ');
  if (!builds.has(key)) builds.set(key, compileC(source, args));
  return builds.get(key)!;
}

describe.each(BUILDS)('$title', ({ args }) => {
  const ways = args.includes('-O0') ? (['named'] as const) : (['named', 'stripped'] as const);
  const compiled = async (way: string, ...more: string[]) => {
    const module = await build([...args, ...more]);
    return way === 'named' ? module : stripped(module);
  };

  test.each(ways)('alloc is watched, and the collector left alone (%s)', async (way) => {
    const { functions, kept, layout, confidence } = inspect(await compiled(way), { probe }).allocator;
    expect({ layout, confidence }).toEqual({ layout: 'behind', confidence: 'high' });
    expect(functions.map((f) => f.role.role)).toEqual(['tinygo alloc']);
    if (way === 'named') expect(functions[0]!.name).toBe('runtime.alloc');
    const collects = !args.includes('-DLEAKING');
    expect(kept.some((f) => f.role.role === 'collector')).toBe(collects);
  });

  test.each(ways.flatMap((way) => [[way, 'flat'] as const, [way, 'paged'] as const]))(
    'a right program finds its objects after many collections, in silence (%s, %s)',
    async (way, mapping) => {
      const module = await compiled(way);
      const { output } = await runOriginal(module);
      expect(output).toMatch(/after many collections/);
      expect(await runC(module, { mapping, probe })).toMatchObject({ output, exitCode: 0, findings: [] });
    },
  );

  test.each(
    ways.flatMap((way) => [
      [way, 'a byte behind an object', '-DOVER=1', 1] as const,
      [way, 'a range that is longer than it', '-DCOPY=24', 24] as const,
    ]),
  )('%s: %s is told', async (way, _, flag, size) => {
    const { findings } = await runC(await compiled(way, flag), { probe });
    expect(findings).toMatchObject([
      {
        title: 'heap-buffer-overflow',
        access: { write: true, size: BigInt(size) },
        place: { where: 'heap', family: 'runtime.alloc', size: 21, distance: { relation: 'after', bytes: 0 } },
      },
    ]);
  });
});

test('by its bodies, the same is found that names tell of', async () => {
  const module = await build(['-O1']);
  const named = inspect(module);
  const unnamed = inspect(stripped(module), { probe });
  expect(unnamed.allocator.functions.map((f) => f.func)).toEqual(named.allocator.functions.map((f) => f.func));
  expect([...unnamed.allocatorClosure].sort()).toEqual(expect.arrayContaining([...named.allocatorClosure].sort()));
});

test("C's malloc on such a heap is known by its export, and so is what that passes its argument on to", async () => {
  const module = strip(await compileC(source, ['-O1', '-DEXPORTED']), ['memory', '_start', 'malloc', 'free']);
  const { functions, layout } = inspect(module, { probe }).allocator;
  expect(functions.map((f) => f.role.role).sort()).toEqual(['free', 'free', 'malloc', 'malloc', 'tinygo alloc']);
  expect(layout).toBe('around');
  expect(await runC(module, { probe })).toMatchObject({ exitCode: 0, findings: [] });
});

test('what only counts up, or only divides by 65, is no heap of TinyGo', async () => {
  const quiet = source.replace('mallocs++;\n  total_alloc += size;\n  pointer', 'pointer');
  expect(rolesOf(stripped(await compileC(quiet, ['-O1', '-DLEAKING'])))).toEqual([]);
  const still = source.replaceAll('__builtin_wasm_memory_grow(0, __builtin_wasm_memory_size(0))', '(size_t)-1');
  expect(rolesOf(stripped(await compileC(still, ['-O1'])))).toEqual([]);
});

test('a program that divides by 65 itself is none the less known', async () => {
  const dividing = source.replace('return total + sum(list)', 'total /= 65;\n  return total + sum(list)');
  expect(rolesOf(stripped(await compileC(dividing, ['-O1'])))).toEqual(['tinygo alloc']);
});

test('a heap whose states tell of something else is left alone', async () => {
  const wrong = source.replace('(heap_start + first * BLOCK), 0', '(heap_start + (first + 4) * BLOCK), 0');
  const { functions, refused } = inspect(stripped(await compileC(wrong, ['-O1'])), { probe }).allocator;
  expect(functions).toEqual([]);
  expect(refused).toMatch(/probe run of it went wrong/);
});

test('runtime.alloc of either signature is known, another one is not', () => {
  const roles = (type: string) => {
    const module = binaryen.parseText(`(module (memory 1) (func $runtime.alloc ${type} (unreachable)))`);
    binaryen.setDebugInfo(true);
    const { functions, rejected, layout } = inspect(module.emitBinary()).allocator;
    return [...functions.map((f) => `${f.role.role}, ${layout}`), ...rejected];
  };
  expect(roles('(param i32 i32) (result i32)')).toEqual(['tinygo alloc, behind']);
  expect(roles('(param i32) (result i32)')).toEqual(['tinygo alloc by size, behind']);
  expect(roles('(param i64) (result i32)')).toEqual(['runtime.alloc (as tinygo alloc)']);
});
