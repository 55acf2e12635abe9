// Optimised frames whose variables cannot be moved apart: with debug information the padding between them is guarded, and what
// debug information does not name (temporaries, literals, alloca of a constant size) is left alone.

import { describe, expect, test } from 'vitest';
import { compileC, runC, runOriginal } from '../support/c-program.ts';

const PRELUDE = `
#include <alloca.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define NOINLINE __attribute__((noinline))
static NOINLINE void use(const void *p) { __asm__ volatile("" : : "r"(p) : "memory"); }
static NOINLINE int next(int i) { __asm__ volatile("" : "+r"(i)); return i; }
`;
const LEVELS = ['-O1', '-O2', '-O3', '-Os', '-Oz'];

/** `f(n)`: right with one number, wrong with the next. */
const WRONG: readonly (readonly [name: string, right: number, f: string])[] = [
  ['a loop', 10, 'int a[10]; for (int i = 0; i < next(n); i++) a[i] = i; use(a);'],
  ['a pointer', 9, 'short a[9]; for (short *p = a; p < a + next(n); p++) *p = 1; use(a);'],
  ['a string', 14, 'char a[20] = "start"; char b[40]; memset(b, 65, 40); b[n] = 0; use(b); strcat(a, b); use(a);'],
  ['a reader', 6, 'int a[6] = {1, 2, 3, 4, 5, 6}; use(a); int s = 0; for (int *p = a, k = next(n); k > 0; k--) s += *p++; use((void *)s);'],
  ['beside what a call is given that has no name', 18, 'char a[21]; memset(a, 0, 21); char b[30]; memset(b, 65, 30); b[n] = 0; use(b); snprintf(a + next(0), 40, "%d.%s", 1, b); use(a); printf("%d %s", n, a);'],
  ['behind one of two', 5, 'char a[5]; double b[2] = {1, 2}; use(b); for (int i = 0; i < next(n); i++) a[i] = 1; use(a);'],
]; // biome-ignore format: a table

describe.each(LEVELS)('%s -g', (level) => {
  test.each(WRONG)('%s', async (_, right, body) => {
    const source = `${PRELUDE} NOINLINE void f(int n) { ${body} } int main(int c, char **v) { f(atoi(v[1])); }`;
    const module = await compileC(source, [level, '-g', '-w']);
    const titles = async (n: number) => (await runC(module, { args: [String(n)] })).findings.map((f) => f.title);
    expect(await titles(right)).toEqual([]);
    expect(new Set(await titles(right + 1))).toEqual(new Set(['stack-buffer-overflow']));
  });
});

/** Compiled without bulk memory, memset is a call whose result takes the place of the frame's base. */
const RESULTS = `${PRELUDE}
NOINLINE int f(int n) { char buf[100]; memset(buf, 65, 99); buf[99] = 0; memset(buf - next(n), 66, 50); use(buf); return buf[50]; }
NOINLINE int g(int n) { char a[30], b[30]; memset(a, 1, 30); memset(b, 2, 30); memcpy(b, a, next(n)); use(a); use(b); return a[29] + b[29]; }
int main(int c, char **v) { printf("%d\\n", v[1][0] == 'f' ? f(atoi(v[2])) : g(atoi(v[2]))); }
`;

test.each(LEVELS)('frames whose base is the result of a call, %s', async (level) => {
  const module = await compileC(RESULTS, [level, '-g', '-w', '-mno-bulk-memory', '-mno-bulk-memory-opt']);
  const run = async (...args: string[]) => {
    const { findings, output } = await runC(module, { args });
    return [...findings.map((f) => f.title), output];
  };
  expect([await run('f', '0'), await run('g', '30')]).toEqual([['65\n'], ['2\n']]);
  expect(await run('f', '8')).toContain('stack-buffer-underflow');
  expect(await run('g', '31')).toContain('stack-buffer-overflow');
});

const NAMELESS = `${PRELUDE}
struct small { short a, b, c; };
struct odd { char text[11]; };
NOINLINE struct small make(int n) { struct small s = {n, n + 1, n + 2}; return s; }
NOINLINE struct odd odd(int n) { struct odd o; for (int i = 0; i < 11; i++) o.text[i] = n + i; return o; }
NOINLINE int take(struct small s, struct odd o) { use(&s); use(&o); return s.a + s.b + s.c + o.text[10]; }
NOINLINE int sum(const char *p, int n) { int s = 0; while (n-- > 0) s += *p++; return s; }
NOINLINE int literals(int n) {
  char named[10]; int total = 0;
  for (int i = 0; i < next(10); i++) named[i] = i;
  use(named);
  for (int i = 1; i <= next(3); i++) total += ((char[3]){1, 2, 3})[i - 1] + ((short[5]){7, 8, 9, n, n})[next(i) + 1];
  char *room = alloca(8), *other = alloca(5);
  for (int i = 0; i < next(8); i++) room[i] = i + named[i];
  for (int i = 5; i > next(0); i--) other[i - 1] = room[i];
  use(room); use(other);
  return total + sum(room, 8) + sum(other, 5) + take(make(n), odd(n)) + odd(n + 1).text[next(10)];
}
NOINLINE int shared(int n) {
  int total = 0;
  if (next(n)) { char a[13]; for (int i = 0; i < next(13); i++) a[i] = i; use(a); total += sum(a, 13); }
  else { int b[7]; for (int i = 0; i < next(7); i++) b[i] = i; use(b); total += b[next(6)]; }
  { struct odd c[3]; for (int i = 0; i < next(3); i++) c[i] = odd(i); use(c); total += sum(c[0].text, 33); }
  return total;
}
NOINLINE int returned(const char *s) {
  char a[21], b[6]; int x, y[3];
  char *end = stpcpy(strcpy(a, s), "!"); end[1] = 0; memset(b, 3, 6); y[next(0)] = 4; y[next(2)] = 5; sscanf("17", "%d", &x);
  return strlen(a) + *(char *)memcpy(a + next(15), b, next(6)) + x + y[2] + (int)(end - a);
}
int main(void) { int t = 0; for (int i = 0; i < 3; i++) t += literals(i) + shared(i) + returned("sixteen letters!"); printf("%d\\n", t); }
`;

/** Results of calls, and variables of inlined functions that debug information has lost, in the places of smaller variables. */
const SHARING = `${PRELUDE}
struct big { int v[8]; };
NOINLINE struct big make(int n) { struct big b; for (int i = 0; i < 8; i++) b.v[i] = n + i; use(&b); return b; }
NOINLINE void fill(struct big *b, int n) { for (int i = 0; i < 8; i++) b->v[i] = n + i; }
NOINLINE int result(int n) { int t = make(n).v[0]; { int x[2] = {n, 1}; use(x); t += x[0]; } return t; }
NOINLINE int results(int n) { int t = make(n).v[0]; { int x = n; use(&x); t += x; } { short y[3] = {1, 2, 3}; use(y); t += y[1]; } return t; }
static inline int within(int n) { struct big b; fill(&b, n); use(&b); return n; }
NOINLINE int inlined(int n) { int t = within(n); { char x[6]; x[0] = n; use(x); t += x[0]; } return t; }
static inline void wide(int n, long long *out) { long long local = n; use(&local); if (out) *out = local; }
NOINLINE int both(int n) { int x[4]; { wide(n, 0); } { int y; use(&y); } use(x); return n; }
int main(void) { printf("%d %d %d %d\\n", result(2), results(2), inlined(4), both(1)); }
`;

test.each(LEVELS)('places that something larger has at another time, %s', async (level) => {
  const module = await compileC(SHARING, [level, '-g', '-w']);
  const { findings, output } = await runC(module);
  expect([findings.map((f) => f.title), output]).toEqual([[], (await runOriginal(module)).output]);
});

test.each([...LEVELS, '-O0'])('what has no name is not padding, %s', async (level) => {
  const module = await compileC(NAMELESS, [level, '-g', '-w']);
  const { findings, output, exitCode } = await runC(module);
  const plain = await runOriginal(module);
  expect([findings.map((f) => f.title), output, exitCode]).toEqual([[], plain.output, 0]);
});
