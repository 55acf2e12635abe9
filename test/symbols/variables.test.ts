import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createSymbolizer, type Symbolizer, type Variable } from '../../host/symbols/index.ts';
import { readWasmModule } from '../../host/symbols/wasm-module.ts';
import { inspect } from '../../instrument/index.ts';
import { compile, dropSections } from './toolchain.ts';

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');

/** Runs a module far enough to read exported data addresses and memory. */
async function exportedGlobals(module: Uint8Array): Promise<Record<string, WebAssembly.ExportValue>> {
  const imports = new Proxy({}, { get: () => new Proxy({}, { get: () => () => 0 }) });
  return (await WebAssembly.instantiate(await WebAssembly.compile(module as BufferSource), imports)).exports;
}

function indexOf(symbolizer: Symbolizer, module: Uint8Array, name: string): number {
  const { bodies } = readWasmModule(module);
  for (const start of bodies.starts) {
    const index = symbolizer.functionIndexAt(start);
    if (symbolizer.functionName(index) === name) return index;
  }
  throw new Error(`no function ${name}`);
}

const brief = (variables: readonly Variable[]) =>
  variables.map(({ name, size, type, line }) => `${name}: ${type}, ${size} bytes, line ${line}`);

for (const version of [4, 5]) {
  test(`variables of a C function, DWARF ${version}`, { timeout: 180_000 }, async () => {
    const module = await compile('program.c', fixture('program.c'), ['-O0', '-g', `-gdwarf-${version}`]);
    const problems: unknown[] = [];
    const symbolizer = createSymbolizer(module, { onProblem: (error) => problems.push(error) });
    const frame = symbolizer.stackFrame(indexOf(symbolizer, module, 'fill'))!;
    expect(frame).toMatchObject({ file: '/program.c', line: 20, frameBase: { kind: 'local' } });
    expect(brief(frame.variables).sort()).toEqual([
      'buffer: int[10], 40 bytes, line 22',
      'i: int, 4 bytes, line 25',
      'inner: char[33], 33 bytes, line 28',
      'local: record_t, 16 bytes, line 21',
      'n: int, 4 bytes, line 20',
      'small: short, 2 bytes, line 23',
    ]);
    // No two of them may share a byte, and only those in inner blocks have a scope.
    for (const [i, { name, offset, scope }] of frame.variables.entries()) {
      const before = frame.variables[i - 1];
      if (before) expect(before.offset + before.size).toBeLessThanOrEqual(offset);
      expect(scope !== undefined, name).toBe(name === 'i' || name === 'inner');
    }
    const { bodies, importedFunctions } = readWasmModule(module);
    const at = indexOf(symbolizer, module, 'fill') - importedFunctions.length;
    const inner = frame.variables.find(({ name }) => name === 'inner')!.scope!;
    expect(inner).toHaveLength(1);
    expect(inner[0]!.start).toBeGreaterThan(bodies.starts[at]!);
    expect(inner[0]!.end).toBeLessThan(bodies.ends[at]!);
    const lines = new Set<number | undefined>();
    for (let offset = inner[0]!.start; offset < inner[0]!.end; offset++) lines.add(symbolizer.frames(offset)[0]!.line);
    expect([...lines].sort()).toEqual([29, 30]);
    expect(symbolizer.stackFrame(0)).toBeUndefined();
    expect(problems).toEqual([]);
  });

  test(`globals of C, DWARF ${version}`, { timeout: 180_000 }, async () => {
    const names = ['numbers', 'greeting'];
    const args = ['-O0', '-g', `-gdwarf-${version}`, ...names.map((name) => `-Wl,--export=${name}`)];
    const module = await compile('program.c', fixture('program.c'), args);
    const symbolizer = createSymbolizer(module);
    const globals = symbolizer.globals();
    expect(brief(globals).sort()).toEqual([
      '<string literal>: char[6], 6 bytes, line 12',
      'add.calls: int, 4 bytes, line 16',
      'greeting: const char *const, 4 bytes, line 12',
      'main.line: char[80], 80 bytes, line 36',
      'numbers: int[7], 28 bytes, line 10',
      'records: record_t[5], 80 bytes, line 11',
    ]);
    const exports = await exportedGlobals(module);
    for (const name of names) {
      const address = (exports[name] as WebAssembly.Global).value;
      expect(globals.find((global) => global.name === name)!.offset).toBe(address);
    }
    expect(globals.every(({ file }) => file === '/program.c')).toBe(true);
    // Without DWARF only the segments have names.
    const segments = createSymbolizer(dropSections(module, (_, name) => name.startsWith('.debug'))).globals();
    expect(segments.map(({ name, segment }) => [name, segment])).toEqual([
      ['.rodata', true],
      ['.data', true],
    ]);
    for (const { offset, size } of segments) expect([offset >= 1024, size > 0]).toEqual([true, true]);
  });
}

test('variables of C++', { timeout: 180_000 }, async () => {
  const module = await compile('program.cpp', fixture('program.cpp'), ['-O1', '-g', '-fno-exceptions']);
  const symbolizer = createSymbolizer(module);
  expect(brief(symbolizer.globals()).sort()).toEqual([
    '(anonymous namespace)::hidden: char[10], 10 bytes, line 27',
    '<string literal>: const char[3], 3 bytes, line 46',
    'shapes::Point::sum(char const*) const::calls: int, 4 bytes, line 13',
    'shapes::Point::total: long long, 8 bytes, line 17',
    'shapes::created: int, 4 bytes, line 7',
    'shapes::table: int[3][4], 48 bytes, line 8',
  ]);
  const outer = symbolizer.stackFrame(indexOf(symbolizer, module, 'outer(int)'))!;
  expect(brief(outer.variables)).toEqual(['scratch: char[24], 24 bytes, line 45']);
  expect(outer.variables[0]!.scope!.length).toBeGreaterThan(0);
  const useBox = symbolizer.stackFrame(indexOf(symbolizer, module, 'useBox(shapes::Box<double>*, int volatile*)'))!;
  expect(brief(useBox.variables)).toContain('big: int[100], 400 bytes, line 56');
  const main = symbolizer.stackFrame(indexOf(symbolizer, module, 'main'))!;
  expect(brief(main.variables)).toEqual(
    expect.arrayContaining(['box: Box<double>, 8 bytes, line 65', 'sink: volatile int, 4 bytes, line 66']),
  );
});

test('frame offsets are the addresses the program sees', { timeout: 180_000 }, async () => {
  const source = `
    __attribute__((import_module("host"), import_name("see"))) void see(void *a, void *b, void *frame);
    __attribute__((noinline)) int work(int n) {
      char small[5];
      int big[9];
      see(small, big, __builtin_frame_address(0));
      return small[n] + big[n];
    }
    __attribute__((export_name("run"))) int run(void) { return work(1); }`;
  for (const level of ['-O0', '-O2']) {
    const module = await compile('a.c', source, [
      level,
      '-g',
      '-nostartfiles',
      '-Wl,--no-entry',
      '-Wl,--export=__stack_pointer',
    ]);
    const symbolizer = createSymbolizer(module);
    const frame = symbolizer.stackFrame(indexOf(symbolizer, module, 'work'))!;
    const seen: number[] = [];
    let stackPointer = 0;
    const see = (small: number, big: number) => {
      seen.push(small, big);
      stackPointer = (instance.exports.__stack_pointer as WebAssembly.Global).value;
    };
    const instance = await WebAssembly.instantiate(await WebAssembly.compile(module as BufferSource), {
      host: { see },
    });
    (instance.exports.run as () => number)();
    const offset = (name: string) => frame.variables.find((variable) => variable.name === name)!.offset;
    expect([stackPointer + offset('small'), stackPointer + offset('big')], level).toEqual(seen);
  }
});

test('types on 64-bit memory', { timeout: 180_000 }, async () => {
  const source =
    'char *pointers[3]; long number; int main(void) { char *local[2]; local[0] = pointers[0]; return *local[0] + number; }';
  const args = ['-O0', '-g', '--target=wasm64', '-nostdlib', '-Wl,--no-entry', '-Wl,--export-all'];
  const module = await compile('a.c', source, args);
  const symbolizer = createSymbolizer(module);
  expect(brief(symbolizer.globals())).toEqual(
    expect.arrayContaining(['number: long, 8 bytes, line 1', 'pointers: char *[3], 24 bytes, line 1']),
  );
  const main = symbolizer.stackFrame(indexOf(symbolizer, module, 'main'))!;
  expect(brief(main.variables)).toContain('local: char *[2], 16 bytes, line 1');
});

test('the sizes of an unknown compiler are lower bounds: Zig does not describe all of an error union', async () => {
  const module = await compile('program.c', fixture('program.c'), ['-O0', '-g']);
  const other = Uint8Array.from(
    Buffer.from(Buffer.from(module).toString('latin1').replaceAll('clang', 'zyang'), 'latin1'),
  );
  const frameOf = (bytes: Uint8Array) => {
    const symbolizer = createSymbolizer(bytes);
    return symbolizer.stackFrame(indexOf(symbolizer, bytes, 'fill'))!.variables;
  };
  expect(frameOf(module).filter((v) => v.open)).toEqual([]);
  expect(frameOf(other)).toEqual(frameOf(module).map((v) => ({ ...v, open: true })));
  const separated = (bytes: Uint8Array) =>
    inspect(bytes, { debugInfo: createSymbolizer(bytes) }).frames.counts.separated;
  expect(separated(module)).toBeGreaterThan(0);
  expect(separated(other)).toBe(0);
});
