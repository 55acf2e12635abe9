// Programs that only allocate, or only release: the linker leaves out the other half of dlmalloc. Is the half found, are leaks and
// frees of what is no block told, and is a program's own free left alone?

import { describe, expect, test } from 'vitest';
import { probeAllocator } from '../../host/probe.ts';
import { inspect } from '../../instrument/index.ts';
import { compileC } from '../support/compile-c.ts';
import { instrumentToRun, runProgram } from '../support/run-instrumented.ts';

/** P is what is released. */
const RELEASES = `#include <stdlib.h>
#include <string.h>
#ifndef __cplusplus
#define RELEASE free(p)
#else
#define RELEASE delete[] p
#endif
static char text[40];
char *volatile kept;
int main(void) {
  char local[40];
  strcpy(local, "local"); strcpy(text, "static");
  kept = P;
  char *p = kept;
  RELEASE;
}`;

/** TEXT goes into ten bytes, and TO is where the second block is kept. */
const ALLOCATES = `#include <stdlib.h>
#include <string.h>
char *kept;
int main(void) {
  char *p = (char *)calloc(10, 1), *q = (char *)malloc(20);
  __asm__ volatile("" : "+r"(p), "+r"(q) : : "memory");
  kept = p;
  strcpy(p, TEXT);
  TO = q;
}`;

/** It has the size of dlmalloc's free and its constants, but works on the words that `take` works on, too. */
const POOL = `
static unsigned char arena[4000];
volatile unsigned map, left, used, count, top = 16;
#define STEP map &= ~n; left += n >> 3; used--; count ^= n & 3; top = n < 255 ? top : n & 16777215; n >>= 1;
#define STEPS STEP STEP STEP STEP STEP STEP STEP STEP STEP STEP
__attribute__((noinline)) int *take(unsigned n) { used++; left -= n; return (int *)(arena + (top += n)); }
__attribute__((noinline)) void free(int *p) { unsigned n = ((unsigned *)p)[-2] & -2; STEPS STEPS }
void _start(void) { for (int i = 0; i < 9; i++) { int *p = take(32); *p = i; free(p); } }`;

const SHAPES: readonly (readonly string[])[] = [['-O0'], ['-O2'], ['-O0', '-s'], ['-O2', '-s'], ['-Os', '-s']];

const roles = (module: Uint8Array) =>
  inspect(module, { probe: probeAllocator }).allocator.functions.map((f) => f.role.role);

const run = async (module: Uint8Array) => {
  const { findings, leaks } = await runProgram(module, instrumentToRun(module), { leaks: true });
  return [...findings.map((f) => f.title), ...(leaks ? ['leak'] : [])];
};

describe.each(SHAPES.map((shape) => ({ shape })))('$shape', ({ shape }) => {
  const compile = (source: string, more: readonly string[], file = 'half.c') =>
    compileC({ file, source, flags: [...shape, ...more] });

  test.each(['half.c', 'half.cpp'])('a program that allocates nothing has nothing to release: %s', async (file) => {
    const module = await compile(RELEASES, ['-DP=local'], file);
    expect(roles(module)).toContain('free');
    expect(roles(module)).not.toContain('malloc');
    expect(await run(module)).toEqual(['bad-free']);
    expect(await run(await compile(RELEASES, ['-DP=text'], file))).toEqual(['bad-free']);
    expect(await run(await compile(RELEASES, ['-DP=0'], file))).toEqual([]);
  });

  test('a program that releases nothing leaks what it loses', async () => {
    const module = await compile(ALLOCATES, ['-DTEXT="nine char"', '-DTO=kept']);
    expect(roles(module)).toEqual(expect.arrayContaining(['malloc', 'calloc']));
    expect(roles(module)).not.toContain('free');
    expect(await run(module)).toEqual(['leak']);
    expect(await run(await compile(ALLOCATES, ['-DTEXT="nine char"', '-DTO=*(char **)p']))).toEqual([]);
    const long = await compile(ALLOCATES, ['-DTEXT="ten letter"', '-DTO=*(char **)p']);
    expect(await run(long)).toEqual(['heap-buffer-overflow']);
  });

  test('a free that is no dlmalloc is its own business', async () => {
    const module = await compile(POOL, ['-nostdlib', '-fno-builtin']);
    expect([roles(module), await run(module)]).toEqual([[], []]);
  });
});
