// The C library's memory and string functions, called wrongly and correctly, at every optimisation level.

import { describe, expect, it } from 'vitest';
import { calledFunction } from '../../host/called-function.ts';
import { asanText, createSymbolizer, PLAIN_STYLE } from '../../host/index.ts';
import type { Report } from '../../host/report/report.ts';
import { readWasmModule } from '../../host/symbols/wasm-module.ts';
import { compileC, runC, summaryOf } from '../support/c-program.ts';
import { CASES, casesProgram, PARAMETER_CASES, PRELUDE } from './cases.ts';

/** Calls stay calls: what the compiler expands instead is checked as memory.copy or as plain accesses. */
const KEPT = '-fno-builtin';
const LEVELS = [['-O0', '-g'], ['-O0'], ['-O1', '-g'], ['-O2', '-g'], ['-O2'], ['-Os']];

/** musl names a function and its alias (`stpcpy`, `__stpcpy`) as it likes. */
const lineOf = (report: Report) => summaryOf(report).replace(' in __', ' in ');

const kasanTitle = (line: string) =>
  line.replace('heap-buffer-overflow', 'slab-out-of-bounds').replace('heap-use-after-free', 'slab-use-after-free');

describe.each(LEVELS)('library calls %s %s', (...level) => {
  const args = [...level.filter(Boolean), KEPT];

  it('are reported once each, at the call, with the whole range', async () => {
    const { findings, trap } = await runC(await compileC(casesProgram(CASES), args), { args: ['wrong'] });
    expect(trap).toBeUndefined();
    expect(findings.map(lineOf)).toEqual(CASES.map((c) => c.found));
  });

  it('are silent where they are correct', async () => {
    const { findings, exitCode } = await runC(await compileC(casesProgram(CASES), args));
    expect(findings.map(summaryOf)).toEqual([]);
    expect(exitCode).toBe(0);
  });
});

it.each([['-g'], []])(
  'stacks begin with the function itself, where its code begins, as those of ASan do: %s',
  async (...level) => {
    const module = await compileC(casesProgram(CASES), [...level, '-O1', KEPT]);
    const { bodies, importedFunctions } = readWasmModule(module);
    const symbolizer = createSymbolizer(module);
    const { findings } = await runC(module, { args: ['wrong'] });
    for (const report of findings) {
      const [callee, caller] = report.stack;
      const index = symbolizer.functionIndexAt(callee!.offset!);
      expect(symbolizer.functionName(index)).toBe(callee!.function);
      expect(callee!.offset! - bodies.starts[index - importedFunctions.length]!).toBeLessThan(16); // locals lie between
      expect(calledFunction(module, caller!.offset!)).toBe(index);
      const frames = asanText(report, PLAIN_STYLE)
        .split('\n')
        .filter((line) => /^ +#[01] /.test(line));
      expect(frames.filter((line) => !/#\d+ 0x[0-9a-f]+ in \S+ \S/.test(line))).toEqual([]);
    }
  },
);

describe('schemes and options', () => {
  it('reports the first bad byte of string functions in the kernel scheme', async () => {
    const module = await compileC(casesProgram(CASES), ['-O2', '-g', KEPT]);
    const { findings } = await runC(module, { args: ['wrong'], runtime: { scheme: 'kasan' } });
    expect(findings.map(lineOf)).toEqual(CASES.map((c) => c.kasan ?? kasanTitle(c.found)));
  });

  it('is the same through the paged mapping and with outlined checks', async () => {
    const module = await compileC(casesProgram(CASES), ['-O2', KEPT]);
    const { findings } = await runC(module, { args: ['wrong'], mapping: 'paged', mode: 'outline' });
    expect(findings.map(lineOf)).toEqual(CASES.map((c) => c.found));
  });

  it('does not judge calls with replace_intrin=0', async () => {
    const module = await compileC(casesProgram(CASES), ['-O2', '-g', KEPT]);
    const { findings } = await runC(module, { args: ['wrong'], runtime: { replaceIntrin: false } });
    const names = new Set(findings.map((f) => f.stack[0]!.function.replace('__', '')));
    for (const { name } of CASES) expect(names).not.toContain(name);
  });
});

describe.each(PARAMETER_CASES)('$name with overlapping ranges', (overlapping) => {
  it.each([['-O0', '-g'], ['-O2']])('%s %s', async (...level) => {
    const module = await compileC(casesProgram([overlapping]), [...level.filter(Boolean), KEPT]);
    const { findings } = await runC(module, { args: ['wrong'] });
    expect(findings.map(summaryOf)).toEqual([expect.stringMatching(overlapping.found)]);
    expect((await runC(module)).findings).toEqual([]);
  });
});

describe('ranges that overlap because one of them leaves its object', () => {
  const bodies = {
    memcpy: 'char *p = text(40); memcpy(p + 20, p, 20 + 4 * OVER); free(p);',
    strncpy: 'char *p = text(40); strncpy(p + 20, p, 20 + 4 * OVER); free(p);',
    // Last: it overwrites the end that it is looking for.
    strcpy: 'char *p = text(40); p[20 - !OVER] = 0; strcpy(p + 20, p); free(p);',
  };

  it('are an overflow', async () => {
    const cases = Object.entries(bodies).map(([name, body]) => ({ name, body }));
    const module = await compileC(casesProgram(cases), ['-O0', '-g', KEPT]);
    const { findings } = await runC(module, { args: ['wrong'] });
    expect(findings.map(lineOf)).toEqual([
      'heap-buffer-overflow W24 after 0 of 40 in memcpy<check_memcpy',
      'heap-buffer-overflow W24 after 0 of 40 in strncpy<check_strncpy',
      'heap-buffer-overflow W21 after 0 of 40 in strcpy<check_strcpy',
    ]);
    expect((await runC(module)).findings).toEqual([]);
  });
});

describe('sizes below zero', () => {
  const program = `${PRELUDE}volatile size_t size = -2; int main(void) { char *p = zeroed(64); memmove(p, p + 4, size); use(p[9]); free(p); }`;

  it.each([[KEPT], ['-O2']])('are told as such, once (%s)', async (arg) => {
    const { findings } = await runC(await compileC(program, [arg, '-g']));
    expect(findings.map((f) => f.title)).toEqual(['negative-size-param']);
    expect(findings[0]).toMatchObject({ parameters: { what: 'negative-size', size: -2n } });
  });

  it('are out of bounds to the kernel', async () => {
    const { findings } = await runC(await compileC(program, [KEPT, '-g']), { runtime: { scheme: 'kasan' } });
    expect(findings.map((f) => f.title)).toEqual(['out-of-bounds']);
  });
});

describe('functions that read past the end by design', () => {
  // The shapes of musl's and wasi-libc's strlen under names nobody knows, and a loop that is simply wrong.
  const source = `${PRELUDE}
typedef unsigned word __attribute__((may_alias));
__attribute__((noinline)) size_t length_by_words(const char *s) {
  const char *a = s;
  for (; (unsigned long)s % 4; s++) if (!*s) return s - a;
  const word *w = (const word *)s;
  for (; !((*w - 0x01010101u) & ~*w & 0x80808080u); w++) ;
  for (s = (const char *)w; *s; s++) ;
  return s - a;
}
#ifdef __wasm_simd128__
#include <wasm_simd128.h>
__attribute__((noinline)) size_t length_by_vectors(const char *s) {
  unsigned long align = (unsigned long)s % 16;
  const v128_t *v = (const v128_t *)((unsigned long)s - align);
  for (;;) {
    v128_t zeros = wasm_i8x16_eq(*v, wasm_i8x16_const_splat(0));
    if (wasm_v128_any_true(zeros)) {
      int mask = wasm_i8x16_bitmask(zeros) >> align << align;
      if (mask) return (const char *)v - s + __builtin_ctz(mask);
    }
    align = 0;
    v++;
  }
}
#else
#define length_by_vectors length_by_words
#endif
__attribute__((noinline)) unsigned sum(const unsigned *p, size_t bytes) { unsigned s = 0; for (size_t i = 0; i * 4 < bytes; i++) s += p[i]; return s; }
int main(int argc, char **argv) {
  for (size_t n = 1; n < 70; n++) {
    char *p = text(n);
    for (size_t from = 0; from < n && from < 5; from++) use(length_by_words(p + from) + length_by_vectors(p + from));
    if (argc > 1 && n % 4) use(sum((unsigned *)p, n));
    free(p);
  }
  return used & 0;
}`;

  it.each([['-O0', '-g'], ['-O2'], ['-O2', '-msimd128'], ['-O1', '-msimd128']])(
    'are silent, a loop of the program is not (%s %s)',
    async (...args) => {
      const module = await compileC(source, args.filter(Boolean));
      expect((await runC(module)).findings.map(summaryOf)).toEqual([]);
      const { findings } = await runC(module, { args: ['wrong'] });
      const first = findings.map(summaryOf)[0];
      expect(first).toMatch(/^heap-buffer-overflow R(4|16) .* in sum<main$/);
      expect(new Set(findings.map((f) => f.stack[0]!.function))).toEqual(new Set(['sum']));
    },
  );
});
