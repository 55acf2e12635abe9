// What the Binaryen engine writes besides checks: offsets that map back, custom sections, interfaces, feature masks, and
// findings of the real runtime.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import binaryen from 'binaryen';
import { describe, expect, test } from 'vitest';
import { readSiteTable } from '../../host/site-table.ts';
import { enterBody } from '../../instrument/binaryen/events.ts';
import { featuresOf } from '../../instrument/binaryen/features.ts';
import { binaryenEngine } from '../../instrument/binaryen/index.ts';
import { type InstrumentOptions, instrument } from '../../instrument/index.ts';
import { runtimeImages } from '../../instrument/runtime-images.ts';
import { Decoder } from '../../instrument/wasm/decoder.ts';
import { type Body, parseModule, SECTION } from '../../instrument/wasm/module.ts';
import { functionNames } from '../../instrument/wasm/names.ts';
import { OP } from '../../instrument/wasm/opcodes.ts';
import * as abi from '../../runtime/abi.ts';
import { assemble } from './engine-harness.ts';

const require = createRequire(import.meta.url);
const SOURCE_MAP = new Uint8Array(readFileSync(require.resolve('source-map/lib/mappings.wasm')));
const both = (original: Uint8Array, options: InstrumentOptions = {}) => ({
  stream: instrument(original, runtimeImages, options).bytes,
  tree: instrument(original, runtimeImages, { ...options, engine: binaryenEngine }).bytes,
});

describe('offsets', () => {
  test.each(['inline', 'outline'] as const)('every call of a check maps back to its site, %s', (mode) => {
    const { tree } = both(SOURCE_MAP, { host: true, mode });
    const table = readSiteTable(tree, SOURCE_MAP)!;
    const names = functionNames(parseModule(tree));
    const module = parseModule(tree);
    const d = new Decoder(tree);
    const seen = new Set<number>();
    for (const body of module.bodies.slice(0, parseModule(SOURCE_MAP).bodies.length)) {
      enterBody(d, body);
      for (let constant = 0; d.pos < d.end; ) {
        d.next();
        if (d.op === OP.I32_CONST) constant = d.value;
        if (d.op !== OP.CALL || !/^__wasan\.check_(load|store)\w*\d$/.test(names.get(d.index) ?? '')) continue;
        seen.add(constant);
        expect(table.toOriginal(d.start)).toEqual(table.site(constant));
      }
    }
    expect(seen.size).toBeGreaterThan(1500);
  });

  test('every call of the program maps back to itself', () => {
    const { tree } = both(SOURCE_MAP, { host: true });
    const table = readSiteTable(tree, SOURCE_MAP)!;
    const [before, after] = [parseModule(SOURCE_MAP), parseModule(tree)];
    const names = functionNames(after);
    let calls = 0;
    before.bodies.forEach((body, i) => {
      const expected = callOffsets(SOURCE_MAP, body, () => true);
      const own = (func: number) => !names.get(func)?.startsWith('__wasan.');
      const found = callOffsets(tree, after.bodies[i]!, own).map((offset) => table.toOriginal(offset)!.offset);
      // Calls of wrappers and calls in dead code are missing here; what is there is in order and exact.
      expect(found.filter((offset) => !expected.includes(offset))).toEqual([]);
      expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
      calls += found.length;
    });
    expect(calls).toBeGreaterThan(300);
  });
});

function callOffsets(bytes: Uint8Array, body: Body, counts: (func: number) => boolean): number[] {
  const d = new Decoder(bytes);
  enterBody(d, body);
  const offsets: number[] = [];
  while (d.pos < d.end) {
    d.next();
    if (d.op === OP.CALL_INDIRECT || (d.op === OP.CALL && counts(d.index))) offsets.push(d.start);
  }
  return offsets;
}

describe('everything else in the file', () => {
  const custom = (name: string, ...contents: number[]) => {
    const bytes = [name.length, ...new TextEncoder().encode(name), ...contents];
    return [0, bytes.length, ...bytes];
  };

  test('custom sections keep their places and contents', () => {
    const plain = assemble('(module (memory 1) (func (export "f") (drop (i32.load (i32.const 64)))))');
    const { sections } = parseModule(plain);
    const code = sections.find((s) => s.id === SECTION.CODE)!;
    const original = Uint8Array.from([
      ...plain.subarray(0, 8),
      ...custom('dylink.0', 1, 2),
      ...plain.subarray(8, code.end),
      ...custom('mine', 3, 4, 5),
    ]);
    // The one wanted first is first, the other follows the code; contents are as they were.
    const layout = (bytes: Uint8Array) =>
      parseModule(bytes).sections.flatMap((s, i, all) =>
        s.name === 'dylink.0' || s.name === 'mine' ? [[s.name, all[i - 1]?.id, ...bytes.subarray(s.start, s.end)]] : [],
      );
    const { stream, tree } = both(original);
    expect(layout(tree)).toEqual(layout(stream));
    expect(layout(tree).map(([name, after]) => [name, after])).toEqual([
      ['dylink.0', undefined],
      ['mine', SECTION.CODE],
    ]);
  });

  test('imports, exports and function names are those of the streaming engine', () => {
    const { stream, tree } = both(SOURCE_MAP, { host: true });
    const [a, b] = [stream, tree].map((bytes) => new WebAssembly.Module(bytes as BufferSource));
    expect(WebAssembly.Module.exports(b!)).toEqual(WebAssembly.Module.exports(a!));
    expect(WebAssembly.Module.imports(b!)).toEqual(WebAssembly.Module.imports(a!));
    // Binaryen adds its calls after linking, so it keeps the whole runtime.
    const names = functionNames(parseModule(stream));
    const kept = [...functionNames(parseModule(tree))].filter(
      ([f, name]) => names.has(f) || !name.startsWith('__wasan.'),
    );
    expect(kept).toEqual([...names]);
  });
});

describe('feature masks', () => {
  const { Features } = binaryen;
  const base = Features.MultiMemory | Features.MutableGlobals;
  const mask = (text: string) => featuresOf([parseModule(assemble(`(module (memory 1) ${text})`))]) & ~base;
  const EH = Features.ExceptionHandling;
  const REFS = Features.ReferenceTypes;
  const cases: [text: string, features: number][] = [
    ['(func (drop (i32.load (i32.const 0))))', 0],
    ['(func (drop (i32.extend8_s (i32.const 0))))', Features.SignExt],
    ['(func (drop (v128.load (i32.const 0))))', Features.SIMD128],
    ['(func (drop (i32.atomic.load (i32.const 0))))', Features.Atomics],
    ['(func (result i32 i32) (i32.const 0) (i32.const 1))', Features.Multivalue],
    ['(func (return_call 0))', Features.TailCall],
    ['(tag $e) (func (try (do (throw $e)) (catch_all)))', EH],
    ['(func (block $b (try_table (catch_all $b))))', EH | REFS],
    ['(func (param externref) (drop (ref.is_null (local.get 0))))', REFS],
    [
      '(type $s (struct (field i32))) (func (param (ref $s)) (drop (struct.get $s 0 (local.get 0))))',
      Features.GC | REFS,
    ],
    ['(func (drop (i32.trunc_sat_f32_s (f32.const 0))))', Features.NontrappingFPToInt],
  ];

  test.each(cases)('%s', (text, features) => {
    expect(mask(text)).toBe(features);
  });

  test('never all of them', () => {
    expect(featuresOf([parseModule(SOURCE_MAP)]) & Features.GC).toBe(0);
  });
});

describe('findings of the real runtime', () => {
  // A bump allocator, and the accesses that abuse what it returns.
  const original = assemble(`(module (memory (export "memory") 4) (global $top (mut i32) (i32.const 4096))
    (func $malloc (export "malloc") (param $n i32) (result i32)
      (global.set $top (i32.add (global.get $top) (i32.and (i32.add (local.get $n) (i32.const 15)) (i32.const -16))))
      (i32.sub (global.get $top) (i32.and (i32.add (local.get $n) (i32.const 15)) (i32.const -16))))
    (func $free (export "free") (param i32))
    (func $twice (param $n i32) (result i32) (call $malloc (i32.add (local.get $n) (local.get $n))))
    (func (export "overflow") (result i32) (i32.load offset=8 (call $twice (i32.const 5))))
    (func (export "after_free") (local $p i32)
      (local.set $p (call $malloc (i32.const 32)))
      (call $free (local.get $p))
      (i64.store offset=16 (local.get $p) (i64.const 1)))
    (func (export "fine") (result i32) (local $p i32)
      (local.set $p (call $malloc (i32.const 8)))
      (i32.store offset=4 (local.get $p) (i32.const 7))
      (i32.load offset=4 (local.get $p))))`);

  function record(bytes: Uint8Array, name: string) {
    const seen: Record<string, unknown>[] = [];
    const report = () => {
      const view = new DataView((instance.exports.__wasan_memory as WebAssembly.Memory).buffer);
      const site = view.getUint32(abi.REPORT_SITE, true);
      seen.push({
        kind: view.getUint32(abi.REPORT_KIND, true),
        access: view.getUint32(abi.REPORT_ACCESS, true),
        address: view.getBigUint64(abi.REPORT_ADDR, true),
        size: view.getBigUint64(abi.REPORT_SIZE, true),
        site: readSiteTable(bytes, original)!.site(site),
        stack: view.getUint32(abi.REPORT_STACK, true) > 0,
      });
      return 0;
    };
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes as BufferSource), { wasan: { report } });
    const result = (instance.exports[name] as () => unknown)();
    return { seen, result };
  }

  const options: InstrumentOptions = {
    host: true,
    runtime: { halt: false },
    allocator: { malloc: 'malloc', free: 'free' },
  };
  test.each([
    ['overflow', abi.KIND_HEAP_OOB, abi.ACCESS_READ, 4n],
    ['after_free', abi.KIND_HEAP_UAF, abi.ACCESS_WRITE, 8n],
  ] as const)('%s', (name, kind, access, size) => {
    const { stream, tree } = both(original, options);
    const found = record(tree, name);
    expect(found.seen).toMatchObject([{ kind, access, size }]);
    expect(found).toEqual(record(stream, name));
  });

  test('and none where there is no bug', () => {
    const { tree } = both(original, options);
    expect(record(tree, 'fine')).toEqual({ seen: [], result: 7 });
  });
});
