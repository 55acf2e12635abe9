// TinyGo's heap, by its names: a collector of the same ways (tinygo/collector.c) runs as it did, though objects have redzones and
// it reads them with everything else; what leaves an object is told.

import { readFileSync } from 'node:fs';
import binaryen from 'binaryen';
import { describe, expect, test } from 'vitest';
import { inspect } from '../../index.ts';
import { compileC, runC, runOriginal } from '../support/c-program.ts';

const source = readFileSync(new URL('tinygo/collector.c', import.meta.url), 'utf8');

describe.each(['-O0', '-O1', '-O2', '-Os'])('a collector at %s', (level) => {
  test('alloc is watched, and the collector left alone', async () => {
    const { functions, kept } = inspect(await compileC(source, [level])).allocator;
    expect(functions.filter((f) => f.role.role === 'tinygo alloc').map((f) => f.name)).toEqual(['runtime.alloc']);
    expect(kept.map((f) => f.name).sort()).toEqual(['runtime.markRoots', 'runtime.runGC']);
  });

  test.each([['flat'], ['paged']] as const)(
    'a right program finds its objects after many collections, in silence (%s)',
    async (mapping) => {
      const module = await compileC(source, [level]);
      const { output } = await runOriginal(module);
      expect(output).toMatch(/after many collections/);
      expect(await runC(module, { mapping })).toMatchObject({ output, exitCode: 0, findings: [] });
    },
  );

  test.each([
    ['a byte behind an object', 'over', 1],
    ['a range that is longer than it', 'copy', 24],
  ])('%s is told', async (_, mode, size) => {
    const { findings } = await runC(await compileC(source, [level]), { args: [mode] });
    expect(findings).toMatchObject([
      {
        title: 'heap-buffer-overflow',
        access: { write: true, size: BigInt(size) },
        place: { where: 'heap', family: 'runtime.alloc', size: 21, distance: { relation: 'after', bytes: 0 } },
      },
    ]);
  });
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
