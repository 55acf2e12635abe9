import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createSymbolizer, type Frame } from '../../host/symbols/index.ts';
import { readWasmModule } from '../../host/symbols/wasm-module.ts';
import { addCustomSection, compile, dropSections, type ReferenceFrame, symbolize, withLength } from './toolchain.ts';

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');
const BUILDS: [file: string, args: string[]][] = [
  ['program.c', ['-O0', '-g']],
  ['program.c', ['-O2', '-g', '-gdwarf-5']],
  ['program.c', ['-O1', '-g', '-gdwarf-2']],
  ['program.cpp', ['-O0', '-g', '-fno-exceptions']],
  ['program.cpp', ['-O2', '-g', '-fno-exceptions']],
  ['program.cpp', ['-O3', '-g', '-gdwarf-5', '-fno-exceptions', '-flto']],
  ['program.cpp', ['-O2', '-gline-tables-only', '-fno-exceptions']],
];

/** What llvm-symbolizer says for short names; it leaves a column standing where the line is unknown. */
const spellReference = ({ FileName, Line, Column }: ReferenceFrame) => `${FileName}:${Line}:${Line && Column}`;
const spell = ({ file = '', line = 0, column = 0 }: Frame) => `${file}:${line}:${column}`;

describe('frames agree with llvm-symbolizer', () => {
  for (const [file, args] of BUILDS) {
    test(`${file} ${args.join(' ')}`, { timeout: 180_000 }, async () => {
      const module = await compile(file, fixture(file), args);
      const { code, bodies } = readWasmModule(module);
      const offsets: number[] = [];
      // The reference needs a millisecond for each: many offsets where there is DWARF, one where there should be none.
      const problems: unknown[] = [];
      const symbolizer = createSymbolizer(module, { onProblem: (error) => problems.push(error) });
      bodies.starts.forEach((start, i) => {
        offsets.push(start);
        if (!symbolizer.frames(start)[0]!.file) return;
        for (let at = start + 1; at < bodies.ends[i]!; at += 2) offsets.push(at);
      });
      const addresses = offsets.map((offset) => offset - code.start);
      const [short, linkage] = [
        await symbolize(module, addresses, ['--functions=short']),
        await symbolize(module, addresses, ['--functions=linkage', '--demangle']),
      ];
      let compared = 0;
      let inlined = 0;
      offsets.forEach((offset, i) => {
        const frames = symbolizer.frames(offset);
        if (short[i]![0]!.FunctionName === '') {
          // Code of libc, which has no DWARF.
          expect(frames).toHaveLength(1);
          expect(frames[0]!.file).toBeUndefined();
          return;
        }
        compared++;
        inlined += frames.length - 1;
        expect(frames.map(spell), `at ${offset}`).toEqual(short[i]!.map(spellReference));
        expect(frames.map(({ inlined: isInlined }) => isInlined ?? false)).toEqual(
          frames.map((_, depth) => depth < frames.length - 1),
        );
        // The reference takes the outermost name from the symbol table, at another address.
        const names = frames.map((frame) => frame.function);
        expect(names.slice(0, -1)).toEqual(linkage[i]!.slice(0, -1).map(({ FunctionName }) => FunctionName));
        expect(names.at(-1)).toContain(short[i]!.at(-1)!.FunctionName);
        expect(frames.every((frame) => frame.offset === offset)).toBe(true);
      });
      expect(problems).toEqual([]);
      expect(symbolizer.info).toBe('dwarf');
      expect(compared).toBeGreaterThan(100);
      if (!args.includes('-O0')) expect(inlined).toBeGreaterThan(0);
    });
  }
});

test('each source of names in turn', { timeout: 180_000 }, async () => {
  const module = await compile('program.cpp', fixture('program.cpp'), [
    '-O1',
    '-g',
    '-fno-exceptions',
    '-Wl,--export=_Z6useBoxPN6shapes3BoxIdEEPVi',
  ]);
  const full = createSymbolizer(module);
  const bodies = (bytes: Uint8Array) => readWasmModule(bytes).bodies;
  const useBox = [...bodies(module).starts].findIndex((start) => full.frames(start)[0]!.function.startsWith('useBox'));
  const index = full.functionIndexAt(bodies(module).starts[useBox]!);
  const name = 'useBox(shapes::Box<double>*, int volatile*)';
  expect(full.functionName(index)).toBe(name);
  expect(full.frames(bodies(module).starts[useBox]!)[0]!.file).toBe('/program.cpp');

  const named = dropSections(module, (_, name) => name.startsWith('.debug'));
  const fromNames = createSymbolizer(named);
  const at = bodies(named).starts[useBox]!;
  expect(fromNames.info).toBe('names');
  expect(fromNames.frames(at + 3)).toEqual([{ function: name, offset: at + 3, functionIndex: index }]);
  expect(fromNames.functionName(0)).toMatch(/^__imported_wasi|^wasi_snapshot/);
  const main = [...bodies(named).starts].map((start) => fromNames.frames(start)[0]!.function);
  expect(main.filter((found) => found === 'main')).toHaveLength(1);

  const stripped = dropSections(module, (id) => id === 0);
  const fromExports = createSymbolizer(stripped);
  expect(fromExports.info).toBe('stripped');
  expect(fromExports.functionName(index)).toBe(name);
  expect(fromExports.functionName(index + 1)).toBe(`wasm-function[${index + 1}]`);
  expect(fromExports.functionName(0)).toMatch(/^wasi_snapshot_preview1\./);
  expect(createSymbolizer(stripped, { demangle: false }).functionName(index)).toBe('_Z6useBoxPN6shapes3BoxIdEEPVi');

  const pointer = withLength(new TextEncoder().encode('a.debug.wasm'));
  const pointing = createSymbolizer(addCustomSection(stripped, 'external_debug_info', pointer));
  expect(pointing.externalDebug).toBe('a.debug.wasm');
  expect(fromExports.externalDebug).toBeUndefined();

  const restored = createSymbolizer(stripped, { debugModule: dropSections(module, (id) => id !== 0) });
  expect(restored.info).toBe('dwarf');
  const here = bodies(stripped).starts[useBox]! + 20;
  const there = bodies(module).starts[useBox]! + 20;
  const positions = (frames: Frame[]) => frames.map(({ offset: _, ...rest }) => rest);
  expect(positions(restored.frames(here))).toEqual(positions(full.frames(there)));
});

test('offsets outside every function', async () => {
  const module = await compile('a.c', 'int main() { return 0; }', ['-g']);
  const symbolizer = createSymbolizer(module);
  for (const offset of [-1, 0, 8, module.length, Number.NaN, 2 ** 40]) {
    expect(symbolizer.functionIndexAt(offset)).toBe(-1);
    expect(symbolizer.frames(offset)).toEqual([{ function: 'wasm-function[-1]', offset, functionIndex: -1 }]);
  }
});
