// Everything a run can end with is a finding with a class, a kind that names its file, and a stack: traps, an exhausted
// stack, memory without end, leaks, hangs, exceptions of a host.

import { expect, test } from 'vitest';
import { blamed } from '../../fuzz/blame.ts';
import { findingJson } from '../../fuzz/finding.ts';
import { openModule } from '../../fuzz/index.ts';
import { compileTarget } from './targets.ts';

const SOURCE = `
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
volatile int zero, sink;
static __attribute__((noinline)) void claim(const unsigned char *data) { printf("so far\\n"); assert(data[0] == 'p'); }
static __attribute__((noinline)) int deep(int n) { volatile char room[64]; room[0] = n; return deep(n + 1) + room[0]; }
static __attribute__((noinline)) int dig(int n) { if (!n) __builtin_trap(); return dig(n - 1) + sink; }
static __attribute__((noinline)) int bottomless(int n) { return n & 1 ? bottomless(n + 1) * 3 + sink : bottomless(n + 3) + sink; }
static __attribute__((noinline)) void grow(void) { for (;;) { char *volatile p = malloc(1 << 20); if (!p) abort(); p[0] = 1; } }
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  switch (size ? data[0] : 0) {
    case 'u': __builtin_trap();
    case 'd': sink = 7 / zero; break;
    case 'f': sink = (int)(zero + 1e30f); break;
    case 'a': abort();
    case 's': return deep(0) & 0;
    case 'c': return dig(30) & 0;
    case 'b': return bottomless(1) & 0;
    case 'g': grow(); break;
    case 'h': *(void *volatile *)&sink = malloc(1u << 31); break;
    case 'l': *(void *volatile *)malloc(24) = 0; break;
    case 'e': exit(3);
    case 't': for (;;) sink++;
    case 'p': case 'q': claim(data); assert(data[0] == 'p'); break;
    case 'r': assert(data[0] == 'p'); break;
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

test('assertions are as many bugs as they are, and told with what they printed', () => {
  const [claimed, other, aborted] = ['q', 'r', 'a'].map((input) => executor.run(new TextEncoder().encode(input))!);
  expect(new Set([claimed, other, aborted].map((finding) => finding!.key)).size).toBe(3);
  expect(claimed!.text).toMatch(/^so far\nAssertion failed: data\[0\] == 'p' \(target.c: claim: \d+\)\n==1== ERROR/);
  expect(claimed!.text).toMatch(/\nSUMMARY: libFuzzer: deadly signal .*target\.c:\d+ in claim\n$/);
  expect(findingJson(claimed!)).toMatchObject({ printed: expect.stringContaining('so far') });
  expect(aborted!.printed).toBeUndefined();
});

test('a panic of Rust is told by the frame of the program, with debug information and without', () => {
  const library = '/rustc/59807616e/library';
  const at = (name: string, file: string) => ({ function: name, file, line: 1, offset: 1 });
  const index = at('<usize as core::slice::index::SliceIndex<[T]>>::index', `${library}/core/src/slice/index.rs`);
  const own = at('<app::Mine as core::ops::index::Index<usize>>::index', '/home/me/app/src/lib.rs');
  const panic = at('core::panicking::panic_fmt', `${library}/core/src/panicking.rs`);
  expect(blamed([panic, index, own])).toBe(own);
  const named = (name: string) => ({ function: name, offset: 1 });
  const names = [
    '__rustc::rust_panic',
    'std::panicking::panic_with_hook',
    'rust_begin_unwind',
    'core::panicking::panic',
  ];
  const mine = named('<app::Mine as core::fmt::Debug>::fmt');
  expect(blamed([...names.map(named), mine])).toBe(mine);
  expect(blamed([panic, index])).toBe(panic);
});

test('a panic that ends in a hook, as libfuzzer-sys sets one, is told by what panicked, and not by the hook', () => {
  const at = (name: string, file: string) => ({ function: name, file, line: 1, offset: 1 });
  const abort = at('std::process::abort', '/rustc/59807616e/library/std/src/process.rs');
  const hook = at('libfuzzer_sys::initialize::{{closure}}', '/home/me/libfuzzer-sys-0.4.7/src/lib.rs');
  const calls = at('std::panicking::rust_panic_with_hook', '/rustc/59807616e/library/std/src/panicking.rs');
  const begin = at('rust_begin_unwind', '/rustc/59807616e/library/std/src/panicking.rs');
  const mine = at('app::parse', '/home/me/app/src/lib.rs');
  const shown = at('<app::Mine as core::fmt::Debug>::fmt', '/home/me/app/src/lib.rs');
  expect(blamed([abort, hook, calls, begin, mine])).toBe(mine);
  expect(blamed([abort, hook, calls, begin])).toBe(abort);
  expect(blamed([shown, hook, calls, begin, mine])).toBe(shown); // wrong while the panic was told of
  expect(blamed([abort, hook])).toBe(hook);
});

test('the stack of a trap is as deep as that of a report, and the engine’s own setting stays', () => {
  const before = Error.stackTraceLimit;
  const { stack } = executor.run(new TextEncoder().encode('c'))!;
  expect(stack.map((frame) => frame.function)).toEqual([...Array(31).fill('dig'), 'LLVMFuzzerTestOneInput']);
  expect(Error.stackTraceLimit).toBe(before);
});
