// emmalloc and Rust's allocator in modules without names: are they found, does the program do what it did, and is misuse
// told? The Rust module is a package of npm, the others are Emscripten's (emmalloc/users.c).

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { inspect, instrument, load, type Report } from '../../index.ts';
import { strip } from './strip.ts';

const file = (path: string) => new Uint8Array(readFileSync(fileURLToPath(new URL(path, import.meta.url))));

type Exports = Record<string, (...args: number[]) => number>;

/** Instances under wasan; exports by the names of the module that is not stripped. */
async function run(bytes: Uint8Array, imports: WebAssembly.Imports): Promise<{ exports: Exports; findings: string[] }> {
  const findings: string[] = [];
  const { bytes: instrumented } = instrument(bytes, { host: true, runtime: { halt: false } });
  const onFinding = (report: Report) => {
    findings.push(report.title);
    return false;
  };
  const { instance } = await load({ original: bytes, instrumented, imports, onFinding });
  return { exports: instance.exports as unknown as Exports, findings };
}

describe.each(['O1', 'O2'])('emmalloc at -%s', (level) => {
  const bytes = file(`emmalloc/${level}.wasm`);
  const stripped = strip(bytes);
  const names = WebAssembly.Module.exports(new WebAssembly.Module(bytes as BufferSource)).map((e) => e.name);
  const start = async (module = stripped) => {
    let memory: WebAssembly.Memory | undefined;
    const copy = (to: number, from: number, size: number) =>
      void new Uint8Array(memory!.buffer).copyWithin(to, from, from + size);
    const env = { emscripten_resize_heap: () => 0, emscripten_memcpy_big: copy };
    const { exports, findings } = await run(module, { env });
    memory = Object.values(exports).find((value: unknown) => value instanceof WebAssembly.Memory) as never;
    const call = (name: string, ...args: number[]) => exports[`e${names.indexOf(name)}`]!(...args);
    call('__wasm_call_ctors');
    return { call, findings };
  };

  test('is found, stripped, and confirmed by a probe run', () => {
    const { functions, layout, confidence } = inspect(stripped).allocator;
    expect(functions.map((f) => [f.role.role, f.how])).toEqual([
      ['malloc', 'body'],
      ['free', 'body'],
    ]);
    expect({ layout, confidence }).toEqual({ layout: 'behind', confidence: 'high' });
  });

  test('a right program of malloc, calloc, realloc and free is silent', async () => {
    const { call, findings } = await start();
    expect(call('shuffle', 5000)).toBe(-1);
    expect(call('fill', 33, 33)).toBe(32);
    expect(findings).toEqual([]);
  });

  test('writing past a block and reading a freed one is told', async () => {
    const { call, findings } = await start();
    call('fill', 33, 34);
    call('after', 33);
    expect(findings).toContain('heap-buffer-overflow');
    expect(findings).toContain('heap-use-after-free');
  });
});

describe('Rust', () => {
  const bytes = file('../../node_modules/@jsquash/png/codec/pkg/squoosh_png_bg.wasm');
  const anything = new Proxy({}, { get: () => () => 0, has: () => true });
  const imports = new Proxy({}, { get: () => anything, has: () => true }) as WebAssembly.Imports;
  const SIZE = 100;

  test.each([
    ['as it is', bytes],
    ['stripped', strip(bytes)],
  ])('%s: malloc and free are found', (_, module) => {
    const { functions, layout, confidence, kept } = inspect(module).allocator;
    expect(functions.map((f) => f.role.role)).toEqual(['malloc', 'free']);
    expect({ layout, confidence, memalign: kept[0]?.role.role }).toEqual({
      layout: 'behind',
      confidence: 'high',
      memalign: 'memalign',
    });
  });

  test('blocks of wasm-bindgen come and go, and Rust finds their sizes right', async () => {
    const { exports, findings } = await run(bytes, imports);
    const blocks: number[] = [];
    // Rust panics in __wbindgen_free if a block is more than 39 bytes larger than it should be.
    for (let size = 1; size < 3000; size += 7) blocks.push(exports.__wbindgen_malloc!(size, 1));
    for (let i = 0; i < blocks.length; i += 2) exports.__wbindgen_free!(blocks[i]!, 1 + 7 * i, 1);
    for (let size = 5; size < 3000; size += 14) exports.__wbindgen_malloc!(size, 1);
    expect(findings).toEqual([]);
  });

  test('a block that is freed twice is told', async () => {
    const { exports, findings } = await run(bytes, imports);
    const block = exports.__wbindgen_malloc!(SIZE, 1);
    exports.__wbindgen_free!(block, SIZE, 1);
    expect(findings).toEqual([]);
    exports.__wbindgen_free!(block, SIZE, 1);
    expect(findings).toEqual(['double-free']);
  });
});
