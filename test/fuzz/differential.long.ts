// Random programs print the same, exit the same and trap the same, instrumented in every way and not at all.
// FUZZ_SEED and FUZZ_PROGRAMS widen the search; the seed that failed is in the test's name.

import { expect, test } from 'vitest';
import type { InstrumentOptions } from '../../index.ts';
import { compileC } from '../support/compile-c.ts';
import { instrumentToRun, type Run, runPlain, runProgram } from '../support/run-instrumented.ts';
import { randomProgram } from './random-c.ts';

const FIRST = Number(process.env.FUZZ_SEED ?? 1);
const PROGRAMS = Number(process.env.FUZZ_PROGRAMS ?? 4);
const LEVELS = ['-O0', '-O2'];
const ARGUMENTS = ['1', '20211'];
const WAYS: Readonly<Record<string, InstrumentOptions>> = {
  inline: {},
  outline: { mode: 'outline' },
  paged: { mapping: 'paged' },
  'every check': { elide: false },
  'no stack': { stack: false },
};

const seen = ({ stdout, stderr, exitCode, trap, findings }: Run) => ({
  stdout,
  stderr,
  exitCode,
  trap: trap?.message,
  findings: findings.map((f) => f.title),
});

test.each(Array.from({ length: PROGRAMS }, (_, i) => FIRST + i))('seed %i', async (seed) => {
  for (const level of LEVELS) {
    const source = randomProgram(seed);
    const module = await compileC({ file: `seed-${seed}.c`, source, flags: [level, '-g'] });
    const plain = await Promise.all(ARGUMENTS.map((arg) => runPlain(module, { args: [arg] })));
    expect(plain[0]!.stdout.split('\n').length).toBeGreaterThan(12);
    expect(plain[1]!.stdout).not.toBe(plain[0]!.stdout);
    for (const [way, options] of Object.entries(WAYS)) {
      const instrumented = instrumentToRun(module, options);
      for (const [i, arg] of ARGUMENTS.entries()) {
        const run = await runProgram(module, instrumented, { args: [arg] });
        expect({ level, way, ...seen(run) }).toEqual({ level, way, ...seen(plain[i]!) });
      }
    }
  }
});
