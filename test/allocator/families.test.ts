// emmalloc and Rust's allocator in modules without names: are they found, does the program do what it did, and is misuse
// told? Rust modules are packages of npm, or made of them (small-rust/extract.ts), the others are made here (emmalloc/users.c,
// older-rust/users.rs).

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import binaryen from 'binaryen';
import { describe, expect, test } from 'vitest';
import type { Sanitizer } from '../../host/index.ts';
import { inspect, instrument, load, type Report } from '../../index.ts';
import type { RuntimeOptions } from '../../instrument/index.ts';
import { strip } from './strip.ts';

const file = (path: string) => new Uint8Array(readFileSync(fileURLToPath(new URL(path, import.meta.url))));

type Exports = Record<string, (...args: number[]) => number>;

/** Instances under wasan; exports by the names of the module that is not stripped. */
async function run(
  bytes: Uint8Array,
  imports: WebAssembly.Imports,
  options: RuntimeOptions = {},
): Promise<{ exports: Exports; findings: string[]; sanitizer: Sanitizer }> {
  const findings: string[] = [];
  const { bytes: instrumented } = instrument(bytes, { host: true, runtime: { halt: false, ...options } });
  const onFinding = (report: Report) => {
    findings.push(report.title);
    return false;
  };
  const { instance, sanitizer } = await load({ original: bytes, instrumented, imports, onFinding });
  return { exports: instance.exports as unknown as Exports, findings, sanitizer };
}

function leakedBytes(sanitizer: Sanitizer, roots: readonly number[] = []): number[] {
  return (sanitizer.checkLeaks({ roots }).report?.leaks ?? []).map((leak) => leak.bytes);
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
    const { exports, findings, sanitizer } = await run(module, { env });
    memory = Object.values(exports).find((value: unknown) => value instanceof WebAssembly.Memory) as never;
    const call = (name: string, ...args: number[]) => exports[`e${names.indexOf(name)}`]!(...args);
    call('__wasm_call_ctors');
    return { call, findings, sanitizer };
  };

  test('is found, stripped, and confirmed by a probe run', () => {
    const { functions, layout, confidence } = inspect(stripped).allocator;
    expect(functions.map((f) => [f.role.role, f.how])).toEqual([
      ['malloc', 'body'],
      ['free', 'body'],
      ['memalign', 'body'],
    ]);
    expect({ layout, confidence }).toEqual({ layout: 'behind', confidence: 'high' });
  });

  test.each([8, 16, 64, 1024])(
    'blocks aligned to %i lie there, in silence; writing past one is told',
    async (align) => {
      const { call, findings } = await start();
      for (let size = align; size < 8000; size += align) call('aligned', align, size, size - 1);
      expect(call('aligned', align, 2048, 2047)).toBe(7);
      expect(findings).toEqual([]);
      call('aligned', align, 1024, 1024);
      expect(findings).toEqual(['heap-buffer-overflow']);
    },
  );

  test('a right program of malloc, calloc, realloc and free is silent', async () => {
    const { call, findings } = await start();
    expect(call('shuffle', 5000)).toBe(-1);
    expect(call('fill', 33, 33)).toBe(32);
    expect(findings).toEqual([]);
  });

  test('what is lost is a leak; what realloc has made without malloc is not', async () => {
    const { call, sanitizer } = await start();
    call('shuffle', 5000);
    expect(leakedBytes(sanitizer)).toEqual([]);
    call('lose', 100);
    expect(leakedBytes(sanitizer)).toEqual([100]);
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

  test('they are found where malloc asks for memory by a function of its own, as since dlmalloc 0.2.11', () => {
    const source = binaryen.readBinary(bytes);
    const text = source.emitText().replaceAll('(memory.grow', '(call $more');
    const more = '(func $more (param i32) (result i32) (memory.grow (local.get 0)))';
    const outlined = binaryen.parseText(text.replace(/\)\s*$/, `${more})`));
    outlined.setFeatures(source.getFeatures());
    const { functions, confidence } = inspect(strip(outlined.emitBinary())).allocator;
    expect(functions.map((f) => f.role.role)).toEqual(['malloc', 'free']);
    expect(confidence).toBe('high');
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

  test('what JavaScript has forgotten is a leak', async () => {
    const { exports, sanitizer } = await run(strip(bytes), imports);
    const names = WebAssembly.Module.exports(new WebAssembly.Module(bytes as BufferSource)).map((e) => e.name);
    const allocate = exports[`e${names.indexOf('__wbindgen_malloc')}`]!;
    const blocks = Array.from({ length: 8 }, () => allocate(SIZE, 1));
    // Constants of the module look like the addresses of two of the first four.
    expect(leakedBytes(sanitizer, blocks.slice(0, 4))).toEqual([4 * SIZE]);
    expect(leakedBytes(sanitizer, blocks)).toEqual([]);
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

describe('Rust 1.63', () => {
  const BUILDS = ['wasm-opt', 'lto'] as const;
  const start = async (build: string, quarantine: number) => {
    const module = file(`older-rust/${build}.wasm`);
    const names = WebAssembly.Module.exports(new WebAssembly.Module(module as BufferSource)).map((e) => e.name);
    const { exports, findings } = await run(strip(module), {}, { quarantineBytes: quarantine });
    return { call: (name: string, ...args: number[]) => exports[`e${names.indexOf(name)}`]!(...args), findings };
  };

  test.each(BUILDS)('%s: malloc and free are found, and confirmed by a probe run', (build) => {
    const { functions, layout, confidence, kept } = inspect(strip(file(`older-rust/${build}.wasm`))).allocator;
    expect(functions.map((f) => f.role.role)).toEqual(['malloc', 'free']);
    expect({ layout, confidence, memalign: kept[0]?.role.role }).toEqual({
      layout: 'behind',
      confidence: 'high',
      memalign: 'memalign',
    });
  });

  const QUARANTINES = [0, 1 << 28];
  test.each(BUILDS.flatMap((build) => QUARANTINES.map((q) => [build, q] as const)))(
    '%s: blocks of every alignment come, grow, shrink and go in silence, quarantine of %i bytes',
    async (build, quarantine) => {
      const { call, findings } = await start(build, quarantine);
      expect(call('shuffle', 2000)).toBe(0);
      expect(findings).toEqual([]);
    },
  );

  test.each(BUILDS)('%s: overflow, use after free and double free are told', async (build) => {
    const { call, findings } = await start(build, 1 << 28);
    const [block, freed] = [call('take', 40), call('take', 40)];
    call('write', block + 39);
    expect(findings).toEqual([]);
    call('write', block + 40);
    call('give', freed, 40);
    call('read', freed + 3);
    call('give', freed, 40);
    expect(findings).toEqual(['heap-buffer-overflow', 'heap-use-after-free', 'double-free']);
  });
});

describe.each([
  // Its functions for steps, trees and segments stand alone, and one cuts aligned blocks; it checks sizes when it releases.
  [
    'helpers',
    ['malloc', 'free', 'dlmalloc-rs alloc'],
    ['__wbindgen_export2', '__wbindgen_export3', '__wbindgen_export'],
  ],
  // Its bins are set up in a loop.
  ['threads', ['malloc', 'free'], ['__wbindgen_malloc', undefined, '__wbindgen_free']],
] as const)('Rust with std compiled for size: %s', (build, roles, [malloc, realloc, free]) => {
  const bytes = file(`small-rust/${build}.wasm`);
  const names = WebAssembly.Module.exports(new WebAssembly.Module(bytes as BufferSource)).map((e) => e.name);
  const start = async (quarantineBytes: number) => {
    const { exports, findings } = await run(strip(bytes), {}, { quarantineBytes });
    return { call: (name: string, ...args: number[]) => exports[`e${names.indexOf(name)}`]!(...args), findings };
  };

  test('malloc and free are found, and confirmed by a probe run', () => {
    const { functions, layout, confidence } = inspect(strip(bytes)).allocator;
    expect(functions.map((f) => f.role.role)).toEqual(roles);
    expect({ layout, confidence }).toEqual({ layout: 'behind', confidence: 'high' });
  });

  test.each([0, 1 << 20])(
    'blocks of every size and alignment come, grow and go in silence, and Rust finds their sizes right; quarantine of %i bytes',
    async (quarantine) => {
      const { call, findings } = await start(quarantine);
      for (const align of [1, 8, 16, 64, 512]) {
        const live: [number, number][] = [];
        for (let size = 1; size < 600; size++) {
          const block = call(malloc, size, align);
          expect(block % align).toBe(0);
          call('write', block + size - 1);
          const grown = (size * 53) % 900;
          live.push(
            size % 3 === 0 && realloc ? [call(realloc, block, size, grown + 1, align), grown + 1] : [block, size],
          );
          if (size % 2 === 0) call(free, ...live.splice((size * 13) % live.length, 1)[0]!, align);
        }
        for (const [block, size] of live) call(free, block, size, align);
      }
      expect(findings).toEqual([]);
    },
  );

  test.each(build === 'helpers' ? [1, 8, 64] : [1, 8])('misuse of blocks aligned to %i is told', async (align) => {
    const { call, findings } = await start(1 << 20);
    const [block, freed] = [call(malloc, 40, align), call(malloc, 40, align)];
    call('write', block + 39);
    expect(findings).toEqual([]);
    call('write', block + 40);
    call(free, freed, 40, align);
    call('read', freed + 3);
    expect(findings).toEqual(['heap-buffer-overflow', 'heap-use-after-free']);
  });
});

describe('what merely resembles a small malloc of Rust', () => {
  const text = binaryen.readBinary(file('small-rust/helpers.wasm')).emitText();
  test.each([
    ['it rounds up to no pages', 'i32.const 65583', 'i32.const 65584'],
    ['nothing tells of trees', 'i32.const 62', 'i32.const 61'],
    ['nothing counts to the next look for unused segments', 'i32.const 4095', 'i32.const 4094'],
  ])('is none: %s', (_, from, to) => {
    const other = binaryen.parseText(text.replaceAll(from, to));
    other.setFeatures(binaryen.Features.All);
    expect(inspect(strip(other.emitBinary())).allocator.functions).toEqual([]);
  });
});

describe('Rust of 2018, whose alloc cuts aligned blocks by itself', () => {
  const bytes = file('../../node_modules/source-map/lib/mappings.wasm');
  const imported = WebAssembly.Module.imports(new WebAssembly.Module(bytes as BufferSource));
  const imports = { env: Object.fromEntries(imported.map(({ name }) => [name, () => undefined])) };
  const TEXT = ';AAAA,CAAC,EAAE;ACAA,SAAS';

  const start = async () => {
    const { exports, findings } = await run(bytes, imports);
    const memory = (exports as unknown as { memory: WebAssembly.Memory }).memory;
    const allocate = () => {
      const at = exports.allocate_mappings!(TEXT.length);
      new Uint8Array(memory.buffer, at, TEXT.length).set(new TextEncoder().encode(TEXT));
      return at;
    };
    return { exports, findings, allocate };
  };

  test('it is found, stripped, and aligns', () => {
    const { functions, evidence, confidence } = inspect(strip(bytes)).allocator;
    expect(functions.map((f) => f.role.role)).toEqual(['malloc', 'free', 'dlmalloc-rs alloc']);
    expect(confidence).toBe('high');
    expect(evidence).toContain('probe run: alloc aligns');
  });

  test.each([
    ['knows nothing of its blocks is a program of it', '', true],
    ['cuts what it got may be anything', '(call DISPOSE (local.get 0) (local.get 0))', false],
  ])('a caller of malloc that %s', (_, more, found) => {
    const { functions, kept } = inspect(strip(bytes)).allocator;
    const calls = `(drop (call ${functions[0]!.func} (local.get 0))) ${more.replace('DISPOSE', `${kept[0]!.func}`)}`;
    const text = binaryen.readBinary(strip(bytes)).emitText();
    const caller = `(func (export "caller") (param i32) ${calls}))`;
    const other = binaryen.parseText(text.replace(/\)\s*$/, caller));
    other.setFeatures(binaryen.Features.All);
    const roles = inspect(strip(other.emitBinary())).allocator.functions.map((f) => f.role.role);
    expect(roles).toEqual(found ? ['malloc', 'free', 'dlmalloc-rs alloc'] : []);
  });

  test('mappings come and go in silence; a buffer that was parsed, and so freed, is a use after free', async () => {
    const { exports, findings, allocate } = await start();
    for (let round = 0; round < 50; round++) {
      const parsed = exports.parse_mappings!(allocate());
      expect(parsed).not.toBe(0);
      exports.compute_column_spans!(parsed);
      exports.free_mappings!(parsed);
    }
    expect(findings).toEqual([]);
    const block = allocate();
    exports.free_mappings!(exports.parse_mappings!(block));
    try {
      exports.parse_mappings!(block);
    } catch {
      // It frees what it parsed: its own panic may follow the report.
    }
    expect(findings[0]).toBe('heap-use-after-free');
  });
});

describe('wee_alloc', () => {
  const bytes = file('../../node_modules/blurhash-wasm/blurhash_wasm_bg.wasm');
  const imports = { './blurhash_wasm.js': {} };
  const HASH = 'LEHV6nWB2yk8pyo0adR*.7kCMdnj';
  const [WIDTH, HEIGHT] = [12, 9];

  const start = async () => {
    const { exports, findings } = await run(bytes, imports);
    return { exports, findings, ...driver(exports) };
  };

  function driver(exports: Exports) {
    const memory = () => (exports as unknown as { memory: WebAssembly.Memory }).memory.buffer;
    const text = (room = HASH.length) => {
      const at = exports.__wbindgen_malloc!(room);
      new Uint8Array(memory(), at, HASH.length).set(new TextEncoder().encode(HASH));
      return at;
    };
    /** As the package's own JavaScript: what is returned is written to address 8. */
    const decode = (at: number, length = HASH.length) => {
      exports.decode!(8, at, length, WIDTH, HEIGHT);
      const [pixels, size] = new Uint32Array(memory(), 8, 2) as unknown as [number, number];
      if (pixels === 0) return [];
      const copy = [...new Uint8Array(memory(), pixels, size)];
      exports.__wbindgen_free!(pixels, size);
      return copy;
    };
    return { text, decode };
  }

  test.each([
    ['as it is', bytes],
    ['stripped', strip(bytes)],
  ])('%s: alloc and dealloc are found, and confirmed by a probe run', (_, module) => {
    const { functions, layout, confidence } = inspect(module).allocator;
    expect(functions.map((f) => f.role.role)).toEqual(['__rust_alloc', '__rust_dealloc']);
    expect({ layout, confidence }).toEqual({ layout: 'around', confidence: 'high' });
  });

  test('pictures are the same, and nothing is told', async () => {
    const plain = await WebAssembly.instantiate(bytes as BufferSource, imports);
    const right = driver(plain.instance.exports as unknown as Exports);
    const { text, decode, exports, findings } = await start();
    const picture = right.decode(right.text());
    expect(picture.length).toBe(WIDTH * HEIGHT * 4);
    for (let round = 0; round < 20; round++) expect(decode(text())).toEqual(picture);
    expect(exports.__wbindgen_malloc!(70_000) % 4).toBe(0);
    expect(findings).toEqual([]);
  });

  test('a text that is longer than its block, one that was freed, and one freed twice are told', async () => {
    const over = await start();
    over.decode(over.text(HASH.length - 8));
    expect(new Set(over.findings)).toEqual(new Set(['heap-buffer-overflow', 'new-delete-type-mismatch']));
    const { text, decode, exports, findings } = await start();
    const freed = text();
    exports.__wbindgen_free!(freed, HASH.length);
    expect(findings).toEqual([]);
    exports.__wbindgen_free!(freed, HASH.length);
    expect(findings).toEqual(['double-free']);
    decode(freed);
    expect(findings[1]).toBe('heap-use-after-free');
  });
});
