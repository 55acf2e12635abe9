// DWARF of code that a tool has rewritten since is not believed: its names are other functions', and its gaps between
// variables hold what only the rewritten part knows of. clang itself makes such modules where it finds a wasm-opt.

import { readFileSync } from 'node:fs';
import binaryen from 'binaryen';
import { expect, test } from 'vitest';
import { createSymbolizer } from '../../host/symbols/index.ts';
import { runC, runOriginal, summaryOf } from '../support/c-program.ts';
import { compile } from './toolchain.ts';

const source = readFileSync(new URL('../globals/awkward.c', import.meta.url), 'utf8');

function optimised(bytes: Uint8Array): Uint8Array {
  const module = binaryen.readBinary(bytes);
  binaryen.setOptimizeLevel(2);
  module.optimize();
  const result = module.emitBinary();
  module.dispose();
  return result;
}

test('DWARF left behind by an optimiser', { timeout: 180_000 }, async () => {
  const fresh = await compile('program.c', source, ['-O1', '-g']);
  const rewritten = optimised(fresh);
  expect(createSymbolizer(fresh)).toMatchObject({ staleDwarf: false, info: 'dwarf' });
  const symbolizer = createSymbolizer(rewritten);
  expect(symbolizer.staleDwarf).toBe(true);
  expect(symbolizer.info).not.toBe('dwarf');
  const names = new Set([...Array(400).keys()].map((i) => symbolizer.functionName(i)));
  expect(names).not.toContain('dlmalloc'); // by the old addresses some function would be called that
  expect(symbolizer.stackFrame(20)).toBeUndefined();
  expect(symbolizer.globals().length).toBeGreaterThan(5); // data has not moved

  const outcome = await runC(rewritten);
  expect(outcome.findings.map(summaryOf)).toEqual([]);
  expect(outcome.output).toBe((await runOriginal(rewritten)).output);
});

test('DWARF that knows no function of the module, as wasm-opt without -g leaves it', { timeout: 60_000 }, async () => {
  const module = await compile('data.c', 'int x = 5;', ['-g', '-nostdlib', '-Wl,--no-entry,--export=x']);
  expect(createSymbolizer(module)).toMatchObject({ staleDwarf: true, info: 'stripped' });
});
