// Everything a run can end with is a finding with a class, a kind that names its file, and a stack: traps, an exhausted
// stack, memory without end, leaks, hangs, exceptions of a host.

import { expect, test } from 'vitest';
import { findingJson } from '../../fuzz/finding.ts';
import { openModule } from '../../fuzz/index.ts';
import { compileTarget } from './targets.ts';

const SOURCE = `
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
volatile int zero, sink;
static __attribute__((noinline)) int deep(int n) { volatile char room[64]; room[0] = n; return deep(n + 1) + room[0]; }
static __attribute__((noinline)) int bottomless(int n) { return n & 1 ? bottomless(n + 1) * 3 + sink : bottomless(n + 3) + sink; }
static __attribute__((noinline)) void grow(void) { for (;;) { char *volatile p = malloc(1 << 20); if (!p) abort(); p[0] = 1; } }
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  switch (size ? data[0] : 0) {
    case 'u': __builtin_trap();
    case 'd': sink = 7 / zero; break;
    case 'f': sink = (int)(zero + 1e30f); break;
    case 'a': abort();
    case 's': return deep(0) & 0;
    case 'b': return bottomless(1) & 0;
    case 'g': grow(); break;
    case 'h': *(void *volatile *)&sink = malloc(1u << 31); break;
    case 'l': *(void *volatile *)malloc(24) = 0; break;
    case 'e': exit(3);
    case 't': for (;;) sink++;
    case 'm': memset((char *)data, 1, size + 1); break;
  }
  return 0;
}`;

const ENDINGS: readonly [input: string, kind: string, title: RegExp, where: string][] = [
  ['u', 'crash', /^unreachable$/, 'LLVMFuzzerTestOneInput'],
  ['d', 'crash', /^divide-by-zero$/, 'LLVMFuzzerTestOneInput'],
  ['a', 'crash', /^unreachable$/, 'abort'],
  ['s', 'crash', /^(stack-overflow|memory-access-out-of-bounds|SEGV.*)$/, 'deep'],
  ['b', 'crash', /^stack-overflow$/, 'bottomless'],
  ['g', 'oom', /^(out-of-memory|allocation-size-too-big)$/, 'grow'],
  ['h', 'oom', /^(out-of-memory|allocation-size-too-big)$/, 'LLVMFuzzerTestOneInput'],
  ['l', 'leak', /^detected memory leaks$/, 'LLVMFuzzerTestOneInput'],
  ['e', 'crash', /^exit$/, 'exit'],
  ['t', 'timeout', /^timeout$/, 'LLVMFuzzerTestOneInput'],
  ['m', 'crash', /^heap-buffer-overflow$/, 'LLVMFuzzerTestOneInput'],
];

const executor = openModule(await compileTarget(SOURCE), { timeout: 1000, memoryLimit: 64 << 20 });

test.each(ENDINGS)('%s ends as %s', (input, kind, title, where) => {
  const finding = executor.run(new TextEncoder().encode(input))!;
  expect(finding).toMatchObject({ kind, title: expect.stringMatching(title) });
  expect(finding.text).toContain(where);
  expect(finding.text.split('\n').length).toBeGreaterThan(2);
  expect(JSON.parse(JSON.stringify(findingJson(finding)))).toMatchObject({ kind, key: finding.key });
  // The next run knows nothing of it, and the same input is the same bug.
  expect(executor.run(new TextEncoder().encode('x'))).toBeUndefined();
  expect(executor.run(new TextEncoder().encode(input))!.key).toBe(finding.key);
});
