// Bugs on the stack, one program each, and the same program without the bug. With debug information at -O0 a report names the
// variable; without, what leaves the frame is still found.

import { describe, expect, test } from 'vitest';
import type { Report } from '../../host/report/report.ts';
import { compileC, runC } from '../support/c-program.ts';

const PRELUDE = `
#include <alloca.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define NOINLINE __attribute__((noinline))
static volatile char sink;
static NOINLINE void use(void *p) { *(volatile char *)p = 1; }
static NOINLINE void fill(char *p, int n) { for (int i = 0; i < n; i++) ((volatile char *)p)[i] = 1; }
`;

/** Title, direction and size, the function, and the variable with how the access lies to it. */
function describeFinding(report: Report): string {
  if (report.layout !== 'access' && report.layout !== 'segv') return report.title;
  const { access, place } = report;
  const head = `${report.title} ${access.write ? 'W' : 'R'}${access.size}`;
  if (place.where !== 'stack') return head;
  const variable = place.objects.find((o) => o.mark);
  const distance = variable && (place.offset ?? 0) - variable.begin;
  const what = variable ? ` ${variable.mark} ${variable.name}[${variable.size}] at ${distance}` : '';
  return `${head} in ${place.frame?.function ?? '?'}${what}`;
}

async function findings(source: string, flags: string, argument: number): Promise<string[]> {
  const module = await compileC(PRELUDE + source, [...flags.split(' '), '-w']);
  const options = { args: [String(argument)], runtime: { halt: true, stackAfterReturn: true }, useAfterScope: true };
  const { findings: found } = await runC(module, options);
  return found.map(describeFinding);
}

/** `main` gets an argument: the first one makes the bug happen, the second does not. */
interface Case {
  readonly name: string;
  readonly source: string;
  readonly bad: number;
  readonly good: number;
  /** At -O0 -g. */
  readonly finding: string;
  /** At -O2, and at -O0 without debug information: what is found there, where anything is. */
  readonly stripped?: string;
  readonly optimised?: string;
}

const main = (call: string) => `int main(int c, char **v) { int n = atoi(v[1]); ${call}; return 0; }`;

const CASES: readonly Case[] = [
  {
    name: 'read past an array (K58)',
    source: `NOINLINE void f(int n) { char a[10]; fill(a, 10); volatile char *p = a; sink = p[n]; } ${main('f(n)')}`,
    ...{ bad: 10, good: 9, finding: 'stack-buffer-overflow R1 in f overflows a[10] at 10' },
    optimised: 'stack-buffer-overflow R1 in f overflows a[10] at 10',
  },
  {
    name: 'write by index past an array, into its neighbour',
    source: `NOINLINE void f(int n) { int x[4]; int a[10]; for (int i = 0; i < 10; i++) a[i] = i; use(x); a[n] = 1; use(a); } ${main('f(n)')}`,
    ...{ bad: 10, good: 9, finding: 'stack-buffer-overflow W4 in f overflows a[40] at 40' },
  },
  {
    name: 'write before an array',
    source: `NOINLINE void f(int n) { int a[10]; int b[10]; use(b); int *p = a - n; p[0] = 1; use(a); } ${main('f(n)')}`,
    ...{ bad: 2, good: 0, finding: 'stack-buffer-overflow W4 in f underflows a[40] at -8' },
  },
  {
    name: 'copy past an array and over the next variables',
    source: `NOINLINE void f(int n) { char b[10]; char a[10]; use(b); memset(a, 1, n); use(a); } ${main('f(n)')}`,
    ...{ bad: 90, good: 10, finding: 'stack-buffer-overflow W90 in f overflows a[10] at 10' },
  },
  {
    name: 'write past an array where smaller frames have been',
    source: `
#define BEFORE(size) NOINLINE void before_##size(int n) { char b[size]; use(b); }
BEFORE(8) BEFORE(24) BEFORE(40) BEFORE(56) BEFORE(72)
NOINLINE void f(int n) { char a[88]; use(a); a[n] = 1; use(a); }
${main('before_8(n); before_24(n); before_40(n); before_56(n); before_72(n); f(n)')}`,
    ...{ bad: 88, good: 87, finding: 'stack-buffer-overflow W1 in f overflows a[88] at 88' },
    optimised: 'stack-buffer-overflow W1 in f overflows a[88] at 88',
  },
  {
    name: 'read before an array that a constant fills',
    source: `NOINLINE void f(int n) { int a[6] = {1, 2, 3, 4, 5, 6}; int i; for (i = 5; i >= n; i--) sink = a[i]; } ${main('f(n)')}`,
    ...{ bad: -1, good: 0, finding: 'stack-buffer-overflow R4 in f underflows a[24] at -4' },
  },
  {
    name: 'write before the lowest variable of a frame',
    source: `NOINLINE void f(int n) { char a[16]; use(a); volatile char *p = a; p[-n] = 1; } ${main('f(n)')}`,
    ...{ bad: 20, good: 0, finding: 'stack-buffer-overflow W1 in f' }, // between a and p, which lies below
    stripped: 'stack-buffer-underflow W1 in f',
    optimised: 'stack-buffer-underflow W1 in f',
  },
  {
    name: 'strcpy into a short array',
    source: `NOINLINE void f(const char *s) { char d[8]; strcpy(d, s); puts(d); } ${main('f(n ? "0123456789" : "0123456")')}`,
    ...{ bad: 1, good: 0, finding: 'stack-buffer-overflow W11 in f overflows d[8] at 8' },
    optimised: 'stack-buffer-overflow W11 in f overflows d[8] at 8',
  },
  {
    name: 'memcpy of more than a struct',
    source: `struct S { int a[4]; }; NOINLINE void f(int n) { struct S s, t; memset(&t, 1, sizeof t); memcpy(&s, &t, sizeof s + n); use(&s); } ${main('f(n)')}`,
    ...{ bad: 4, good: 0, finding: 'stack-buffer-overflow R20 in f overflows t[16] at 16' },
  },
  {
    name: "a callee overflows its caller's array",
    source: `NOINLINE void f(int n) { char a[12]; fill(a, n); } ${main('f(n)')}`,
    ...{ bad: 13, good: 12, finding: 'stack-buffer-overflow W1 in f overflows a[12] at 12' },
    optimised: 'stack-buffer-overflow W1 in f overflows a[12] at 12',
  },
  {
    name: 'use after return',
    source: `NOINLINE char *f(void) { char d[8]; use(d); char *volatile p = d; return p; } NOINLINE void g(int n) { char *p = f(); if (n) sink = *p; } ${main('g(n)')}`,
    ...{ bad: 1, good: 0, finding: 'stack-use-after-return R1 in f is inside d[8] at 0' },
    stripped: 'stack-use-after-return R1 in f',
    optimised: 'stack-use-after-return R1 in f is inside d[8] at 0',
  },
  {
    name: 'use after scope',
    source: `NOINLINE void f(int n) { char *volatile p = 0; { char b[10]; use(b); p = b; } if (n) sink = p[3]; } ${main('f(n)')}`,
    ...{ bad: 1, good: 0, finding: 'stack-use-after-scope R1 in f is inside b[10] at 3' },
  },
  {
    name: 'past a variable-length array (K60)',
    source: `NOINLINE void f(int n) { char v[10]; char w[n + 1]; fill(w, n + 1); use(v); volatile char *p = w; sink = p[n > 9 ? n + 1 : 0]; } ${main('f(n)')}`,
    ...{ bad: 10, good: 9, finding: 'dynamic-stack-buffer-overflow R1 in f' },
    stripped: 'dynamic-stack-buffer-overflow R1 in f',
    optimised: 'dynamic-stack-buffer-overflow R1 in f',
  },
  {
    name: 'before a variable-length array (K59)',
    source: `NOINLINE void f(int n) { char w[n + 10]; use(w); volatile char *p = w; sink = p[-n]; } ${main('f(n)')}`,
    ...{ bad: 1, good: 0, finding: 'dynamic-stack-buffer-overflow R1 in f' },
    stripped: 'dynamic-stack-buffer-overflow R1 in f',
    optimised: 'dynamic-stack-buffer-overflow R1 in f',
  },
  {
    name: 'alloca of a fixed size',
    source: `NOINLINE void f(int n) { int *a = alloca(12 * sizeof(int)), *b = alloca(24 * sizeof(int)); use(b); for (int i = 0; i < n; i++) a[i] = i; use(a); } ${main('f(n)')}`,
    ...{ bad: 24, good: 12, finding: 'stack-buffer-overflow W4 in f' },
  },
  {
    name: 'endless recursion',
    source: `NOINLINE int f(int n) { char a[64]; use(a); return n ? f(n + 1) + a[0] : 0; } ${main('f(n)')}`,
    ...{ bad: 1, good: 0, finding: 'stack-overflow W' },
    stripped: 'stack-overflow W',
    optimised: 'stack-overflow W',
  },
];

describe.each(CASES)('$name', ({ source, bad, good, finding, stripped, optimised }) => {
  test.each(['-O0 -g', '-O0', '-O1 -g', '-O2', '-Os'])('nothing without the bug: %s', async (flags) => {
    expect(await findings(source, flags, good)).toEqual([]);
  });

  test('-O0 -g', async () => {
    const found = await findings(source, '-O0 -g', bad);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(new RegExp(`^${finding.replace(/[[\]]/g, '\\$&')}`));
  });

  test.runIf(stripped)('-O0 without debug information', async () => {
    const found = await findings(source, '-O0', bad);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(new RegExp(`^${stripped}`));
  });

  test.runIf(optimised)('-O2 -g', async () => {
    const found = await findings(source, '-O2 -g', bad);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(new RegExp(`^${optimised!.replace(/[[\]]/g, '\\$&')}`));
  });
});
