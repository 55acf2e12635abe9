import asc from 'assemblyscript/asc';
import { expect, test } from 'vitest';
import { createSymbolizer } from '../../host/symbols/index.ts';
import { readSourceMap } from '../../host/symbols/source-map.ts';
import { readWasmModule } from '../../host/symbols/wasm-module.ts';
import { addCustomSection, dropSections, withLength } from './toolchain.ts';

const SOURCE = `export function sum(at: usize, count: i32): i32 {
  let total = 0;
  for (let i = 0; i < count; i++) {
    total += load<i32>(at + (i << 2));
  }
  return total;
}

class Counter {
  value: i32 = 0;
  step(by: i32): i32 {
    this.value += by;
    return this.value;
  }
}

export function run(by: i32): i32 {
  const counter = new Counter();
  store<i32>(64, by);
  return counter.step(by) + sum(64, 1);
}
`;

async function compileAssemblyScript(): Promise<{ module: Uint8Array; map: string }> {
  const written = new Map<string, string | Uint8Array>();
  const args = ['program.ts', '-o', 'program.wasm', '--sourceMap', '--debug', '--runtime', 'stub'];
  const { error, stderr } = await asc.main(args, {
    readFile: (name: string) => (name === 'program.ts' ? SOURCE : null),
    writeFile: (name: string, contents: string | Uint8Array) => void written.set(name, contents),
    listFiles: () => [],
  });
  if (error) throw new Error(stderr.toString());
  return {
    module: written.get('program.wasm') as Uint8Array,
    map: written.get('program.wasm.map') as string,
  };
}

/** File offsets of the instructions with a memory access of the given opcode and natural alignment, by pattern. */
function accesses(module: Uint8Array, opcode: number): number[] {
  const { bodies } = readWasmModule(module);
  const found: number[] = [];
  bodies.starts.forEach((start, i) => {
    for (let at = start; at + 2 < bodies.ends[i]!; at++) {
      if (module[at] === opcode && module[at + 1] === 2 && module[at + 2] === 0) found.push(at);
    }
  });
  return found;
}

test('AssemblyScript by its source map', { timeout: 180_000 }, async () => {
  const { module, map } = await compileAssemblyScript();
  const lines = SOURCE.split('\n');
  const unloaded = createSymbolizer(module);
  expect(unloaded.sourceMapUrl).toBe('./program.wasm.map');
  expect(unloaded.info).toBe('names');

  for (const sourceMap of [map, JSON.parse(map) as object, `)]}'\n${map}`]) {
    const problems: unknown[] = [];
    const symbolizer = createSymbolizer(module, { sourceMap, onProblem: (error) => problems.push(error) });
    expect(symbolizer.info).toBe('source-map');
    const places = [0x28, 0x36].flatMap((opcode) =>
      accesses(module, opcode).map((offset) => {
        const [frame, ...others] = symbolizer.frames(offset);
        expect(others).toEqual([]);
        return `${frame!.function} ${frame!.file}:${frame!.line}: ${lines[frame!.line! - 1]?.trim()}`;
      }),
    );
    // What the compiler made up has no place in the source.
    expect(places).toEqual([
      'program/sum ./program/program.ts:4: total += load<i32>(at + (i << 2));',
      'program/Counter#get:value undefined:undefined: undefined',
      '~lib/rt/common/BLOCK#set:mmInfo undefined:undefined: undefined',
      'program/Counter#set:value undefined:undefined: undefined',
      'program/run ./program/program.ts:19: store<i32>(64, by);',
    ]);
    expect(problems).toEqual([]);
  }

  const plain = dropSections(module, (id, name) => id === 0 && name === 'sourceMappingURL');
  const url = `data:application/json;base64,${Buffer.from(map).toString('base64')}`;
  const inline = createSymbolizer(
    addCustomSection(plain, 'sourceMappingURL', withLength(new TextEncoder().encode(url))),
  );
  expect(inline.sourceMapUrl).toBeUndefined();
  const [offset] = accesses(plain, 0x28);
  const given = createSymbolizer(module, { sourceMap: map });
  expect(inline.info).toBe('source-map');
  expect(inline.frames(offset!)).toEqual(given.frames(offset!));
});

test('mappings by hand', () => {
  // Columns 10 (a.c 1:1), 20 (no source), 25 (b.c 3:5), 30 (a.c 2:1), as "column,source,line,column" differences.
  const map = readSourceMap({
    version: 3,
    sourceRoot: 'src/',
    sources: ['a.c', 'b.c'],
    names: [],
    mappings: 'UAAA,U,KCEI,KDDJ',
  })!;
  const spell = (offset: number, from = 0) => {
    const at = map.at(offset, from);
    return at && `${at.file}:${at.line}:${at.column}`;
  };
  expect([9, 10, 19, 20, 24, 25, 29, 30, 99].map((offset) => spell(offset))).toEqual([
    undefined,
    'src/a.c:1:1',
    'src/a.c:1:1',
    undefined,
    undefined,
    'src/b.c:3:5',
    'src/b.c:3:5',
    'src/a.c:2:1',
    'src/a.c:2:1',
  ]);
  // A mapping of the function before says nothing about this one.
  expect(spell(27, 26)).toBeUndefined();
  const indexed = readSourceMap({
    version: 3,
    sections: [
      { offset: { line: 0, column: 0 }, map: { version: 3, sources: ['a.c'], mappings: 'UAAA' } },
      { offset: { line: 0, column: 100 }, map: { version: 3, sources: ['b.c'], mappings: 'UACA' } },
    ],
  })!;
  expect([indexed.at(50, 0), indexed.at(110, 0)]).toEqual([
    { file: 'a.c', line: 1, column: 1 },
    { file: 'b.c', line: 2, column: 1 },
  ]);
});

test('maps that are none', () => {
  const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  for (const sourceMap of [
    '',
    'null',
    '{}',
    '[]',
    '{"mappings":"!!"}',
    '{"mappings":3,"sources":4}',
    '{"sections":[null]}',
  ]) {
    const symbolizer = createSymbolizer(empty, { sourceMap });
    expect(symbolizer.info).toBe('stripped');
    expect(symbolizer.frames(3)).toHaveLength(1);
  }
});
