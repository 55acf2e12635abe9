// Bounds of objects with static storage, and constants: found and silent at every optimisation level.

import binaryen from 'binaryen';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../host/report/report.ts';
import { createSymbolizer } from '../../host/symbols/index.ts';
import { compileC, runC, summaryOf } from '../support/c-program.ts';
import { CASES, casesProgram } from './cases.ts';

const LEVELS = ['-O0', '-O1', '-O2', '-O3', '-Os', '-Oz'];

/** Without the neighbour on the other side of the gap. */
const lineOf = (report: Report) => summaryOf(report).replace(/, (before|after) \d+ of [\w.]+(?= in )/, '');

function expectFound(findings: readonly Report[], cases: typeof CASES): void {
  expect(findings.map(lineOf)).toEqual(cases.map((c) => expect.stringMatching(c.found)));
}

describe.each(LEVELS)('with debug information, %s', (level) => {
  it('reports each misuse once, with the variable', async () => {
    const module = await compileC(casesProgram(CASES, true), [level, '-g']);
    const { findings, trap } = await runC(module, { args: ['wrong'] });
    expect(trap).toBeUndefined();
    expectFound(
      findings,
      CASES.filter((c) => !c.missedAt?.includes(level)),
    );
  });

  it('is silent where all is right', async () => {
    const { findings, exitCode } = await runC(await compileC(casesProgram(CASES, true), [level, '-g']));
    expect(findings.map(summaryOf)).toEqual([]);
    expect(exitCode).toBe(0);
  });
});

describe('what the first wrong access already shows', () => {
  it('is everything in code that was not optimised', async () => {
    const module = await compileC(casesProgram(CASES, false), ['-O0', '-g']);
    const { findings } = await runC(module, { args: ['wrong'] });
    expectFound(
      findings,
      CASES.filter((c) => !c.missedAt),
    );
  });

  it('is ranges and constants in optimised code', async () => {
    const module = await compileC(casesProgram(CASES, false), ['-O2', '-g']);
    const { findings } = await runC(module, { args: ['wrong'] });
    const lines = findings.map(lineOf);
    for (const name of ['copy_to', 'copy_from', 'set', 'string', 'constant', 'clear_constant', 'loop', 'pointer']) {
      expect(lines).toContainEqual(expect.stringMatching(CASES.find((c) => c.name === name)!.found));
    }
  });
});

describe('without debug information', () => {
  it.each(['-O0', '-O2'])('knows constants by the name of their segment (%s)', async (level) => {
    const module = await compileC(casesProgram(CASES, true), [level]);
    const { findings } = await runC(module, { args: ['wrong'] });
    expect(
      findings.map((f) => `${f.title} in ${f.stack.find((s) => s.function.startsWith('check_'))?.function}`),
    ).toEqual(['write-to-read-only-data in check_constant', 'write-to-read-only-data in check_clear_constant']);
  });
});

describe('data segments', () => {
  it('are no objects: an optimiser drops the zeros at their ends', async () => {
    const source = `#include <stdio.h>
      #include <string.h>
      char first[300] = {1, 2, 3}, second[] = "second";
      int main(int argc, char **argv) {
        char copy[300];
        memcpy(copy, first, 299 + argc);
        printf("%d %d %s\\n", copy[argc], copy[argc + 200], second);
      }`;
    const packed = binaryen.readBinary(await compileC(source, ['-O1']));
    packed.runPasses(['memory-packing']);
    binaryen.setDebugInfo(true);
    const module = packed.emitBinary();
    expect(
      createSymbolizer(module)
        .globals()
        .filter((g) => g.name.startsWith('.data')).length,
    ).toBeGreaterThan(1);
    const { findings, output } = await runC(module);
    expect(findings.map(summaryOf)).toEqual([]);
    expect(output).toBe('2 0 second\n');
  });
});

describe('reports', () => {
  it('name the declaration and the distance', async () => {
    const module = await compileC(casesProgram(CASES, true), ['-O0', '-g']);
    const { findings } = await runC(module, { args: ['wrong'] });
    expect(findings[0]).toMatchObject({
      name: 'global-out-of-bounds',
      access: { write: true, size: 4n },
      place: {
        where: 'global',
        globals: [
          {
            name: 'ints',
            size: 28,
            file: expect.stringMatching(/program\.c$/),
            line: expect.any(Number),
            distance: { relation: 'after', bytes: 0 },
          },
        ],
      },
    });
  });

  it('have their own title in the kernel scheme', async () => {
    const module = await compileC(casesProgram(CASES, true), ['-O2', '-g']);
    const { findings } = await runC(module, { args: ['wrong'], runtime: { scheme: 'kasan' } });
    const titles = findings.map((f) => f.title);
    expect(titles).toEqual(
      CASES.map((c) => (c.name.endsWith('constant') ? 'write-to-read-only-data' : 'global-out-of-bounds')),
    );
  });
});
