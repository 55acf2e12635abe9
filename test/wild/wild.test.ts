// Null and wild addresses, and calls through pointers to nothing: by the checks where they can know, else by the engine.

import { describe, expect, it } from 'vitest';
import { asanText, PLAIN_STYLE } from '../../host/index.ts';
import { kasanText } from '../../host/report/text-kasan.ts';
import { trapOf } from '../../host/trap.ts';
import { instrument } from '../../instrument/index.ts';
import { runtimeImages } from '../../instrument/runtime-images.ts';
import { compileC, type Outcome, runC, summaryOf } from '../support/c-program.ts';

const SOURCE = `
#include <stdlib.h>
#include <string.h>
#define NOINLINE __attribute__((noinline))
struct big { char pad[100]; int field; double wide; };
volatile int sink;
int good(int x) { return x + 1; }
void other(void) { sink = 1; }
double real(double x) { return x; }
NOINLINE int get(int *p) { return *p; }
NOINLINE double get_wide(struct big *b) { return b->wide; }
NOINLINE void set_field(struct big *b) { b->field = 1; }
NOINLINE int call(int (*f)(int)) { return f(3); }
NOINLINE void set(void *p, size_t n) { memset(p, 1, n); }
NOINLINE int deep(int n) { return n & 1 ? deep(n + 1) + deep(n + 2) + sink : deep(n + 3) * 3 + sink; }
NOINLINE int alone(int n) { volatile int a[8]; a[3] = n; a[4] = n + 1; int r = alone(n + 1); return r + a[3]; }
int main(int argc, char **argv) {
  int (*volatile fp)(int) = good; void *volatile stale; double (*volatile rp)(double) = real;
  int *p = malloc(16); *p = 1; void (*volatile op)(void) = other; op(); stale = (void *)rp;
  switch (argc > 1 ? atoi(argv[1]) : 0) {
    case 1: return get(0);
    case 2: set_field(0); break;
    case 3: return get_wide((struct big *)8) > 1;
    case 4: return get((int *)0x70000000);
    case 5: set_field((struct big *)0x90000000); break;
    case 6: return get((int *)-16);
    case 7: set((char *)0x60000000, 40); break;
    case 8: return call(0);
    case 9: return call((int (*)(int))12345);
    case 10: return call((int (*)(int))stale);
    case 11: return deep(1);
    case 12: return get(p + 200000);
    case 13: sink = 0; return 10 / sink;
    case 14: return alone(1);
    default: sink = fp(get(p)) - 2;
  }
  free(p);
  return sink;
}`;

const CASES: readonly [number, string, RegExp][] = [
  [1, 'reading null', /^SEGV R4 null\+0 in get<main$/],
  [2, 'writing a member of null', /^SEGV W4 null\+100 in set_field<main$/],
  [3, 'a small address', /^SEGV R8 null\+112 in get_wide<main$/],
  [4, 'an address no memory reaches', /^SEGV R4 beyond in get<main$/],
  [5, 'writing there', /^SEGV W4 beyond in set_field<main$/],
  [6, 'a small negative address', /^SEGV R4 beyond in get<main$/],
  [7, 'a range there', /^SEGV W40 beyond in (memset<set|set<main)$/],
  [8, 'a null function pointer', /^bad-indirect-call .*"index":"0"} in call<main$/],
  [9, 'a function pointer past the table', /^bad-indirect-call .*"index":"12345"} in call<main$/],
  [10, 'a function of another type', /^bad-indirect-call .*"index":"[1-9]\d*"} in call<main$/],
  [11, 'endless recursion', /^stack-overflow .* in deep<deep$/],
  [14, 'endless recursion through frames that nothing else touches', /^stack-overflow .* in alone<alone$/],
  [12, 'far past the end of memory', /^SEGV R4 beyond in get<main$/],
];

const run = async (level: string, number: number, options = {}): Promise<Outcome> =>
  runC(await compileC(SOURCE, [level, '-g']), { stack: number === 14, args: [String(number)], ...options });

describe.each(['-O0', '-O1', '-O2', '-Os'])('%s', (level) => {
  // At -O0 recursion exhausts the program's own stack first, which is the business of frames.
  const cases = level === '-O0' ? CASES.filter(([number]) => number !== 11) : CASES;
  it.each(cases)('case %i: %s', async (number, _what, found) => {
    const { findings, trap } = await run(level, number);
    expect(findings.map(summaryOf)).toEqual([expect.stringMatching(found)]);
    expect(trap).toBeUndefined();
  });

  it('is silent where all is right', async () => {
    const { findings, exitCode } = await run(level, 0);
    expect(findings).toEqual([]);
    expect(exitCode).toBe(0);
  });

  it('leaves other traps alone', async () => {
    const { findings, trap } = await run(level, 13);
    expect(findings).toEqual([]);
    expect(trap).toBeInstanceOf(WebAssembly.RuntimeError);
  });
});

describe('wording', () => {
  it('does not invent the address that only the engine knew', async () => {
    const { findings } = await run('-O1', 4);
    expect(findings[0]).toMatchObject({ access: { addressUnknown: true, size: 4n } });
    const text = asanText(findings[0]!, PLAIN_STYLE);
    expect(text).toMatch(/ERROR: AddressSanitizer: SEGV on unknown address \(pc 0x[0-9a-f]+ T0\)\n/);
    expect(text).toContain('The signal is caused by a READ memory access.');
  });

  it('tells the offset from null', async () => {
    const { findings } = await run('-O1', 2);
    expect(asanText(findings[0]!, PLAIN_STYLE)).toContain('the access begins 100 bytes past a null pointer.');
  });

  it('has the kernel titles', async () => {
    const titles = async (number: number) => {
      const { findings } = await run('-O1', number, { runtime: { scheme: 'kasan' } });
      return findings.map((f) => f.title);
    };
    expect(await titles(2)).toEqual(['null-ptr-deref']);
    expect(await titles(4)).toEqual(['wild-memory-access']);
    const { findings } = await run('-O1', 4, { runtime: { scheme: 'kasan' } });
    expect(kasanText(findings[0]!, PLAIN_STYLE)).toContain('Read of size 4 at addr (unknown) by task');
  });
});

describe('without a host', () => {
  it('a null call ends in a function that says so', async () => {
    const module = await compileC(SOURCE, ['-O1', '-g']);
    const { bytes } = instrument(module, runtimeImages, { stack: false });
    const compiled = await WebAssembly.compile(bytes as BufferSource);
    const { WASI } = await import('node:wasi');
    const wasi = new WASI({ version: 'preview1', args: ['a.wasm', '8'], returnOnExit: true });
    const instance = await WebAssembly.instantiate(compiled, wasi.getImportObject() as WebAssembly.Imports);
    let stack = '';
    try {
      wasi.start(instance);
    } catch (error) {
      stack = (error as Error).stack ?? '';
    }
    expect(stack).toContain('__asan_report_bad_indirect_call');
  });
});

describe("engines' messages", () => {
  const trap = (message: string) => trapOf(new WebAssembly.RuntimeError(message));
  it.each([
    ['memory access out of bounds', 'memory'],
    ['Out of bounds memory access (evaluating ...)', 'memory'],
    ['index out of bounds', 'memory'],
    ['table index is out of bounds', 'indirect-call'],
    ['null function or function signature mismatch', 'indirect-call'],
    ['indirect call to null', 'indirect-call'],
    ['indirect call signature mismatch', 'indirect-call'],
    ['call_indirect to a signature that does not match', 'indirect-call'],
    ['divide by zero', undefined],
    ['unreachable', undefined],
  ])('%s', (message, expected) => {
    expect(trap(message)).toBe(expected);
  });

  it('endless recursion, and not every RangeError', () => {
    expect(trapOf(new RangeError('Maximum call stack size exceeded'))).toBe('stack');
    expect(trapOf(new RangeError('Invalid array length'))).toBeUndefined();
    expect(trapOf(new Error('memory access out of bounds'))).toBeUndefined();
  });
});
