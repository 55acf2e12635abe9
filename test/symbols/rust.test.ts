import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createSymbolizer } from '../../host/symbols/index.ts';
import { readWasmModule } from '../../host/symbols/wasm-module.ts';

const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)));

// The source has a comment of three lines above what was compiled.
const lines = new TextDecoder().decode(fixture('shapes.rs')).split('\n').slice(3);

for (const [mangling, swap] of [
  ['legacy', 'shapes::shapes::Point<T>::swap'],
  ['v0', '<shapes::shapes::Point<i32>>::swap'],
] as const) {
  test(`DWARF of rustc, ${mangling} names`, () => {
    const module = fixture(`shapes-${mangling}.wasm`);
    const problems: unknown[] = [];
    const symbolizer = createSymbolizer(module, { onProblem: (error) => problems.push(error) });
    const { starts, ends } = readWasmModule(module).bodies;
    const seen = new Set<string>();
    starts.forEach((start, i) => {
      for (let at = start; at < ends[i]!; at++) {
        const [frame, ...others] = symbolizer.frames(at);
        expect(others).toEqual([]);
        expect(frame!.file).toBe('/src/shapes.rs');
        if (frame!.line) seen.add(`${frame!.function}: ${lines[frame!.line - 1]!.trim()}`);
      }
    });
    const within = (name: string, text: string) =>
      [...seen].some((line) => line.startsWith(`${name}: `) && line.includes(text));
    expect(within(swap, 'Point { x: self.y, y: self.x }')).toBe(true);
    expect(within('shapes::run', 'let q = p.swap();')).toBe(true);
    expect([...seen].every((line) => line.startsWith(`${swap}: `) || line.startsWith('shapes::run: '))).toBe(true);
    const run = symbolizer.stackFrame(1)!;
    expect(run.frameBase?.kind).toBe('local');
    const variables = run.variables.map(({ name, size, type, line }) => [name, size, type, lines[line! - 1]!.trim()]);
    expect(variables).toEqual([
      ['a', 4, 'i32', '#[no_mangle] pub extern "C" fn run(a: i32) -> i32 {'],
      ['p', 8, 'Point<i32>', 'let p = shapes::Point { x: a, y: 3 };'],
    ]);
    expect(problems).toEqual([]);
  });
}
