// The shapes of targets: what toolchains export, how each is called, and a target's own mutators.

import { describe, expect, test } from 'vitest';
import { openModule } from '../../fuzz/index.ts';
import { compileAssemblyScript } from '../support/compile-assemblyscript.ts';
import { campaignOf, compileTarget } from './targets.ts';

const titles = (module: Uint8Array, runs: number, options: { entry?: string } = {}) => {
  const campaign = campaignOf(openModule(module, options), 1, runs);
  campaign.run([]);
  return campaign.findings.map(({ finding }) => finding.title);
};

const ALLOW = '-Wl,--allow-undefined';
const EXPORT = (name: string) => `-Wl,--export=${name}`;

/** A format that plain mutation cannot keep up: every byte is checked, and mutated inside its frame only by the target's own. */
const FRAMED = `
#include <string.h>
typedef unsigned long size_t;
size_t LLVMFuzzerMutate(unsigned char *data, size_t size, size_t max);
static unsigned sum(const unsigned char *data, size_t size) {
  unsigned s = 7;
  for (size_t i = 0; i < size; i++) s = s * 0x01000193 ^ (data[i] + (s >> 13));
  return s ^ s >> 16;
}
size_t LLVMFuzzerCustomMutator(unsigned char *data, size_t size, size_t max, unsigned seed) {
  if (max < 8) return 0;
  size_t inner = size < 4 ? 0 : size - 4;
  if (inner == 0) { data[4] = 'a'; inner = 1; }
  else inner = LLVMFuzzerMutate(data + 4, inner, max - 4);
  unsigned s = sum(data + 4, inner);
  memcpy(data, &s, 4);
  return inner + 4;
}
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
  unsigned s;
  if (size < 8) return 0;
  memcpy(&s, data, 4);
  if (s != sum(data + 4, size - 4)) return 0;
  if (data[4] == 'h' && data[5] == 'i') __builtin_trap();
  return 0;
}`;

describe('a target’s own mutators', () => {
  test('LLVMFuzzerCustomMutator keeps the frame, LLVMFuzzerMutate changes what is in it', async () => {
    const module = await compileTarget(FRAMED, [EXPORT('LLVMFuzzerCustomMutator'), ALLOW]);
    const campaign = campaignOf(openModule(module), 1, 40_000, { useCompares: false, maxLength: 64 });
    campaign.run([]);
    expect(campaign.findings.map(({ finding }) => finding.title)).toEqual(['unreachable']);
    const input = campaign.findings[0]!.input;
    expect([...input.subarray(4, 6)]).toEqual([0x68, 0x69]);
  }, 60_000);

  test('LLVMFuzzerCustomCrossOver makes one input of two', async () => {
    const module = await compileTarget(
      `
#include <string.h>
typedef unsigned long size_t;
size_t LLVMFuzzerCustomCrossOver(const unsigned char *a, size_t na, const unsigned char *b, size_t nb,
                                 unsigned char *out, size_t max, unsigned seed) {
  if (na + nb + 1 > max) return 0;
  memcpy(out, a, na);
  out[na] = 0x9c;
  memcpy(out + na + 1, b, nb);
  return na + nb + 1;
}
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
  if (size == 9 && !memcmp(data, "left\\x9cleft", 9)) __builtin_trap();
  return size >= 4 && !memcmp(data, "left", 4);
}`,
      [EXPORT('LLVMFuzzerCustomCrossOver')],
    );
    const campaign = campaignOf(openModule(module), 1, 5000, { useCompares: false });
    campaign.run([new TextEncoder().encode('left')]);
    expect(campaign.findings.map(({ finding }) => finding.title)).toEqual(['unreachable']);
  }, 60_000);

  test('a bug in a mutator is a finding', async () => {
    const module = await compileTarget(
      `
#include <stdlib.h>
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) { free(malloc(size)); return 0; }
void *volatile keep;
unsigned long LLVMFuzzerCustomMutator(unsigned char *data, unsigned long size, unsigned long max, unsigned seed) {
  keep = malloc(1);
  ((volatile unsigned char *)data)[max] = 1;
  return size;
}`,
      [EXPORT('LLVMFuzzerCustomMutator')],
    );
    const campaign = campaignOf(openModule(module), 1, 100);
    campaign.run([]);
    expect(campaign.findings.map(({ finding }) => finding.title)).toEqual(['heap-buffer-overflow']);
    expect(campaign.findings[0]!.finding.text).toContain('here:\n    #0 in the fuzzer, for an input\n');
  }, 60_000);
});

describe('how targets are called', () => {
  test('LLVMFuzzerInitialize runs once; an input that is rejected with -1 stays out of the corpus', async () => {
    const module = await compileTarget(
      `
static int ready;
int LLVMFuzzerInitialize(int *argc, char ***argv) { ready++; return 0; }
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  if (ready != 1) __builtin_trap();
  if (size > 0 && data[0] == 'n') return -1;
  return 0;
}`,
      [EXPORT('LLVMFuzzerInitialize')],
    );
    const campaign = campaignOf(openModule(module), 1, 3000);
    campaign.run([Uint8Array.of(0x6e), Uint8Array.of(0x79)]);
    expect(campaign.findings).toEqual([]);
    expect(campaign.corpus.units.some((unit) => unit.bytes[0] === 0x6e)).toBe(false);
  }, 60_000);

  // What rustc makes of cargo-fuzz's macro without WASI, in C: the allocator has Rust's names alone.
  test('rust_fuzzer_test_input, as libfuzzer-sys exports it: the input is a block of Rust’s allocator', async () => {
    const module = await compileTarget(
      `
typedef __SIZE_TYPE__ size_t;
void *rust_alloc(size_t, size_t) __asm__("_RNvCs1njKG4L9aB3_7___rustc12___rust_alloc");
void rust_dealloc(void *, size_t, size_t) __asm__("_RNvCs1njKG4L9aB3_7___rustc14___rust_dealloc");
static size_t top;
__attribute__((noinline)) void *rust_alloc(size_t size, size_t align) {
  if (!top || top + size + align > __builtin_wasm_memory_size(0) << 16) top = __builtin_wasm_memory_grow(0, 1) << 16;
  char *at = (char *)((top + align - 1) & -align);
  top = (size_t)at + size;
  return at;
}
__attribute__((noinline)) void rust_dealloc(void *at, size_t size, size_t align) { __asm__ volatile("" : : "r"(at), "r"(size), "r"(align)); }
int rust_fuzzer_test_input(const unsigned char *data, size_t size) {
  volatile char *copy = rust_alloc(40, 1);
  copy[0] = size;
  if (size == 3 && data[0] == 'r' && data[1] == 's') copy[1] = data[size];
  rust_dealloc((void *)copy, 40, 1);
  return 0;
}
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) { return rust_fuzzer_test_input(data, size); }`,
      [EXPORT('rust_fuzzer_test_input')],
    );
    expect(titles(module, 5000, { entry: 'rust_fuzzer_test_input' })).toEqual(['heap-buffer-overflow']);
  }, 60_000);

  test('without an allocator the input ends where the memory did, also when the run before grew it', async () => {
    const executor = openModule(
      await compileTarget(`
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  if (data[0] == 'g') __builtin_wasm_memory_grow(0, 1);
  return data[0] == 'o' ? *(volatile const unsigned char *)(data + size) & 0 : 0;
}`),
    );
    const ends = ['g1', 'a', 'g2', 'b', 'o', 'c'].map((input) => executor.run(new TextEncoder().encode(input))?.title);
    expect(ends).toEqual([undefined, undefined, undefined, undefined, expect.stringContaining('SEGV'), undefined]);
  }, 60_000);

  test('without an allocator inputs that are larger than the room for them get more', async () => {
    const executor = openModule(
      await compileTarget(`
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  return data[size - 1] == 'x' ? *(volatile const unsigned char *)(data + size) & 0 : 0;
}`),
    );
    const input = (bytes: number, end: string) => Buffer.concat([new Uint8Array(bytes), Buffer.from(end)]);
    const ends = [input(9, ''), input(3 << 20, ''), input(5 << 20, 'x'), input(9, '')].map((each) =>
      executor.run(each),
    );
    const beyond = expect.stringContaining('SEGV');
    expect(ends.map((finding) => finding?.title)).toEqual([undefined, undefined, beyond, undefined]);
  }, 60_000);

  test('an AssemblyScript function (pointer, length)', async () => {
    const files = await compileAssemblyScript(
      'main.ts',
      `
export function fuzz(at: usize, size: i32): void {
  if (size < 2) return;
  if (load<u8>(at) == 0x61 && load<u8>(at + 1) == 0x73) unreachable();
}`,
    );
    expect(titles(files['main.wasm']!, 5000, { entry: 'fuzz' })).toEqual(['unreachable']);
  }, 60_000);
});

test('a command that reads a file: @@ among its arguments stands for the name of one with the input', async () => {
  const module = await compileTarget(
    `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv) {
  if (argc != 3 || strcmp(argv[1], "-d")) abort();
  if (fopen("/other", "rb") || fopen("/made", "wb")) abort();
  FILE *f = fopen(argv[2], "rb");
  if (!f) abort();
  fseek(f, 0, SEEK_END);
  long n = ftell(f);
  rewind(f);
  char *text = malloc(n);
  if ((long)fread(text, 1, n, f) != n || fgetc(f) != EOF || getchar() != EOF) abort();
  fclose(f);
  if (n > 3 && text[0] == 'F' && text[1] == 'I') return ((volatile char *)text)[n];
  free(text);
  return 0;
}`,
    [],
    'command',
  );
  const campaign = campaignOf(openModule(module, { args: ['-d', '@@'] }), 1, 3000);
  campaign.run([]);
  expect(campaign.findings.map(({ finding }) => finding.title)).toEqual(['heap-buffer-overflow']);
}, 60_000);

test.each([
  ['the first byte of an empty input may be read', 0, []],
  ['the second one may not', 1, ['heap-buffer-overflow']],
] as const)('%s', async (_, index, expected) => {
  const module = await compileTarget(
    `volatile int sink;
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) { if (size == 0) sink = data[${index}]; return 0; }`,
    [EXPORT('malloc'), EXPORT('free')],
  );
  expect(titles(module, 10)).toEqual(expected);
});

describe('LLVMFuzzerInitialize', () => {
  const target = (body: string) => `#include <stdlib.h>
#include <string.h>
static const char *name;
int LLVMFuzzerInitialize(int *argc, char ***argv) { ${body} }
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  if (name && !strcmp(name, "program")) __builtin_trap();
  return 0;
}`;
  const exports = ['LLVMFuzzerInitialize', 'malloc', 'free'].map(EXPORT);

  test('is given the command line', async () => {
    const module = await compileTarget(target('if (*argc == 1 && !(*argv)[1]) name = (*argv)[0]; return 0;'), exports);
    expect(titles(module, 5)).toEqual(['unreachable']);
  });

  test('is given it without an allocator, too', async () => {
    const module = await compileTarget(target('name = **argv; return 0;'), [EXPORT('LLVMFuzzerInitialize')]);
    expect(titles(module, 5)).toEqual(['unreachable']);
  });

  test('may fail: the finding says how', async () => {
    const module = await compileTarget(target('char *volatile p = malloc(3); return p[*argc + 2];'), exports);
    expect(() => openModule(module)).toThrow(/AddressSanitizer: heap-buffer-overflow/);
  });
});

test.each([
  [20, 3],
  [200, 199],
])(
  'a target that changes byte %#$2 of its %#$1 const bytes is told so; another function may work in place',
  async (size, index) => {
    const source = `int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  if (size == ${size}) ((unsigned char *)data)[${index}] ^= 1;
  return 0;
}
int in_place(unsigned char *data, unsigned long size) { return LLVMFuzzerTestOneInput(data, size); }`;
    const module = await compileTarget(source, ['malloc', 'free', 'in_place'].map(EXPORT));
    const input = new Uint8Array(size);
    expect(openModule(module).run(input)?.text).toContain('ERROR: libFuzzer: fuzz target overwrites its const input');
    expect(openModule(module, { entry: 'in_place' }).run(input)).toBeUndefined();
  },
);

test.each([
  [
    'a recursion past the lower end of the stack',
    'volatile int y = 1; void down(int n) { volatile int x = n; if (y) down(n); y = x; }',
    'down(1)',
    'stack-overflow',
  ],
  ['an access past the end of memory', '', '*(volatile int *)0x7ffffff0', 'SEGV'],
])('%s has its own title', async (_, declared, expression, title) => {
  const source = `${declared}
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) { ${expression}; return 0; }`;
  expect(titles(await compileTarget(source, ['-O0']), 5)).toEqual([title]);
});
