// Large heap chunks on pages of their own (mmap_threshold): byte-exact ends, use after free and after a realloc that
// moved, contents over growth, how many pages are copied for it, and programs without the memory for a window.
import { describe, expect, test } from 'vitest';
import { runCommand } from '../../host/run.ts';
import type { InstrumentOptions } from '../../index.ts';
import { HEADER_VMA } from '../../runtime/abi.ts';
import { COUNT_COPIED, DIRECTORY_COUNTERS } from '../../runtime/vma-layout.ts';
import { compileC } from '../support/compile-c.ts';
import { findingText, instrumentToRun, runProgram } from '../support/run-instrumented.ts';

const THRESHOLD = 65536;

interface Large {
  body: string;
  flags?: string[];
  options?: InstrumentOptions;
  threshold?: number;
  file?: string;
}

async function build({ body, flags = [], options = {}, threshold = THRESHOLD, file = 'large.c' }: Large) {
  const source = `#include <stdlib.h>\n#include <string.h>\n#include <stdio.h>\n#include <stdint.h>
volatile unsigned char sink;
#define KEEP(p) ({ void *volatile kept = (p); (volatile unsigned char *)kept; })
int main(void) {
${body}
}
`;
  const module = await compileC({ file, source, flags: ['-O1', '-g', ...flags] });
  const runtime = { mmapThreshold: threshold, ...options.runtime };
  return { module, instrumented: instrumentToRun(module, { ...options, runtime }) };
}

async function run(program: Large) {
  const { module, instrumented } = await build(program);
  const result = await runProgram(module, instrumented);
  expect([result.trap?.stack, result.stderr]).toEqual([undefined, '']);
  return {
    seen: result.findings.map((each) => findingText(each)),
    out: result.stdout,
  };
}

async function expectRun(program: Large, seen: string[], out = ''): Promise<void> {
  expect(await run(program)).toEqual({ seen, out });
}

const VARIANTS = [
  { name: 'asan, flat', options: { runtime: { scheme: 'asan' } } },
  { name: 'kasan, flat', options: { runtime: { scheme: 'kasan' } } },
  { name: 'asan, paged', options: { mapping: 'paged', runtime: { scheme: 'asan' } } },
  { name: 'kasan, paged', options: { mapping: 'paged', runtime: { scheme: 'kasan' } } },
] as const satisfies readonly { name: string; options: InstrumentOptions }[];

describe.each(VARIANTS)('$name', ({ name, options }) => {
  const isKasan = name.startsWith('kasan');
  const overflow = isKasan ? 'slab-out-of-bounds' : 'heap-buffer-overflow';
  const freed = isKasan ? 'use-after-free' : 'heap-use-after-free';

  test('one byte past the end, written or not, and past the last page', () =>
    expectRun(
      {
        options,
        body: `volatile unsigned char *p = KEEP(malloc(100001));
sink = p[100001];
p[100000] = 1;
p[100001] = 2;
volatile unsigned char *q = KEEP(malloc(81920));
q[81919] = 1;
q[81920] = 2;
printf("%d", (int)((uintptr_t)p & 4095));
free((void *)p); free((void *)q);`,
      },
      [
        `${overflow}, READ of size 1, 0 bytes after 100001-byte region`,
        `${overflow}, WRITE of size 1, 0 bytes after 100001-byte region`,
        `${overflow}, WRITE of size 1, 0 bytes after 81920-byte region`,
      ],
      '0',
    ));

  test('use after free', () =>
    expectRun(
      {
        options,
        body: 'volatile unsigned char *p = KEEP(malloc(100000));\np[70000] = 1;\nfree((void *)p);\nsink = p[70000];',
      },
      [`${freed}, READ of size 1, 70000 bytes inside 100000-byte region`],
    ));

  test('use of the old address after a realloc that moved', () =>
    expectRun(
      {
        options,
        body: `volatile unsigned char *p = KEEP(malloc(100000));
void *wall = (void *)KEEP(malloc(100000));
p[5] = 7;
volatile unsigned char *q = KEEP(realloc((void *)p, 300000));
printf("%d %d", p != q, q[5]);
sink = p[5];
free((void *)q); free(wall);`,
      },
      [`${freed}, READ of size 1, 5 bytes inside 100000-byte region`],
      '1 7',
    ));
});

describe('contents', () => {
  test('bytes survive growth and shrinking; calloc is zero, also where bytes of others were', () =>
    expectRun(
      {
        body: `size_t size = 70000;
volatile unsigned char *p = KEEP(malloc(size));
for (size_t i = 0; i < size; i++) p[i] = i * 7;
void *wall = (void *)KEEP(malloc(70000));
int same = 1;
for (int round = 0; round < 20; round++) {
  size_t grown = size + 50001;
  p = KEEP(realloc((void *)p, grown));
  for (size_t i = 0; i < size; i++) same &= p[i] == (unsigned char)(i * 7);
  for (size_t i = size; i < grown; i++) p[i] = i * 7;
  size = grown;
}
p = KEEP(realloc((void *)p, 80000));
for (size_t i = 0; i < 80000; i++) same &= p[i] == (unsigned char)(i * 7);
p = KEEP(realloc((void *)p, 100));
for (size_t i = 0; i < 100; i++) same &= p[i] == (unsigned char)(i * 7);
free((void *)p); free(wall);
int zero = 1;
for (int round = 0; round < 200; round++) {
  volatile unsigned char *c = KEEP(calloc(1000, 200));
  for (int i = 0; i < 200000; i++) zero &= c[i] == 0;
  memset((void *)c, 0xaa, 200000);
  free((void *)c);
}
printf("%d %d", same, zero);`,
      },
      [],
      '1 1',
    ));

  test('what is cut off by a shrinking realloc is redzone', () =>
    expectRun(
      {
        body: `volatile unsigned char *p = KEEP(malloc(200000));
memset((void *)p, 1, 200000);
volatile unsigned char *q = KEEP(realloc((void *)p, 100000));
printf("%d ", p == q);
sink = q[100000]; sink = q[150000];
q = KEEP(realloc((void *)q, 160000));
printf("%d %d", p == q, q[99999]);
sink = q[159999];
free((void *)q);`,
      },
      [
        'heap-buffer-overflow, READ of size 1, 0 bytes after 100000-byte region',
        'heap-buffer-overflow, READ of size 1, 50000 bytes after 100000-byte region',
      ],
      '1 1 1',
    ));

  test('a byte in front, freeing twice, freeing by the wrong function', async () => {
    const { seen } = await run({
      file: 'large.cpp',
      body: `volatile unsigned char *p = KEEP(malloc(100000));
sink = p[-1];
free((void *)p); free((void *)p);
char *volatile n = new char[100000];
n[1] = 1;
free((void *)n);`,
      flags: ['-fno-builtin'],
    });
    expect(seen.map((each) => each.split(',')[0])).toEqual([
      'heap-buffer-overflow',
      'double-free',
      'alloc-dealloc-mismatch',
    ]);
  });
});

/** Pages that the model copied, and what the program printed. */
async function copied(program: Large): Promise<{ pages: number; out: string; findings: number }> {
  const { module, instrumented } = await build(program);
  const result = await runCommand({ original: module, instrumented, args: ['a.wasm'] });
  const view = new DataView((result.sanitizer as unknown as { memory: WebAssembly.Memory }).memory.buffer);
  const directory = view.getUint32(HEADER_VMA, true);
  const counters = directory && view.getUint32(directory + DIRECTORY_COUNTERS, true);
  const pages = directory ? view.getUint32(counters + COUNT_COPIED, true) : -1;
  return { pages, out: String(result.exitCode), findings: result.sanitizer.findings.length };
}

test('a hundred growing reallocs copy a fraction of what malloc, copy and free would', async () => {
  const body = (walls: string) => `volatile unsigned char *p = KEEP(malloc(65536));
memset((void *)p, 1, 65536);
for (int i = 1; i <= 100; i++) {
  ${walls}
  p = KEEP(realloc((void *)p, 65536 + i * 8192));
  memset((void *)p + 65536 + (i - 1) * 8192, 1, 8192);
}
return p[65535 + 100 * 8192] == 1 ? 0 : 3;`;
  let always = 0;
  for (let i = 0; i < 100; i++) always += 16 + 2 * i;
  const alone = await copied({ body: body('') });
  expect(alone).toEqual({ pages: 0, out: '0', findings: 0 });
  const among = await copied({
    body: body('if (i % 10 == 0) free((void *)KEEP(malloc(65536))); else if (i % 25 == 1) KEEP(malloc(65536));'),
  });
  expect([among.out, among.findings]).toEqual(['0', 0]);
  expect(among.pages).toBeGreaterThan(0);
  expect(among.pages).toBeLessThan(always / 10);
});

test('without memory for a window, or in it, the original allocator serves', () =>
  expectRun(
    {
      flags: ['-Wl,--max-memory=1048576'],
      threshold: 16384,
      body: `void *volatile all[64];
int n = 0;
for (; n < 64; n++) { all[n] = malloc(40000); if (!all[n]) break; memset(all[n], 1, 40000); }
printf("%d %d", n > 10, n < 64);
while (n) free(all[--n]);`,
    },
    [],
    '1 1',
  ));

test('off, which is the default, there is no window', async () => {
  expect(
    await copied({
      threshold: 0,
      body: 'volatile unsigned char *p = KEEP(malloc(1000000)); p[3] = 1; free((void *)p);',
    }),
  ).toEqual({
    pages: -1,
    out: '0',
    findings: 0,
  });
});
