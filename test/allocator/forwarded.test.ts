// An exported malloc that merely calls the one that the program itself calls: is the inner one wrapped? Only what
// JavaScript allocates would be checked otherwise, and its frees of everything else walk over the heap.

import { expect, test } from 'vitest';
import { probeAllocator } from '../../host/probe.ts';
import { inspect } from '../../instrument/index.ts';
import { compileC, runC } from '../support/c-program.ts';

const FOR_THE_HOST = `
#include <stdlib.h>
__attribute__((export_name("malloc"))) void *malloc_for_the_host(size_t n) { return malloc(n); }
__attribute__((export_name("free"))) void free_for_the_host(void *p) { free(p); }`;

/** Writes to byte 19 of a block of so many. */
const main = (size: number) => `
int main(void) {
  volatile char *p = malloc(${size});
  p[19] = 1;
  free((void *)p);
}`;

const BLOCKS: readonly (readonly [string, number, readonly string[]])[] = [
  ['overflow', 16, ['heap-buffer-overflow']],
  ['no bug', 20, []],
];

test.each(BLOCKS)('%s', async (_, size, titles) => {
  const module = await compileC(FOR_THE_HOST + main(size), ['-O2', '-s']);
  const { functions } = inspect(module, { probe: probeAllocator }).allocator;
  expect(functions.map((f) => `${f.role.role} by ${f.how}`).toSorted()).toEqual(['free by body', 'malloc by body']);
  const { findings } = await runC(module, { probe: probeAllocator });
  expect(findings.map((f) => f.title)).toEqual(titles);
});

const inCommand = `${FOR_THE_HOST}
static void *volatile kept;
__attribute__((constructor)) static void begin(void) { kept = malloc(10); }
__attribute__((export_name("run"))) void run(int size) { kept = realloc(kept, size); }
`;

test('the linker has put constructors and destructors around every export of a command', async () => {
  const module = await compileC(inCommand, ['-O2', '-s', '-nostartfiles', '-Wl,--no-entry']);
  const { functions, layout, confidence } = inspect(module, { probe: probeAllocator }).allocator;
  const roles = functions.map((f) => `${f.role.role} by ${f.how}`).toSorted();
  expect(roles).toEqual(['free by body', 'malloc by body', 'realloc by body']);
  expect({ layout, confidence }).toEqual({ layout: 'behind', confidence: 'high' });
});

const IN_FRONT = `
#include <stdlib.h>
static volatile int calls;
void *__real_malloc(size_t n);
void __real_free(void *p);
__attribute__((export_name("malloc"))) void *__wrap_malloc(size_t n) { calls++; void *p = __real_malloc(n); return p ? p : __real_malloc(1); }
__attribute__((export_name("free"))) void __wrap_free(void *p) { calls--; if (p) __real_free(p); }`;

test.each(BLOCKS)('wrapped by the linker (--wrap): %s', async (_, size, titles) => {
  const module = await compileC(IN_FRONT + main(size), ['-O2', '-s', '-Wl,--wrap=malloc,--wrap=free']);
  const { functions } = inspect(module, { probe: probeAllocator }).allocator;
  expect(functions.map((f) => f.how)).not.toContain('export');
  expect(functions.map((f) => f.role.role)).toEqual(expect.arrayContaining(['malloc', 'free']));
  const { findings } = await runC(module, { probe: probeAllocator });
  expect(findings.map((f) => f.title)).toEqual(titles);
});
