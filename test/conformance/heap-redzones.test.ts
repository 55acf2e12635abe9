// How far around a heap block everything is poisoned, byte by byte, whatever its size and its neighbours: an int64 four
// elements before a block must not reach the block before.

import { expect, test } from 'vitest';
import { compileC } from '../support/compile-c.ts';
import { runInstrumented } from '../support/run-instrumented.ts';

const SOURCE = `#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int poisoned(const volatile void *) __attribute__((import_module("env"), import_name("__asan_address_is_poisoned")));
#define N 60
static char *blocks[N], *volatile first;
int main(void) {
  first = malloc(1); // what lies in front of the first block is no heap, and may be the program's
  int before = 0, after = 0, inside = 0;
  for (int round = 0; round < 6; round++) {
    for (int i = 0; i < N; i++) blocks[i] = malloc((i * 7 + round * 13) % 150);
    for (int i = 0; i < N; i++) {
      char *p = blocks[i];
      int n = (i * 7 + round * 13) % 150;
      for (int k = 1; k <= 32; k++) if (!poisoned(p - k)) before++;
      for (int k = 0; k < 24; k++) if (!poisoned(p + n + k)) after++;
      for (int k = 0; k < n; k++) if (poisoned(p + k)) inside++;
      memset(p, round, n);
    }
    for (int i = round % 2; i < N; i += 1 + round % 3) free(blocks[i]), blocks[i] = 0;
  }
  printf("%d %d %d\\n", before, after, inside);
  return 0;
}`;

test('32 bytes before a block and 24 behind it', async () => {
  const module = await compileC({ file: 'a.c', source: SOURCE, flags: ['-O0', '-g'] });
  const run = await runInstrumented(module);
  expect([run.exitCode, run.findings, run.stdout]).toEqual([0, [], '0 0 0\n']);
});

test('a quarantine that lets blocks go at once changes nothing of it', async () => {
  const module = await compileC({ file: 'a.c', source: SOURCE, flags: ['-O1', '-g'] });
  const run = await runInstrumented(module, {}, { runtime: { quarantineBytes: 0 } });
  expect([run.exitCode, run.findings, run.stdout]).toEqual([0, [], '0 0 0\n']);
});
