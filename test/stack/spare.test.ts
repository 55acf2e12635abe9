// Redzones make frames larger than the linker foresaw. A program that fits its stack without them runs as it does without
// wasan, to its last frame; one that does not is told so where it would have overflowed.

import { describe, expect, test } from 'vitest';
import { inspect } from '../../instrument/index.ts';
import { compileC, runC, runOriginal } from '../support/c-program.ts';

const PRELUDE = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define NOINLINE __attribute__((noinline))
static NOINLINE void use(void *p) { __asm__ volatile("" : : "r"(p) : "memory"); }
`;

const DEEP = `${PRELUDE}
NOINLINE int deep(int n) {
  char a[10], b[6]; int x = n;
  memset(a, n, 10); use(a); use(b); use(&x);
  int r = n == 0 ? 0 : deep(n - 1);
  return r + a[3] - (char)n + x - n + 1;
}
NOINLINE int dynamic(int n) { char a[n + 16]; memset(a, 1, sizeof a); use(a); return n == 0 ? 0 : dynamic(n - 1) + a[5]; }
NOINLINE int wide(int n) { char a[2000]; memset(a, 1, sizeof a); use(a); return n == 0 ? 0 : wide(n - 1) + a[5]; }
NOINLINE int mixed(int n) { int r = dynamic(n % 7) + wide(n % 3); use(&r); return n == 0 ? r : mixed(n - 1) + r; }
int main(int c, char **v) {
  int (*f)(int) = *v[1] == 'd' ? deep : *v[1] == 'v' ? dynamic : *v[1] == 'w' ? wide : mixed;
  int sum = 0;
  for (int i = 0; i < 3; i++) sum += f(atoi(v[2]));
  printf("%d\\n", sum);
}`;

async function output(module: Uint8Array, args: readonly string[]): Promise<string | undefined> {
  try {
    return (await runOriginal(module, args)).output;
  } catch {
    return undefined; // trapped
  }
}

/** The deepest recursion that the module survives. */
async function deepest(module: Uint8Array, which: string): Promise<number> {
  let [good, bad] = [1, 4096];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if ((await output(module, [which, String(middle)])) === undefined) bad = middle;
    else good = middle;
  }
  return good;
}

describe.each(['-O0 -g', '-Os -s'])('%s', (flags) => {
  test.each(['deep', 'vla', 'wide', 'mixed'])('%s recursion to the end of the stack, and beyond', async (which) => {
    const module = await compileC(DEEP, [...flags.split(' '), '-w']);
    const most = await deepest(module, which);
    expect(most).toBeGreaterThan(10);
    const args = [which, String(most)];
    const run = await runC(module, { args });
    expect({ ...run, findings: run.findings.map((f) => f.title) }).toMatchObject({
      ...{ findings: [], exitCode: 0, output: await output(module, args) },
    });
    const beyond = await runC(module, { args: [which, String(Math.ceil(most * 1.02) + 1)], runtime: { halt: true } });
    expect(beyond.findings.map((f) => f.title)).toEqual(['stack-overflow']);
  });
});

const titles = async (source: string, flags: string, args: readonly string[], options = {}) => {
  const module = await compileC(PRELUDE + source, [...flags.split(' '), '-w']);
  const run = await runC(module, { args, ...options });
  return { ...run, findings: run.findings, titles: run.findings.map((f) => f.title) };
};

describe('on the spare stack', () => {
  const FILL =
    'NOINLINE int down(int n, char *p, int i) { int x = n; use(&x); return n ? down(n - 1, p, i) + x - n : last(p, i); }';

  test('bugs are found, and variables named', async () => {
    const source = `NOINLINE int last(char *p, int i) { char near[12]; use(near); near[i] = 1; use(near); p[i] = 1; return 0; }
      ${FILL} int main(int c, char **v) { char far[12]; use(far); down(500, far, atoi(v[1])); return far[0] * 0; }`;
    expect((await titles(source, '-O0 -g', ['11'])).titles).toEqual([]);
    const wrong = await titles(source, '-O0 -g', ['12']);
    expect(wrong.titles).toEqual(['stack-buffer-overflow', 'stack-buffer-overflow']);
    const marked = wrong.findings.map((f) =>
      f.layout === 'access' && f.place.where === 'stack' ? f.place.objects.find((o) => o.mark)?.name : undefined,
    );
    expect(marked).toEqual(['near', 'far']);
  });

  test('longjmp leaves it and comes back', async () => {
    const source = `#include <setjmp.h>
static jmp_buf back; NOINLINE int last(char *p, int i) { char a[20]; memset(a, 1, 20); use(a); if (i) longjmp(back, 1); return a[3]; }
      ${FILL} int main(int c, char **v) { volatile int sum = 0; for (volatile int i = 0; i < 30; i++) { if (!setjmp(back)) sum += down(400 + i, 0, i % 3); } printf("%d\\n", sum); }`;
    const flags = '-O0 -g -mllvm -wasm-enable-sjlj -lsetjmp';
    expect(await titles(source, flags, [])).toMatchObject({ titles: [], output: '10\n' });
  });

  test('poisoned returned frames do not disturb it', async () => {
    const source = `NOINLINE int last(char *p, int i) { char a[i]; memset(a, 1, i); use(a); return a[3]; }
      ${FILL} int main(void) { int sum = 0; for (int i = 0; i < 20; i++) sum += down(350 + 20 * i, 0, 10 + i * 50); printf("%d\\n", sum); }`;
    for (const flags of ['-O0 -g', '-O2'])
      expect(await titles(source, flags, [], { runtime: { stackAfterReturn: true } })).toMatchObject({
        titles: [],
        output: '20\n',
      });
  });

  test('a program without an allocator gets new pages', async () => {
    const source = `NOINLINE int last(char *p, int i) { return 0; } ${FILL} int main(void) { return down(DEPTH, 0, 0); }`;
    const module = await compileC(PRELUDE + source, ['-O0', '-g', '-w', '-DDEPTH=900']);
    expect(inspect(module)).toMatchObject({ allocator: { functions: [] }, graph: { sizesMemory: false } });
    expect(await titles(source, '-O0 -g -DDEPTH=900', [])).toMatchObject({ titles: [], exitCode: 0 });
    const tooDeep = await titles(source, '-O0 -g -DDEPTH=100000', [], { runtime: { halt: true } });
    expect(tooDeep.titles).toEqual(['stack-overflow']);
  });

  test('where the stack lies behind the data, variables below it stay whole', async () => {
    const source = `static int kept[4000]; NOINLINE int last(char *p, int i) { return 0; } ${FILL}
      int main(int c, char **v) { for (int i = 0; i < 4000; i++) kept[i] = i; down(1100, 0, 0); for (int i = 0; i < 4000; i++) if (kept[i] != i) return 1; return 0; }`;
    for (const flags of ['-O0 -g', '-O0', '-O0 -s'])
      expect(await titles(source, `${flags} -Wl,--no-stack-first`, [])).toMatchObject({ titles: [], exitCode: 0 });
  });
});
