// Correct programs: code whose globals invite false alarms, and programs that lean on the C and C++ libraries. Instrumented
// and original print the same, and nothing is found, with and without debug information, in both mappings.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileC, runC, runOriginal, summaryOf } from '../support/c-program.ts';

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');
const LEVELS = [['-O0', '-g'], ['-O1', '-g'], ['-O2'], ['-Os', '-g']];
/** The C++ library takes its time to compile. */
const FEW = [['-O2', '-g']];
const PROGRAMS = [
  { name: 'awkward globals', source: read('awkward.c'), args: [], levels: LEVELS },
  { name: 'C library', source: read('library.c'), args: [], levels: LEVELS },
  { name: 'C++ library', source: read('library.cpp'), args: ['-x', 'c++', '-fno-exceptions'], levels: FEW },
];

describe.each(PROGRAMS)('$name', ({ source, args, levels }) => {
  it.each(levels)(
    'is silent and unchanged at %s %s',
    async (...level) => {
      const module = await compileC(source, [...args, ...level.filter(Boolean)]);
      const original = await runOriginal(module);
      const outcome = await runC(module);
      expect(outcome.findings.map(summaryOf)).toEqual([]);
      expect(outcome.output).toBe(original.output);
      expect(outcome.exitCode).toBe(original.exitCode);
      expect(original.output.length).toBeGreaterThan(10);
    },
    120_000,
  );

  it('is silent through the paged mapping and with outlined checks', async () => {
    const module = await compileC(source, [...args, '-O2', '-g']);
    const outcome = await runC(module, { mapping: 'paged', mode: 'outline' });
    expect(outcome.findings.map(summaryOf)).toEqual([]);
  });
});
