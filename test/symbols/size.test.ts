import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createSymbolizer } from '../../host/symbols/index.ts';
import { readWasmModule } from '../../host/symbols/wasm-module.ts';
import { addCustomSection, compile, dropSections } from './toolchain.ts';

test('30 MB of DWARF answer a query at once', { timeout: 180_000 }, async () => {
  const program = readFileSync(new URL('fixtures/program.cpp', import.meta.url), 'utf8');
  const source = `#include <string>\n#include <vector>\n${program}std::vector<std::string> list{"a"};\n`;
  const small = await compile('program.cpp', source, ['-O1', '-g', '-fno-exceptions']);
  const info = readWasmModule(small).custom('.debug_info')!;
  // The units again and again, all but the first ones being dead weight that has to be passed by.
  const copies = Math.ceil(30e6 / info.length);
  const repeated = new Uint8Array(info.length * copies);
  for (let i = 0; i < copies; i++) repeated.set(info, i * info.length);
  const rest = dropSections(small, (id, name) => id === 0 && name === '.debug_info');
  const large = addCustomSection(rest, '.debug_info', repeated);
  const shift = readWasmModule(large).code.start - readWasmModule(small).code.start;
  const { starts } = readWasmModule(small).bodies;

  const times: number[] = [];
  const timed = <T>(run: () => T): T => {
    const start = performance.now();
    const result = run();
    times.push(Math.round(performance.now() - start));
    return result;
  };
  const expected = createSymbolizer(small);
  const outer = starts.find((start) => expected.frames(start)[0]!.function === 'outer(int)')!;
  let at = outer;
  while (!expected.frames(at)[0]!.line) at++;
  const symbolizer = timed(() => createSymbolizer(large));
  const frames = timed(() => symbolizer.frames(at + shift));
  expect(frames).toEqual(expected.frames(at).map((frame) => ({ ...frame, offset: at + shift })));
  expect(frames[0]!.line).toBeGreaterThan(0);
  expect(timed(() => symbolizer.globals())).toEqual(expected.globals());
  console.log(`${copies} copies: create ${times[0]} ms, first query ${times[1]} ms, all globals ${times[2]} ms`);
  expect(times[1]).toBeLessThan(2000);
  expect(times[2]).toBeLessThan(20_000);
});

test('a 75 MB module without DWARF costs next to nothing', () => {
  const file = new URL('../../node_modules/@yowasp/clang/gen/llvm.core.wasm', import.meta.url);
  if (!existsSync(file)) return;
  const module = new Uint8Array(readFileSync(file));
  const { bodies } = readWasmModule(module);
  const middle = bodies.starts[bodies.starts.length >> 1]!;
  const start = performance.now();
  const symbolizer = createSymbolizer(module);
  const [frame] = symbolizer.frames(middle);
  const elapsed = performance.now() - start;
  console.log(
    `${(module.length / 2 ** 20).toFixed(0)} MB, ${bodies.starts.length} functions: ${elapsed.toFixed(0)} ms`,
  );
  expect(frame!.functionIndex).toBeGreaterThan(1000);
  expect(elapsed).toBeLessThan(1000);
});
