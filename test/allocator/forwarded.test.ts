// An exported malloc that merely calls the one that the program itself calls: is the inner one wrapped, too? Only what
// JavaScript allocates would be checked otherwise, and its frees of everything else walk over the heap.

import { expect, test } from 'vitest';
import { probeAllocator } from '../../host/probe.ts';
import { inspect } from '../../instrument/index.ts';
import { compileC, runC } from '../support/c-program.ts';

const source = (size: number) => `
#include <stdlib.h>
__attribute__((export_name("malloc"))) void *malloc_for_the_host(size_t n) { return malloc(n); }
__attribute__((export_name("free"))) void free_for_the_host(void *p) { free(p); }
int main(void) {
  volatile char *p = malloc(${size});
  p[19] = 1;
  free((void *)p);
}`;

test.each([
  ['overflow', 16, ['heap-buffer-overflow']],
  ['no bug', 20, []],
])('%s', async (_, size, titles) => {
  const module = await compileC(source(size), ['-O2', '-s']);
  const { functions } = inspect(module, { probe: probeAllocator }).allocator;
  const roles = functions.filter((f) => f.how === 'export').map((f) => f.role.role);
  expect(roles.toSorted()).toEqual(['free', 'free', 'malloc', 'malloc']);
  const { findings } = await runC(module, { probe: probeAllocator });
  expect(findings.map((f) => f.title)).toEqual(titles);
});
