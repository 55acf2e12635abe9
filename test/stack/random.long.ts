// Correct programs print the same and have no findings, wherever their variables are moved to.

import { expect, test } from 'vitest';
import { compileC, runC, summaryOf } from '../support/c-program.ts';
import { randomProgram } from './random-program.ts';

const LEVELS = ['-O0 -g', '-O0', '-O1 -g', '-O2 -g', '-Os'];
/** These once printed something else, or had findings. */
const SEEDS = [1, 2, 5, 8, 106, 110, 116, 117];

test.each(SEEDS)('seed %i', { timeout: 60_000 }, async (seed) => {
  for (const level of LEVELS) {
    const module = await compileC(randomProgram(seed), [...level.split(' '), '-w']);
    const plain = await runC(module, { stack: false });
    const { output, exitCode, findings } = await runC(module);
    expect({ level, output, exitCode, findings: findings.map(summaryOf) }).toEqual({
      level,
      output: plain.output,
      exitCode: 0,
      findings: [],
    });
  }
});
