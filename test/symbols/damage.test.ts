import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MalformedError } from '../../host/symbols/byte-reader.ts';
import { createSymbolizer } from '../../host/symbols/index.ts';
import { readWasmModule } from '../../host/symbols/wasm-module.ts';
import { compile } from './toolchain.ts';

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');
const SECTIONS = [
  'info',
  'abbrev',
  'line',
  'str',
  'ranges',
  'loc',
  'rnglists',
  'loclists',
  'addr',
  'str_offsets',
  'line_str',
];

/** Asks everything; returns how many frames had a line, so that a test can tell that damage was met. */
function exercise(module: Uint8Array, offsets: readonly number[]): number {
  const unexpected: unknown[] = [];
  const onProblem = (error: unknown) => {
    if (!(error instanceof MalformedError)) unexpected.push(error);
  };
  const start = performance.now();
  const symbolizer = createSymbolizer(module, { onProblem });
  let lines = 0;
  for (const offset of offsets) {
    const frames = symbolizer.frames(offset);
    expect(frames.length).toBeGreaterThan(0);
    for (const { function: name, line } of frames) {
      expect(name).toBeTypeOf('string');
      if (line !== undefined) lines++;
    }
  }
  for (let index = -1; index < 60; index++) {
    expect(symbolizer.functionName(index)).toBeTypeOf('string');
    symbolizer.stackFrame(index);
  }
  for (const { name, offset, size } of symbolizer.globals()) {
    expect([typeof name, Number.isFinite(offset), size >= 0]).toEqual(['string', true, true]);
  }
  expect(symbolizer.info).toMatch(/^(?:dwarf|names|stripped|source-map)$/);
  expect(unexpected).toEqual([]);
  expect(performance.now() - start).toBeLessThan(5000);
  return lines;
}

const byte = fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.integer({ min: 0, max: 255 }));

for (const version of [4, 5]) {
  test(`mutated DWARF ${version}`, { timeout: 180_000 }, async () => {
    const args = ['-O1', '-g', `-gdwarf-${version}`, '-fno-exceptions'];
    const module = await compile('program.cpp', fixture('program.cpp'), args);
    const parsed = readWasmModule(module);
    const spans = SECTIONS.map((name) => parsed.custom(`.debug_${name}`)).filter((bytes) => bytes && bytes.length > 0);
    expect(spans.length).toBeGreaterThan(5);
    const offsets = [...parsed.bodies.starts].flatMap((start, i) => [start, (start + parsed.bodies.ends[i]!) >> 1]);
    const whole = exercise(module, offsets);
    expect(whole).toBeGreaterThan(5);
    const mutation = fc.record({ section: fc.nat(), at: fc.nat(), value: byte, run: fc.constantFrom(1, 1, 1, 2, 8) });
    let changed = 0;
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 12 }), (mutations) => {
        const copy = module.slice();
        for (const { section, at, value, run } of mutations) {
          const span = spans[section % spans.length]!;
          const from = span.byteOffset - module.byteOffset + (at % span.length);
          copy.fill(value, from, Math.min(from + run, copy.length));
        }
        if (exercise(copy, offsets) !== whole) changed++;
      }),
      { numRuns: 300 },
    );
    expect(changed).toBeGreaterThan(20);
  });
}

test('modules cut short, changed anywhere, or none at all', { timeout: 180_000 }, async () => {
  const module = await compile('program.c', fixture('program.c'), ['-O1', '-g']);
  const { bodies } = readWasmModule(module);
  const offsets = [...bodies.starts];
  fc.assert(
    fc.property(fc.nat({ max: module.length }), (length) => void exercise(module.slice(0, length), offsets)),
    { numRuns: 100 },
  );
  const edit = fc.record({ at: fc.nat({ max: module.length - 1 }), value: byte });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 20 }), (edits) => {
      const copy = module.slice();
      for (const { at, value } of edits) copy[at] = value;
      exercise(copy, offsets);
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void exercise(bytes, [0, 8, 100])),
    { numRuns: 300 },
  );
});
