// Programs whose mappings are the model's: the page-fault handler behind the checks, the findings about mappings with
// who mapped and who unmapped, byte-sized mappings, and mmap as a libc's emulation and plain imports know it.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { asanText, kasanText, PLAIN_STYLE } from '../../host/index.ts';
import type { InstrumentOptions } from '../../index.ts';
import type { RuntimeOptions } from '../../instrument/header.ts';
import { compileC } from '../support/compile-c.ts';
import { runInstrumented } from '../support/run-instrumented.ts';

const HEADER = readFileSync(new URL('../../runtime/include/wasan_vma.h', import.meta.url), 'utf8');

interface Program {
  body: string;
  before?: string;
  flags?: string[];
  scheme?: RuntimeOptions['scheme'];
  options?: InstrumentOptions;
}

/** Names of the findings in order, and what the program printed. Line numbers count from 1 in `body`. */
async function run({ body, before = '', flags = [], scheme = 'asan', options = {} }: Program) {
  const source = `#include <stdlib.h>\n#include <string.h>\n#include <stdio.h>\n#include "wasan_vma.h"\nvolatile unsigned char sink;
#define PAGES(n) ((volatile unsigned char *)wasan_mmap(0, (n) * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
${before}
int main(void) {
  void *volatile heap = malloc(16);
  free(heap);
#line 1 "body.c"
${body}
}
`;
  const input = { file: 'program.c', source, flags: ['-O1', '-g', ...flags], headers: { 'wasan_vma.h': HEADER } };
  const result = await runInstrumented(await compileC(input), {}, { ...options, runtime: { scheme } });
  expect([result.trap?.stack, result.stderr]).toEqual([undefined, '']);
  return { titles: result.findings.map((each) => each.title), out: result.stdout, findings: result.findings };
}

async function expectFindings(program: Program, titles: string[], out = ''): Promise<void> {
  const { titles: seen, out: printed } = await run(program);
  expect([seen, printed]).toEqual([titles, out]);
}

describe('demand faults', () => {
  test('fresh pages read zero, keep what is written, and give nothing to report', () =>
    expectFindings(
      {
        body: `volatile unsigned char *p = PAGES(4);
        int zeros = 1;
        for (int i = 0; i < 4 * 4096; i++) zeros &= p[i] == 0;
        for (int i = 0; i < 4 * 4096; i++) p[i] = i;
        int same = 1;
        for (int i = 0; i < 4 * 4096; i++) same &= p[i] == (unsigned char)i;
        printf("%d %d", zeros, same);`,
      },
      [],
      '1 1',
    ));

  test('memcpy and memset fault every page of their range in', () =>
    expectFindings(
      {
        body: `char *p = (char *)PAGES(6);
        memset(p + 100, 7, 3 * 4096);
        memcpy(p + 3 * 4096 + 200, p + 100, 2 * 4096);
        printf("%d %d %d", p[99], p[100], p[3 * 4096 + 200 + 8191]);`,
      },
      [],
      '0 7 7',
    ));

  test('DONTNEED loses the bytes, mremap takes them along', () =>
    expectFindings(
      {
        body: `volatile unsigned char *p = PAGES(4);
        p[0] = 1; p[4096] = 2;
        wasan_madvise((void *)p, 4096, MADV_DONTNEED);
        volatile unsigned char *q = wasan_mremap((void *)p, 4 * 4096, 40 * 4096, MREMAP_MAYMOVE, 0);
        printf("%d %d %d", q[0], q[4096], q[30 * 4096]);`,
      },
      [],
      '0 2 0',
    ));

  test('a mapping made by a constructor keeps its bytes', () =>
    expectFindings(
      {
        before: `volatile unsigned char *early;
__attribute__((constructor)) void begin(void) { early = PAGES(2); early[0] = 5; }`,
        body: 'volatile unsigned char *q = wasan_mremap((void *)early, 8192, 80 * 4096, MREMAP_MAYMOVE, 0); printf("%d", q[0]);',
      },
      [],
      '5',
    ));
});

describe('findings about mappings', () => {
  test('use after munmap says who unmapped and who mapped', async () => {
    const { titles, findings } = await run({
      before: `__attribute__((noinline)) volatile unsigned char *map(void) { return PAGES(3); }
__attribute__((noinline)) void unmap(volatile unsigned char *p) { wasan_munmap((void *)p, 3 * 4096); }`,
      body: `volatile unsigned char *p = map();
p[1] = 1;
unmap(p);
sink = p[4097];`,
    });
    expect(titles).toEqual(['use-after-munmap']);
    const kernel = kasanText({ ...findings[0]!, scheme: 'kasan' }, PLAIN_STYLE);
    expect(kernel).toMatch(/Mapped by task \d+:\n [^\n]*map[^\n]*\n(.*\n)*\nUnmapped by task \d+:\n [^\n]*unmap/);
    const text = asanText(findings[0]!, PLAIN_STYLE);
    expect(text).toMatch(/READ of size 1 at/);
    expect(text).toMatch(/is located 4097 bytes inside of unmapped region \[0x/);
    expect(text).toMatch(/unmapped by thread T0 here:\n\s+#0 0x\w+ in unmap/);
    expect(text).toMatch(/previously mapped by thread T0 here:\n\s+#0 0x\w+ in map/);
  });

  test('a store to a read-only mapping names it; loads are fine', async () => {
    const { titles, findings } = await run({
      body: `volatile unsigned char *p = PAGES(2);
p[0] = 3;
wasan_mprotect((void *)p, 8192, PROT_READ);
sink = p[0];
p[1] = 4;
p[4100] = 4;
wasan_mprotect((void *)p, 8192, PROT_READ | PROT_WRITE);
p[2] = 5;
sink = p[4100];`,
    });
    expect(titles).toEqual(['write-to-read-only-mapping', 'write-to-read-only-mapping']);
    expect(asanText(findings[0]!, PLAIN_STYLE)).toMatch(/is located 1 bytes inside of r--p mapping \[0x/);
    expect(asanText(findings[1]!, PLAIN_STYLE)).toMatch(/is located 4100 bytes inside of r--p mapping \[0x/);
  });

  test('PROT_NONE and guard pages', () =>
    expectFindings(
      {
        body: `volatile unsigned char *p = PAGES(3);
p[0] = 1;
wasan_mprotect((void *)p, 4096, PROT_NONE);
sink = p[0];
wasan_madvise((void *)(p + 4096), 4096, MADV_GUARD_INSTALL);
p[4096] = 1;
p[8192] = 1;`,
      },
      ['access-to-prot-none', 'access-to-prot-none'],
    ));
});

describe('conformance', () => {
  test('K09 page_alloc_oob_right: reading past 16 pages', async () => {
    const { titles } = await run({
      body: 'volatile unsigned char *p = PAGES(16);\nsink = p[16 * 4096];',
      scheme: 'kasan',
    });
    expect(titles).toHaveLength(1);
  });

  test('K10 page_alloc_uaf: reading 16 freed pages', () =>
    expectFindings(
      {
        body: 'volatile unsigned char *p = PAGES(16);\nwasan_munmap((void *)p, 16 * 4096);\nsink = p[0];',
        scheme: 'kasan',
      },
      ['use-after-free'],
    ));

  test('K35 kfree_via_phys: unmapping through the address after a move', () =>
    expectFindings(
      {
        body: `volatile unsigned char *p = PAGES(4);
        p[5] = 9;
        volatile unsigned char *q = wasan_mremap((void *)p, 4 * 4096, 4 * 4096, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)(p - 64 * 4096));
        printf("%d %d", q[5], wasan_munmap((void *)q, 4 * 4096));`,
        scheme: 'kasan',
      },
      [],
      '9 0',
    ));

  test.each(['kasan', 'asan'] as const)('K68 vmalloc_oob, scheme %s', (scheme) =>
    expectFindings(
      {
        body: `volatile unsigned char *p = wasan_vmalloc(2035);
for (int i = 0; i < 2035; i++) p[i] = i;
sink = p[2035];
sink = p[2040];
p = wasan_vrealloc((void *)p, 2026);
sink = p[2025];
sink = p[2026];
sink = p[2032];
p = wasan_vrealloc((void *)p, 2044);
sink = p[2043];
sink = p[2044];
sink = p[2048];
printf("%d", p[2000]);
wasan_vfree((void *)p);`,
        scheme,
      },
      Array.from({ length: 6 }, () => (scheme === 'kasan' ? 'vmalloc-out-of-bounds' : 'mapping-buffer-overflow')),
      String(2000 & 255),
    ),
  );
});

describe('mmap by other names', () => {
  test("wasi-libc's emulated mmap and munmap", async () => {
    const { titles, out } = await run({
      before: '#include <sys/mman.h>',
      flags: ['-D_WASI_EMULATED_MMAN', '-lwasi-emulated-mman'],
      body: `volatile unsigned char *p = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
printf("%d", p[5000]);
munmap((void *)p, 8192);
sink = p[0];`,
    });
    expect([titles, out]).toEqual([['use-after-munmap'], '0']);
  });

  test('imports of these names, which disappear', () =>
    expectFindings(
      {
        before: `#define IMPORT(name) __attribute__((import_module("env"), import_name(#name)))
IMPORT(mmap) void *my_mmap(void *, size_t, int, int, int, long long);
IMPORT(munmap) int my_munmap(void *, size_t);
IMPORT(mprotect) int my_mprotect(void *, size_t, int);
IMPORT(mremap) void *my_mremap(void *, size_t, size_t, int, ...);`,
        body: `volatile unsigned char *p = my_mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
p[0] = 6;
volatile unsigned char *q = my_mremap((void *)p, 8192, 8192, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)(p - 40960));
my_mprotect((void *)q, 4096, PROT_READ);
printf("%d", q[0] + (p - q) / 4096);
q[1] = 1;
my_munmap((void *)q, 8192);
sink = q[0];`,
      },
      ['write-to-read-only-mapping', 'use-after-munmap'],
      '16',
    ));

  test('a host that puts the memory back to what it was takes the window away: PGlite does so, for want of fork()', () =>
    expectFindings(
      {
        before: `extern char __global_base;
__attribute__((noinline)) void put(char *to, char *from, size_t bytes) { memmove(to, from, bytes); } // the host: unchecked`,
        options: { ignore: ({ name }) => name === 'put' },
        body: `heap = malloc(40 << 20);
free(heap);
char *base = &__global_base;
size_t bytes = (__builtin_wasm_memory_size(0) << 16) - (size_t)base;
char *snapshot = (char *)(__builtin_wasm_memory_grow(0, (bytes >> 16) + 1) << 16);
put(snapshot, base, bytes);
PAGES(1)[0] = 1;
put(base, snapshot, bytes);
volatile unsigned char *p = PAGES(2);
p[4097] = 2;
volatile char *block = malloc(30 << 20);
for (size_t i = 0; i < 30 << 20; i += 4096) block[i] = 3;
printf("%d", p[4097] + p[4098]);
sink = p[8192];`,
      },
      ['SEGV'],
      '2',
    ));

  test('what the window cannot hold is refused, with an errno', () =>
    expectFindings(
      {
        body: `volatile unsigned char *p = PAGES(1);
printf("%d ", wasan_mmap(0, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
printf("%d ", wasan_vma_errno());
printf("%d ", wasan_mmap(0, 0x40000000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
printf("%d ", wasan_vma_errno());
printf("%d ", wasan_mremap((void *)p, 4096, 8192, 32, 0) == MAP_FAILED);
printf("%d", wasan_vma_errno());`,
      },
      [],
      '1 22 1 12 1 22',
    ));
});

test.each([{ mapping: 'paged' }, { mode: 'outline' }] as const)('faults and findings with %j', async (options) => {
  const { titles, out } = await run({
    body: `volatile unsigned char *p = PAGES(3);
p[4096] = 2;
printf("%d", p[0] + p[4096]);
wasan_munmap((void *)p, 3 * 4096);
p[4096] = 3;`,
    options,
  });
  expect([titles, out]).toEqual([['use-after-munmap'], '2']);
});
