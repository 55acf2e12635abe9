// Blocks without a size word in front, and an operator new that allocates without malloc, as mimalloc has them: are redzones put
// behind malloc's blocks, and are the others left in peace?

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { probeAllocator } from '../../host/probe.ts';
import { inspect } from '../../instrument/index.ts';
import { compileC, runC, runOriginal } from '../support/c-program.ts';

const source = readFileSync(new URL('headless/program.c', import.meta.url), 'utf8');
const probe = probeAllocator;

describe.each(['-O0', '-O2', '-Os'])('by its exports, without names, %s', (level) => {
  const compile = () => compileC(source, [level, '-s']);

  test('it is found, and operator new stays what it is', async () => {
    const { functions, kept, layout, sizeWord, confidence } = inspect(await compile(), { probe }).allocator;
    expect(functions.map((f) => f.role.role)).toEqual(
      expect.arrayContaining(['malloc', 'free', 'realloc', 'malloc_usable_size']),
    );
    expect(kept.map((f) => f.role.role)).toEqual(['operator new']);
    expect({ layout, sizeWord, confidence }).toEqual({ layout: 'behind', sizeWord: false, confidence: 'high' });
  });

  test.each([0, 1 << 28])('a right program is silent, with a quarantine of %i bytes', async (quarantineBytes) => {
    const module = await compile();
    expect((await runOriginal(module)).output).toBe('-1\n');
    const { findings, output } = await runC(module, { probe, runtime: { quarantineBytes } });
    expect(findings.map((f) => f.title)).toEqual([]);
    expect(output).toBe('-1\n');
  });

  test.each([
    ['over', ['heap-buffer-overflow']],
    ['freed', ['heap-use-after-free']],
    ['twice', ['double-free']],
    ['over-new', []],
  ])('%s: %j', async (mode, titles) => {
    const { findings } = await runC(await compile(), { probe, args: [mode] });
    expect(findings.map((f) => f.title)).toEqual(titles);
  });
});
