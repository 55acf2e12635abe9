// KASAN's K75 (rust_uaf: a bug of another language, through its own allocator) in AssemblyScript, with its neighbours.

import { expect, test } from 'vitest';
import { compileAssemblyScript } from '../support/compile-assemblyscript.ts';
import { findingText, runInstrumented } from '../support/run-instrumented.ts';

const PROGRAMS: Readonly<Record<string, { body: string; asan: string[]; kasan: string[] }>> = {
  'K75 read after free': {
    body: 'heap.free(p); sink = load<u8>(p + 2048);',
    asan: ['heap-use-after-free, READ of size 1, 2048 bytes inside 4096-byte region'],
    kasan: ['slab-use-after-free, READ of size 1, 2048 bytes inside 4096-byte region'],
  },
  'write past the end': {
    body: 'store<u32>(p + 4096, 1); heap.free(p);',
    asan: ['heap-buffer-overflow, WRITE of size 4, 0 bytes after 4096-byte region'],
    kasan: ['slab-out-of-bounds, WRITE of size 4, 0 bytes after 4096-byte region'],
  },
  'copy past the end': {
    body: 'memory.copy(p + 4000, p, 100); heap.free(p);',
    asan: ['heap-buffer-overflow, WRITE of size 100, 0 bytes after 4096-byte region'],
    kasan: ['slab-out-of-bounds, WRITE of size 100, 4000 bytes inside 4096-byte region'],
  },
  'double free': {
    body: 'heap.free(p); heap.free(p);',
    asan: ['double-free, 0 bytes inside 4096-byte region'],
    kasan: ['double-free, 0 bytes inside 4096-byte region'],
  },
  'nothing wrong': { body: 'store<u8>(p + 4095, 1); p = heap.realloc(p, 8000); heap.free(p);', asan: [], kasan: [] },
};

for (const scheme of ['asan', 'kasan'] as const) {
  test.each(Object.entries(PROGRAMS))(`%s, ${scheme}`, async (_, { body, ...expected }) => {
    const source = `export let sink: u32 = 0;\nlet p = heap.alloc(4096);\nmemory.fill(p, 1, 4096);\n${body}\n`;
    const { 'main.wasm': module } = await compileAssemblyScript('main.ts', source);
    const run = await runInstrumented(module!, {}, { runtime: { scheme } });
    expect(run.findings.map((report) => findingText(report))).toEqual(expected[scheme]);
    expect(run.exitCode).toBe(0);
  });
}
