// Optimised frames whose variables are moved apart, though some of what lies in them has no name: the variable arguments of
// calls below, padding between. What looks alike and is not (a list that ends where a variable begins) is left together.

import { describe, expect, test } from 'vitest';
import { compileC, runC, runOriginal } from '../support/c-program.ts';

const PRELUDE = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define NOINLINE __attribute__((noinline))
NOINLINE static char *same(char *p) { __asm__ volatile("" : "+r"(p)); return p; }
`;
const LEVELS = ['-O1', '-O2', '-Os'];

/** `f(n)`: right with 0; n bytes before what it may touch, or behind, is wrong. */
const BODIES: readonly (readonly [name: string, f: string, wrong: readonly number[]])[] = [
  ['alone', 'char a[20]; char *p = same(a); memset(p, 65, 20); p[n < 0 ? n : n ? 19 + n : 0] = 0;', [-1, -5, 1, 9]],
  ['a single byte', 'char a; char *p = same(&a); p[n] = 1;', [-1, 1]],
  ['above the arguments of a call', 'char a[20]; char *p = same(a); memset(p, 65, 20); printf("%d\\n", n); p[n < 0 ? n : n ? 19 + n : 0] = 0;', [-1, -9, 1, 9]],
  ['between two and the arguments of two calls', 'char a[13], b[30]; char *p = same(a), *q = same(b); p[0] = q[0] = 0; printf("%d\\n", n); if (n > 9) printf("%d %s\\n", n, p); q[n < 0 ? n : 0] = 1; p[n > 0 ? 12 + n : 0] = 1;', [-1, -3, 1, 3]],
  ['whose length a call answers', 'char a[24], b[24]; char *q = same(b); memset(q, 66, 24); int k = snprintf(a, 24, "%d-%d", n, 7); q[n < 0 ? n : n ? 23 + n : 0] = k; puts(a);', [-1, -8, 1, 8]],
  ['walked over, above the arguments of a call', 'int a[9]; int *p = (int *)same((char *)a); for (int i = 1; i < 9; i++) a[i] = *p + a[i - 1]; printf("%d\\n", n); p[n < 0 ? n : n ? 8 + n : 0] = 1;', [-1, -4, 1, 4]],
]; // biome-ignore format: a table

describe.each(LEVELS)('%s -g', (level) => {
  test.each(BODIES)('%s', async (_, body, wrong) => {
    const source = `${PRELUDE} NOINLINE void f(int n) { ${body} } int main(int c, char **v) { f(atoi(v[1])); }`;
    const module = await compileC(source, [level, '-g', '-w']);
    const right = await runC(module, { args: ['0'] });
    expect(right).toMatchObject({ findings: [], ...(await runOriginal(module, ['0'])) });
    for (const n of wrong) {
      const [finding] = (await runC(module, { args: [String(n)] })).findings;
      expect([n, finding?.title]).toEqual([n, expect.stringMatching(/^stack-buffer-(over|under)flow$/)]);
    }
  });
});

const LISTS = `${PRELUDE}
#include <initializer_list>
template <class T> NOINLINE int sum(const T *p, const T *end, const void *other) {
  int all = 0;
  for (; p != end; p++) all += *p;
  return all + *same((char *)other);
}
NOINLINE int last(const char *end, const int *p) { return *(int *)same((char *)p) + (int)(end - (const char *)p); }
int main(int c, char **v) {
  char name[16] = "a name";
  std::initializer_list<int> numbers = {c, c + 1, c + 2, c + 3};
  char *p = same(name);
  printf("%d %s\\n", sum(numbers.begin(), numbers.end(), p), p);
  printf("%d\\n", sum(numbers.begin(), numbers.end(), numbers.begin()));
  printf("%d\\n", last((const char *)numbers.end(), numbers.begin()));
}
`;

test.each(LEVELS)('a list without a name below a variable, %s', async (level) => {
  const module = await compileC(LISTS, ['-x', 'c++', '-std=c++17', '-fno-exceptions', level, '-g', '-w']);
  const run = await runC(module);
  expect(run).toMatchObject({ findings: [], ...(await runOriginal(module)) });
  expect(run.output).toBe('107 a name\n11\n17\n');
});
