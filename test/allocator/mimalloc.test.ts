// mimalloc in a module without names (mimalloc/users.c): is it found, does the program do what it did, and is misuse told?

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { inspect, instrument, load, type Report } from '../../index.ts';
import { strip } from './strip.ts';

const file = (name: string) => new Uint8Array(readFileSync(new URL(`mimalloc/${name}.wasm`, import.meta.url)));
const PAGE = 65536;

describe.each(['v2', 'v3'])('%s', (version) => {
  const bytes = file(version);
  const stripped = strip(bytes);
  const exported = WebAssembly.Module.exports(new WebAssembly.Module(bytes as BufferSource)).map((e) => e.name);

  /** An instance under wasan; functions by the names of the module that is not stripped. */
  const start = async (quarantineBytes?: number) => {
    const findings: string[] = [];
    const runtime = { halt: false, ...(quarantineBytes === undefined ? {} : { quarantineBytes }) };
    const { bytes: instrumented } = instrument(stripped, { host: true, runtime });
    let memory: WebAssembly.Memory | undefined;
    const host: Record<string, (...args: number[]) => number> = {
      emscripten_resize_heap: (size) =>
        Number(memory!.grow(Math.ceil((size! - memory!.buffer.byteLength) / PAGE)) >= 0),
      emscripten_memcpy_big: (to, from, size) => {
        new Uint8Array(memory!.buffer).copyWithin(to!, from!, from! + size!);
        return 0;
      },
    };
    const module = new Proxy({}, { get: (_, name) => host[name as string] ?? (() => 0), has: () => true });
    const imports = new Proxy({}, { get: () => module, has: () => true }) as WebAssembly.Imports;
    const onFinding = (report: Report) => {
      findings.push(report.title);
      return false;
    };
    const { instance, sanitizer } = await load({ original: stripped, instrumented, imports, onFinding });
    const exports = instance.exports as Record<string, unknown>;
    const at = (name: string) => exports[`e${exported.indexOf(name)}`];
    memory = at('memory') as WebAssembly.Memory;
    const call = (name: string, ...args: number[]) => (at(name) as (...args: number[]) => number)(...args);
    call('__wasm_call_ctors');
    return { call, findings, sanitizer };
  };

  test('is found, and confirmed by a probe run; not emmalloc, which it asks for memory', () => {
    const { allocator } = inspect(stripped);
    const { layout, sizeWord, confidence } = allocator;
    expect({ layout, sizeWord, confidence }).toEqual({ layout: 'behind', sizeWord: false, confidence: 'high' });
    const truth = inspect(bytes).allocator.functions.map(({ role: r, func }) => `${r.role} ${func}`);
    const found = allocator.functions.map(({ role: r, func }) => `${r.role} ${func}`);
    expect(found).toHaveLength(5);
    expect(truth).toEqual(expect.arrayContaining(found));
  });

  test.each([undefined, 0])('a right program is silent, with a quarantine of %s bytes', async (quarantine) => {
    const { call, findings } = await start(quarantine);
    expect([call('shuffle', 20000), findings]).toEqual([-1, []]);
    expect(call('fill', 33, 33)).toBe(32);
    expect(findings).toEqual([]);
  });

  test('what is lost is a leak, and what it pointed to; nothing else is', async () => {
    const { call, sanitizer } = await start();
    call('shuffle', 5000);
    expect(sanitizer.checkLeaks().report).toBeUndefined();
    call('lose', 100);
    const leaks = sanitizer.checkLeaks().report!.leaks;
    expect(leaks.map(({ direct, bytes }) => ({ direct, bytes }))).toEqual([
      { direct: true, bytes: 100 },
      { direct: false, bytes: 16 },
    ]);
  });

  test.each([
    ['fill', [33, 34], 'heap-buffer-overflow'],
    ['fill', [5, 6], 'heap-buffer-overflow'],
    ['after', [33], 'heap-use-after-free'],
    ['twice', [33], 'double-free'],
  ])('%s %j: %s', async (name, args, title) => {
    const { call, findings } = await start();
    call(name as string, ...(args as number[]));
    expect(findings[0]).toBe(title);
  });
});
