// In a module without names: are the C library's functions told by what they do, is nothing else taken for one, and do their
// calls get the checks they have where they are named?

import { describe, expect, it } from 'vitest';
import { probeAllocator } from '../../host/probe.ts';
import { probeLibrary } from '../../host/probe-library.ts';
import { inspect } from '../../index.ts';
import { compileC, runC, summaryOf } from '../support/c-program.ts';
import { CASES, casesProgram, PARAMETER_CASES } from './cases.ts';

const KEPT = '-fno-builtin';
const PROBES = { probe: probeAllocator, libraryProbe: probeLibrary };

const strings = CASES.filter((c) => /^(strlen|strnlen|st[rp]n?cpy|strn?cat|strchr|memchr)$/.test(c.name));
const ranges = CASES.filter((c) => /^mem(cpy|move|set)$/.test(c.name));
describe('the library without names', () => {
  it.each(['-O0', '-Os'])('is what it is called with them (%s)', async (level) => {
    const source = casesProgram([...strings, ...ranges]);
    const named = inspect(await compileC(source, [level, KEPT])).libc;
    const found = inspect(await compileC(source, [level, KEPT, '-s'])).libc.functions;
    expect(found.map((f) => [f.how, f.role.check])).toEqual(
      found.map((f) => ['body', named.byIndex.get(f.func)?.role.check]),
    );
    const names = new Set(found.map((f) => named.byIndex.get(f.func)!.name.replace('__', '')));
    expect([...strings, ...ranges].map((c) => c.name).filter((name) => !names.has(name))).toEqual([]);
  });

  it('has its calls checked as ranges, and is silent where they are correct', async () => {
    const module = await compileC(casesProgram([...strings, ...ranges]), ['-O2', KEPT, '-s']);
    const withoutFunctions = (line: string) => line.replace(/ in .*/, '');
    const { findings } = await runC(module, { ...PROBES, args: ['wrong'] });
    expect(findings.map(summaryOf).map(withoutFunctions)).toEqual(
      [...strings, ...ranges].map((c) => withoutFunctions(c.found)),
    );
    // Without a name of its own, a function is called after what it was found to do; stpcpy is one that copies strings.
    const roles = [...strings, ...ranges].map((c) => c.name.replace('stp', 'str'));
    expect(findings.map((f) => f.stack[0]!.function)).toEqual(roles);
    expect((await runC(module, PROBES)).findings).toEqual([]);
  });

  it.each(PARAMETER_CASES.filter((c) => /^(memcpy|str)/.test(c.name)))(
    '$name with overlapping ranges',
    async (overlapping) => {
      const module = await compileC(casesProgram([overlapping]), ['-O2', KEPT, '-s']);
      const { findings } = await runC(module, { ...PROBES, args: ['wrong'] });
      expect(findings.map((f) => f.title)).toEqual([expect.stringMatching(/-param-overlap$/)]);
      expect((await runC(module, PROBES)).findings).toEqual([]);
    },
  );
});

/** Each almost is a function of the library, or is one that somebody may mean otherwise. */
const LOOKALIKES = `
#include <stddef.h>
#include <stdint.h>
#define SAME __attribute__((noinline, export_name("e" TEXT(__COUNTER__))))
#define TEXT(x) TEXT1(x)
#define TEXT1(x) #x
#define HAS_ZERO(w) (((w) - 0x01010101u) & ~(w) & 0x80808080u)
static inline size_t words(const char *s) {
  const char *a = s;
  for (; (uintptr_t)s % 4; s++) if (!*s) return s - a;
  for (; !HAS_ZERO(*(const uint32_t *)s); s += 4);
  for (; *s; s++);
  return s - a;
}
SAME size_t knows_null(const char *s) { return s ? words(s) : 0; }
SAME size_t knows_line_ends(const char *s) { size_t n = words(s); for (size_t i = 0; i < n; i++) if (s[i] == 10) return i; return n; }
SAME size_t at_most_1000(const char *s) { size_t n = words(s); return n < 1000 ? n : 1000; }
SAME size_t with_the_end(const char *s) { return words(s) + 1; }
SAME char *signed_size(char *to, const char *from, int size) { for (int i = 0; i < size; i++) to[i] = from[i]; return to; }
SAME char *signed_fill(char *to, int byte, int size) { for (int i = 0; i < size; i++) to[i] = byte; return to; }
SAME char *knows_null_too(char *to, const char *from, size_t size) { if (!from) return to; while (size--) to[size] = from[size]; return to; }
SAME char *one_more(char *to, const char *from, size_t size) { for (size_t i = 0; i <= size; i++) to[i] = from[i]; return to; }
SAME int *endless(int *p, int *q, int n) { while (*p != n) p = *p == *q ? q : p; return p; }
SAME int equal_or_less(const char *p, const char *q, size_t n) { for (; n && *p == *q; n--, p++, q++); return n ? *p - *q : 0; }
SAME char *upwards(char *to, const char *from, size_t size) { for (size_t i = 0; i < size; i++) to[i] = from[i]; return to; }
int main(void) { return 0; }
`;

it('takes nothing for the library that is not it', async () => {
  const module = await compileC(LOOKALIKES, ['-O1', KEPT, '-s']);
  const { libc, module: parsed } = inspect(module);
  const exported = new Map(parsed.exports.map((e) => [e.index, e.name]));
  // Copying upwards, whoever means it: its ranges are checked, and may overlap.
  expect(libc.functions.map((f) => [exported.get(f.func), f.role.check])).toEqual([['e10', 'libc_memmove']]);
});
