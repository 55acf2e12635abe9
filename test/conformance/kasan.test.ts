// KASAN's own test-suite as C programs: each reports exactly what its head says, in both schemes, optimised and not,
// with checks inlined and called.

import { readFileSync } from 'node:fs';
import { describe, test } from 'vitest';
import { compileC } from '../support/compile-c.ts';
import { expectFindings, runInstrumented } from '../support/run-instrumented.ts';
import { readPrograms, type Scheme } from './expectations.ts';

const FOLDER = new URL('./kasan/', import.meta.url);
const HEADERS = Object.fromEntries(
  ['kasan.h', 'pool.h'].map((name) => [name, readFileSync(new URL(name, FOLDER), 'utf8')]),
);
const LEVELS = ['-O0', '-O2'];
const SCHEMES: readonly Scheme[] = ['asan', 'kasan'];

describe.each(readPrograms(FOLDER))('$file', ({ file, source, flags, levels, dies, expected }) => {
  for (const level of levels ?? LEVELS) {
    const ways = [
      ...SCHEMES.map((scheme) => ({ scheme, mode: 'inline' as const })),
      { scheme: 'asan', mode: 'outline' } as const,
    ];
    for (const { scheme, mode } of ways) {
      test(`${level} ${scheme} ${mode}`, async () => {
        const module = await compileC({ file, source, flags: [level, '-g', ...flags], headers: HEADERS });
        const run = await runInstrumented(module, {}, { mode, runtime: { scheme } });
        expectFindings(run, { findings: expected(scheme, level), file, dies });
      });
    }
  }
});
