// Is a planted misuse of a real module reported, and nothing else? The misuse goes through the module's own exports: a freed
// buffer handed back, a length one too long.

import asc from 'assemblyscript/asc';
import { expect, test } from 'vitest';
import type { Report } from '../../index.ts';
import { underWasan } from './guest.ts';

/** What a report says, in one line. */
function line(report: Report): string {
  if (report.layout !== 'access') return report.title;
  const { place, access } = report;
  const where =
    place.where === 'heap'
      ? `${place.distance.bytes} bytes ${place.distance.relation} ${place.size}-byte region`
      : place.where;
  return `${report.title} ${access.write ? 'WRITE' : 'READ'} ${access.size} ${where}`;
}

interface QuickJs {
  readonly module: { _malloc(n: number): number; _free(p: number): void; HEAPU8: Uint8Array };
  readonly ffi: {
    QTS_Eval(context: number, code: number, length: number, name: string, detect: number, flags: number): number;
    QTS_NewArrayBuffer(context: number, buffer: number, length: number): number;
  };
}

async function quickJs() {
  const { newQuickJSWASMModule, newVariant, RELEASE_SYNC } = await import('quickjs-emscripten');
  const wasm = await newQuickJSWASMModule(newVariant(RELEASE_SYNC, {}));
  const context = wasm.newContext();
  const { module, ffi } = context as unknown as QuickJs;
  const pointer = (context as unknown as { ctx: { value: number } }).ctx.value;
  const code = new TextEncoder().encode('1 + 1; // a program');
  const buffer = module._malloc(code.length + 1);
  module.HEAPU8.set(code, buffer);
  module.HEAPU8[buffer + code.length] = 0;
  return { module, ffi, pointer, buffer, length: code.length };
}

test('quickjs-emscripten: a source buffer that was freed', async () => {
  const { findings } = await underWasan(async () => {
    const { module, ffi, pointer, buffer, length } = await quickJs();
    module._free(buffer);
    ffi.QTS_Eval(pointer, buffer, length, 'x.js', 0, 0);
  });
  expect(findings.length).toBeGreaterThan(0);
  for (const f of findings) expect(line(f)).toMatch(/^heap-use-after-free READ \d+ \d+ bytes inside 20-byte region$/);
});

test('quickjs-emscripten: a correct call is silent', async () => {
  const { findings } = await underWasan(async () => {
    const { module, ffi, pointer, buffer, length } = await quickJs();
    ffi.QTS_Eval(pointer, buffer, length, 'x.js', 0, 0);
    module._free(buffer);
  });
  expect(findings.map(line)).toEqual([]);
});

test('quickjs-emscripten: the same buffer freed twice', async () => {
  const { findings } = await underWasan(async () => {
    const { module, buffer } = await quickJs();
    module._free(buffer);
    module._free(buffer);
  });
  expect(findings.map(line)).toEqual(['double-free']);
});

const SUM = `
export function sum(pointer: usize, length: i32): i32 {
  let total = 0;
  for (let i = 0; i < length; i++) total += load<u8>(pointer + i);
  return total;
}
export function allocate(size: usize): usize { return heap.alloc(size); }
export function release(pointer: usize): void { heap.free(pointer); }`;

async function assemblyScript() {
  let binary: Uint8Array | undefined;
  const { error } = await asc.main(['in.ts', '--outFile', 'out.wasm', '--runtime', 'minimal', '--debug'], {
    readFile: (name) => (name === 'in.ts' ? SUM : null),
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm')) binary = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error) throw error;
  const { instance } = await WebAssembly.instantiate(binary as BufferSource, { env: { abort: () => {} } });
  return instance.exports as {
    sum(p: number, n: number): number;
    allocate(n: number): number;
    release(p: number): void;
  };
}

test('AssemblyScript: a length one too long', async () => {
  const { findings } = await underWasan(async () => {
    const { sum, allocate } = await assemblyScript();
    sum(allocate(40), 40);
    sum(allocate(40), 41);
  });
  expect(findings.map(line)).toEqual(['heap-buffer-overflow READ 1 0 bytes after 40-byte region']);
});

test('AssemblyScript: a released block', async () => {
  const { findings } = await underWasan(async () => {
    const { sum, allocate, release } = await assemblyScript();
    const block = allocate(64);
    release(block);
    sum(block, 1);
  });
  expect(findings.map(line)).toEqual(['heap-use-after-free READ 1 0 bytes inside 64-byte region']);
});
