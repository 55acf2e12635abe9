// Rust's std takes its handles of threads from `System`, past __rust_alloc: dlmalloc then has callers that nothing stands in
// for, and its words, which lie between blocks, are nobody's overflow. In C, with Rust's names.

import { expect, test } from 'vitest';
import { compileC } from '../support/compile-c.ts';
import { expectFindings, findingText, runInstrumented } from '../support/run-instrumented.ts';

const METHOD = '_RNvMs0_NtCsi6WBrLFLuLB_8dlmalloc8dlmallocINtB5_8DlmallocNtNtB7_3sys6SystemE';

const SOURCE = `
typedef __SIZE_TYPE__ size_t;
struct head { size_t size; struct head *next; };
void *inside_malloc(size_t) __asm__("${METHOD}6mallocCs7L774UPzF0f_3std");
void inside_free(void *) __asm__("${METHOD}4freeCs7L774UPzF0f_3std");
void *rust_alloc(size_t, size_t) __asm__("_RNvCs1njKG4L9aB3_7___rustc12___rust_alloc");
void rust_dealloc(void *, size_t, size_t) __asm__("_RNvCs1njKG4L9aB3_7___rustc14___rust_dealloc");

static _Alignas(16) char heap[1 << 16];
static struct head *blocks;

__attribute__((noinline)) void *inside_malloc(size_t size) {
  if (!blocks) {
    blocks = (struct head *)heap;
    blocks->size = sizeof heap - sizeof *blocks;
  }
  size = (size + 15) & ~(size_t)7;
  for (struct head **at = &blocks; *at; at = &(*at)->next) {
    struct head *block = *at;
    if (block->size < size + sizeof *block) continue;
    struct head *rest = (struct head *)((char *)(block + 1) + size); /* between this block and the next */
    rest->size = block->size - size - sizeof *rest;
    rest->next = block->next;
    block->size = size;
    *at = rest;
    return block + 1;
  }
  return 0;
}
__attribute__((noinline)) void inside_free(void *pointer) {
  struct head *block = (struct head *)pointer - 1;
  block->next = blocks;
  blocks = block;
}
__attribute__((noinline)) void *rust_alloc(size_t size, size_t align) {
  __asm__ volatile("" : : "r"(align)); /* or callers need not pass it */
  return inside_malloc(size);
}
__attribute__((noinline)) void rust_dealloc(void *pointer, size_t size, size_t align) {
  __asm__ volatile("" : : "r"(size), "r"(align));
  inside_free(pointer);
}

__attribute__((noinline)) static char *new_thread(void) { return inside_malloc(40); } /* std::thread::Thread::new */

int main(int argc, char **argv) {
  volatile char *through = 0;
  for (int i = 1; i < 60; i++) {
    if (through) rust_dealloc((void *)through, i - 1, 1);
    through = rust_alloc(i, 1);
    through[i - 1] = 1;
    char *handle = new_thread();
    for (int k = 0; k < 40; k++) handle[k] = k;
    if (i % 3) inside_free(handle);
  }
  if (argc > 1) through[59] = 1;
  return 0;
}
`;

test.each(['-O0', '-O2'])('at %s its words are no overflow, and one of a block is', async (level) => {
  const module = await compileC({ file: 'rust.c', source: SOURCE, flags: [level, '-g'] });
  for (const quarantineBytes of [0, 1 << 20]) {
    expectFindings(await runInstrumented(module, {}, { runtime: { quarantineBytes } }), { findings: [] });
  }
  const wrong = await runInstrumented(module, { args: ['overflow'] });
  expect(wrong.findings.map((f) => findingText(f))).toEqual([
    'heap-buffer-overflow, WRITE of size 1, 0 bytes after 59-byte region',
  ]);
});
