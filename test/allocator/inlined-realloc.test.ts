// realloc inlined into a function of the program, as wasm-opt does with SQLite's: is that function taken for an allocator's
// own, so that what it learns of a block's size goes unnoticed? Blocks that grew where they lie would be reported.

import binaryen from 'binaryen';
import { expect, test } from 'vitest';
import { inspect } from '../../instrument/index.ts';
import { compileC, runC } from '../support/c-program.ts';

const SOURCE = `
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
static void *get(size_t n) { long long *p = malloc(n + 8); *p = n; return p + 1; }
static void put(void *p) { free((char *)p - 8); }
__attribute__((noinline)) static void *grow(void *p, size_t n) {
  long long *q = realloc((char *)p - 8, n + 8);
  if (!q) { puts("no memory"); return 0; }
  *q = n;
  return q + 1;
}
static struct { void *(*get)(size_t); void (*put)(void *); void *(*grow)(void *, size_t); } volatile methods = {get, put, grow};
int main(void) {
  unsigned sum = 0;
  for (int round = 1; round < 40; round++) {
    char *p = methods.get(round);
    for (int n = round; n < round + 90; n += 7) { p = methods.grow(p, n); memset(p, round, n); sum += p[n - 1]; }
    methods.put(p);
  }
  printf("%u\\n", sum);
}`;

async function inlined(): Promise<Uint8Array> {
  const module = binaryen.readBinary(await compileC(SOURCE, ['-O2', '-s']));
  const { BulkMemory, BulkMemoryOpt, MutableGlobals, NontrappingFPToInt, SignExt } = binaryen.Features;
  const before = binaryen.getOneCallerInlineMaxSize();
  try {
    binaryen.setOptimizeLevel(2);
    binaryen.setOneCallerInlineMaxSize(100_000);
    module.setFeatures(BulkMemory | BulkMemoryOpt | MutableGlobals | NontrappingFPToInt | SignExt);
    module.runPasses(['inlining-optimizing']);
    return module.emitBinary();
  } finally {
    binaryen.setOneCallerInlineMaxSize(before);
    module.dispose();
  }
}

test('a function into which realloc was inlined is checked, and blocks that grew in it are not reported', async () => {
  const module = await inlined();
  const { allocator } = inspect(module);
  expect(allocator.functions.map((f) => f.role.role)).toEqual(expect.arrayContaining(['malloc', 'free']));
  expect(allocator.functions.map((f) => f.role.role)).not.toContain('realloc'); // else this test shows nothing
  expect(allocator.kept).toEqual([]);
  const { output, findings } = await runC(module);
  expect(findings).toEqual([]);
  expect(output).toMatch(/^\d+\n$/);
});
