// The heap wrapper's rules one by one: redzones, quarantine, every allocator family, every way to free wrongly.
import { describe, expect, test } from 'vitest';
import * as abi from '../../runtime/abi.ts';
import { VARIANTS } from '../../runtime/build.mts';
import { ALL_FLAGS, Harness, HEAP_START } from '../support/runtime-harness.ts';

const FA = abi.ASAN_HEAP_LEFT_REDZONE;
const FC = abi.ASAN_HEAP_RIGHT_REDZONE;
const FD = abi.ASAN_HEAP_FREED;

/** Adds a flag to the defaults, or takes some away. */
const flags = (more: number, fewer = 0) => ({ [abi.HEADER_FLAGS]: (ALL_FLAGS | more) & ~fewer });

describe('redzones', () => {
  test.each([
    [0, 16],
    [48, 16],
    [49, 16],
    [96, 16],
    [97, 32],
    [448, 32],
    [449, 64],
    [3968, 64],
    [3969, 128],
    [16128, 128],
    [16129, 256],
    [32256, 256],
    [32257, 512],
    [64512, 512],
    [64513, 1024],
  ])('a chunk of %i bytes has %i on each side', (size, side) => {
    const h = new Harness();
    const p = h.call('asan_malloc', size);
    const body = Math.max(8, Math.ceil(size / 8) * 8);
    expect(h.originals).toEqual([`malloc ${side + body + side}`]);
    expect(p % 16).toBe(0);
    expect(h.shadows(p - side, side / 8)).toEqual(Array(side / 8).fill(FA));
    expect(h.shadow(p - side - 8)).toBe(0);
    expect(h.shadows(p + body, side / 8)).toEqual(Array(side / 8).fill(FC));
    expect(h.shadow(p + body + side)).toBe(0);
  });

  test('the smallest and largest gap are options', () => {
    const wide = new Harness({ header: { [abi.HEADER_REDZONE]: 128 } });
    wide.call('asan_malloc', 1);
    expect(wide.originals).toEqual(['malloc 136']);
    const narrow = new Harness({ header: { [abi.HEADER_MAX_REDZONE]: 64 } });
    narrow.call('asan_malloc', 64513);
    expect(narrow.originals).toEqual([`malloc ${64520 + 64}`]);
  });

  test('a rest of 1..7 bytes is a valid prefix', () => {
    const h = new Harness();
    const p = h.call('asan_malloc', 13);
    expect(h.shadows(p - 16, 7)).toEqual([FA, FA, 0, 5, FC, FC, 0]);
  });

  test('poison_heap=0 leaves the shadow alone and still tracks chunks', () => {
    const h = new Harness({ header: flags(0, abi.FLAG_POISON_HEAP) });
    const p = h.call('asan_malloc', 13);
    h.call('asan_free', p);
    expect(h.shadows(p - 16, 7)).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(h.kinds(() => h.call('asan_free', p))).toEqual([abi.KIND_DOUBLE_FREE]);
  });

  test('aligned allocation keeps at least a redzone in front', () => {
    for (const align of [8, 16, 32, 256, 4096]) {
      const h = new Harness();
      const p = h.call('asan_memalign', align, 100);
      expect(p % align).toBe(0);
      expect(h.shadows(p - 16, 2)).toEqual([FA, FA]);
      expect(h.kinds(() => h.store(4, p - 4))).toEqual([abi.KIND_HEAP_OOB]);
      expect(h.kinds(() => h.store(1, p + 100))).toEqual([abi.KIND_HEAP_OOB]);
      expect(h.kinds(() => h.call('asan_free', p))).toEqual([]);
    }
  });

  test('scheme=kasan has codes of its own, and others above its largest cached size', () => {
    const h = new Harness({ header: { [abi.HEADER_SCHEME]: abi.SCHEME_KASAN } });
    const small = h.call('asan_malloc', 20);
    expect(h.shadows(small - 8, 5)).toEqual([0xfc, 0, 0, 4, 0xfc]);
    h.call('asan_free', small);
    expect(h.shadows(small - 8, 5)).toEqual([0xfc, 0xfa, 0xfb, 0xfb, 0xfc]);
    const large = h.call('asan_malloc', 8193);
    expect([h.shadow(large - 8), h.shadow(large + 8192), h.shadow(large + 8200)]).toEqual([0xfe, 1, 0xfe]);
    h.call('asan_free', large);
    expect([h.shadow(large), h.shadow(large + 8192)]).toEqual([0xff, 0xff]);
    expect(h.kinds(() => h.load(1, large))).toEqual([abi.KIND_PAGE_UAF]);
    expect(h.kinds(() => h.load(1, small))).toEqual([abi.KIND_HEAP_UAF]);
  });
});

describe('quarantine', () => {
  test('is first in, first out, and bounded in bytes', () => {
    const h = new Harness({ header: { [abi.HEADER_QUARANTINE_LIMIT]: 3 * (100 + 64) } });
    const chunks = [1, 2, 3, 4, 5].map(() => h.call('asan_malloc', 100));
    const raw = (p: number) => `free ${p - 32}`;
    h.originals.length = 0;
    for (const p of chunks.slice(0, 3)) h.call('asan_free', p);
    expect(h.originals).toEqual([]);
    h.call('asan_free', chunks[3]!);
    expect(h.originals).toEqual([raw(chunks[0]!)]);
    h.call('asan_free', chunks[4]!);
    expect(h.originals).toEqual([raw(chunks[0]!), raw(chunks[1]!)]);
    expect(h.get(abi.HEADER_QUARANTINE_BYTES)).toBe(3 * 164);
    expect(h.get(abi.HEADER_STAT_EVICTED)).toBe(2);
  });

  test('keeps freed memory poisoned after eviction, until it is handed out again', () => {
    const h = new Harness({ header: { [abi.HEADER_QUARANTINE_LIMIT]: 1 } });
    const p = h.call('asan_malloc', 24);
    h.call('asan_free', p);
    expect(h.allocator.live).toBe(0);
    expect(h.kinds(() => h.load(8, p))).toEqual([abi.KIND_HEAP_UAF]);
    expect(h.kinds(() => h.call('asan_free', p))).toEqual([abi.KIND_DOUBLE_FREE]); // told by the shadow alone
    expect(h.call('asan_malloc', 24)).toBe(p);
    expect(h.kinds(() => h.load(8, p))).toEqual([]);
  });

  test('gives everything back when the original runs out, and the allocation succeeds', () => {
    const h = new Harness({ pages: 2 });
    const big = 20000;
    const first = h.call('asan_malloc', big);
    const second = h.call('asan_malloc', big);
    h.call('asan_free', first);
    h.call('asan_free', second);
    const again = [h.call('asan_malloc', big), h.call('asan_malloc', big), h.call('asan_malloc', big)];
    expect(again.every((p) => p !== 0)).toBe(true);
    expect(h.reports).toEqual([]);
    expect(h.kinds(() => h.store(8, again[2]! + big - 8))).toEqual([]);
  });

  test('out of memory for good: null, and a report if null is not allowed', () => {
    const quiet = new Harness();
    quiet.exhausted = true;
    expect(quiet.kinds(() => expect(quiet.call('asan_malloc', 8)).toBe(0))).toEqual([]);
    const strict = new Harness({ header: flags(0, abi.FLAG_ALLOCATOR_MAY_RETURN_NULL) });
    strict.exhausted = true;
    expect(strict.kinds(() => strict.call('asan_malloc', 8))).toEqual([abi.KIND_OUT_OF_MEMORY]);
  });
});

describe('the C family', () => {
  test('calloc zeroes what the original left dirty', () => {
    const h = new Harness();
    new Uint8Array(h.program.buffer).fill(0xaa, HEAP_START);
    const p = h.call('asan_calloc', 5, 7);
    const bytes = new Uint8Array(h.program.buffer);
    expect([...bytes.subarray(p, p + 35)]).toEqual(Array(35).fill(0));
    expect(bytes[p + 35]).toBe(0xaa);
  });

  test('calloc and reallocarray overflow: null, as the original fails, with a report where null is not allowed', () => {
    for (const [name, args, kind] of [
      ['asan_calloc', [], abi.KIND_CALLOC_OVERFLOW],
      ['asan_reallocarray', [0], abi.KIND_REALLOCARRAY_OVERFLOW],
    ] as const) {
      const quiet = new Harness();
      expect(quiet.call(name, ...args, 65536, 65537)).toBe(0);
      expect(quiet.reports).toEqual([]);
      expect(quiet.originals).toEqual([`malloc ${2 ** 32 - 64}`]); // so that errno is set
      const strict = new Harness({ header: flags(0, abi.FLAG_ALLOCATOR_MAY_RETURN_NULL) });
      expect(strict.reported(() => strict.call(name, ...args, 65536, 65537))).toMatchObject([
        { kind, extra0: 65536, extra1: 65537 },
      ]);
    }
  });

  test('realloc keeps contents, moves always, and leaves the old place to the quarantine', () => {
    const h = new Harness();
    const p = h.call('asan_malloc', 10);
    const bytes = () => new Uint8Array(h.program.buffer);
    bytes().set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], p);
    bytes().fill(0xaa, p + 10); // also where the new chunk will be
    bytes().fill(0xbb, p + 10, p + 16);
    const larger = h.call('asan_realloc', p, 100);
    expect(larger).not.toBe(p);
    expect([...bytes().subarray(larger, larger + 10)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(new Set(bytes().subarray(larger + 10, larger + 100))).toEqual(new Set([0xaa])); // not read past the old end
    const smaller = h.call('asan_realloc', larger, 3);
    expect([...bytes().subarray(smaller, smaller + 3)]).toEqual([1, 2, 3]);
    expect(h.kinds(() => h.load(1, p))).toEqual([abi.KIND_HEAP_UAF]);
    expect(h.kinds(() => h.store(1, smaller + 3))).toEqual([abi.KIND_HEAP_OOB]);
    expect(h.get(abi.HEADER_STAT_REALLOCS)).toBe(2);
  });

  test('realloc(null), realloc(p, 0) in both readings, realloc that fails', () => {
    const h = new Harness();
    const p = h.call('asan_realloc', 0, 8);
    expect(h.kinds(() => h.load(8, p))).toEqual([]);
    const empty = h.call('asan_realloc', p, 0);
    expect(empty).not.toBe(0);
    expect(h.kinds(() => h.load(1, empty))).toEqual([abi.KIND_HEAP_OOB]);
    const freeing = new Harness({ header: flags(abi.FLAG_REALLOC_ZERO_FREES) });
    const q = freeing.call('asan_malloc', 8);
    expect(freeing.call('asan_realloc', q, 0)).toBe(0);
    expect(freeing.kinds(() => freeing.load(8, q))).toEqual([abi.KIND_HEAP_UAF]);
    const r = h.call('asan_malloc', 8);
    h.exhausted = true;
    expect(h.call('asan_realloc', r, 16)).toBe(0);
    expect(h.kinds(() => h.load(8, r))).toEqual([]); // the old chunk is still the caller's
  });

  test('realloc of what is not a live chunk reports, answers null and changes nothing', () => {
    for (const [scheme, kind] of [
      [abi.SCHEME_ASAN, abi.KIND_DOUBLE_FREE],
      [abi.SCHEME_KASAN, abi.KIND_HEAP_UAF],
    ] as const) {
      const h = new Harness({ header: { [abi.HEADER_SCHEME]: scheme } });
      const p = h.call('asan_malloc', 30);
      expect(h.kinds(() => expect(h.call('asan_realloc', p + 8, 10)).toBe(0))).toEqual([abi.KIND_BAD_FREE]);
      h.call('asan_free', p);
      const before = h.shadows(p - 16, 8);
      expect(h.kinds(() => expect(h.call('asan_realloc', p, 60)).toBe(0))).toEqual([kind]);
      expect(h.shadows(p - 16, 8)).toEqual(before);
    }
  });

  test('posix_memalign stores the pointer in the program and answers errno', () => {
    for (const variant of VARIANTS) {
      const h = new Harness({ variant });
      expect(h.call('asan_posix_memalign', 2048, 64, 10)).toBe(0);
      const view = new DataView(h.program.buffer);
      const p = h.wide ? Number(view.getBigUint64(2048, true)) : view.getUint32(2048, true);
      expect(p % 64).toBe(0);
      expect(h.kinds(() => h.load(1, p + 10))).toEqual([abi.KIND_HEAP_OOB]);
      expect(h.call('asan_posix_memalign', 2048, 24, 10)).toBe(28); // EINVAL
      expect(h.call('asan_posix_memalign', 2048, 2, 10)).toBe(28);
      h.exhausted = true;
      expect(h.call('asan_posix_memalign', 2048, 16, 10)).toBe(48); // ENOMEM
    }
  });

  test('an alignment that is no power of two fails, with a report where null is not allowed', () => {
    const h = new Harness({ header: flags(0, abi.FLAG_ALLOCATOR_MAY_RETURN_NULL) });
    expect(h.reported(() => expect(h.call('asan_aligned_alloc', 24, 10)).toBe(0))).toMatchObject([
      { kind: abi.KIND_BAD_ALIGNMENT, extra0: 24 },
    ]);
  });

  test('malloc_usable_size answers the request', () => {
    const h = new Harness();
    const p = h.call('asan_malloc', 115);
    expect(h.call('asan_malloc_usable_size', p)).toBe(115);
    expect(h.call('asan_malloc_usable_size', 0)).toBe(0);
    expect(h.kinds(() => h.call('asan_malloc_usable_size', p + 1))).toEqual([abi.KIND_BAD_USABLE_SIZE]);
    h.call('asan_free', p);
    expect(h.kinds(() => h.call('asan_malloc_usable_size', p))).toEqual([abi.KIND_BAD_USABLE_SIZE]);
    const kasan = new Harness({ header: { [abi.HEADER_SCHEME]: abi.SCHEME_KASAN } });
    const q = kasan.call('asan_malloc', 115);
    kasan.call('asan_free', q);
    expect(kasan.reported(() => kasan.call('asan_malloc_usable_size', q))).toMatchObject([
      { kind: abi.KIND_HEAP_UAF, access: abi.ACCESS_READ, size: 1, addr: q },
    ]);
  });

  test('sizes that cannot be: too big for the option, for the address space, with redzones', () => {
    for (const size of [5000, 2 ** 32 - 1, 2 ** 32 - 40]) {
      const h = new Harness({
        header: { ...flags(0, abi.FLAG_ALLOCATOR_MAY_RETURN_NULL), [abi.HEADER_MAX_ALLOCATION]: 4096 },
      });
      expect(h.reported(() => expect(h.call('asan_malloc', size)).toBe(0))).toMatchObject([
        { kind: abi.KIND_ALLOCATION_TOO_BIG, size },
      ]);
    }
    const h = new Harness();
    expect(h.call('asan_malloc', 2 ** 32 - 1)).toBe(0);
    expect(h.reports).toEqual([]);
  });
});

describe('freeing wrongly', () => {
  test('null is fine; the interior, the stack, a global, anything else is not', () => {
    const h = new Harness();
    const p = h.call('asan_malloc', 64);
    expect(h.kinds(() => h.call('asan_free', 0))).toEqual([]);
    for (const pointer of [p + 1, p + 8, p + 16, p - 16, 2000, 4, 2 ** 31]) {
      expect(
        h.reported(() => h.call('asan_free', pointer)),
        `${pointer}`,
      ).toMatchObject([{ kind: abi.KIND_BAD_FREE, addr: pointer, access: abi.ACCESS_FREE }]);
    }
    expect(h.kinds(() => h.load(8, p))).toEqual([]); // refused: still alive
    expect(h.originals).toEqual(['malloc 96']);
  });

  test('a bad free names the chunk the pointer lies in', () => {
    const h = new Harness();
    const p = h.call('asan_malloc', 64);
    const [report] = h.reported(() => h.call('asan_free', p + 40));
    expect(h.get(report!.chunk + abi.CHUNK_BEGIN) * 8).toBe(p);
    expect(h.reported(() => h.call('asan_free', 2000))).toMatchObject([{ chunk: 0 }]);
  });

  test('double free, with both stacks in the chunk', () => {
    const h = new Harness();
    h.callStack(7, 8);
    const p = h.call('asan_malloc', 5);
    h.callStack(7, 9);
    h.call('asan_free', p);
    h.callStack(7, 10);
    const [report] = h.reported(() => h.call('asan_free', p));
    expect(report).toMatchObject({ kind: abi.KIND_DOUBLE_FREE, site: 10, stack: [10, 7] });
    expect(h.stack(h.get(report!.chunk + abi.CHUNK_ALLOC_STACK))).toEqual([8, 7]);
    expect(h.stack(h.get(report!.chunk + abi.CHUNK_FREE_STACK))).toEqual([9, 7]);
  });

  test('bad frees are told even while accesses are not judged, but not before init', () => {
    const h = new Harness();
    const p = h.call('asan_malloc', 5);
    h.call('depth_enter');
    expect(h.kinds(() => h.load(8, p + 8))).toEqual([]);
    expect(h.kinds(() => h.call('asan_free', p + 1))).toEqual([abi.KIND_BAD_FREE]);
    const early = new Harness({ early: true });
    expect(early.kinds(() => early.call('asan_free', 4096))).toEqual([]);
  });

  test.each([
    ['asan_malloc', 'asan_delete'],
    ['asan_malloc', 'asan_delete_array'],
    ['asan_new', 'asan_free'],
    ['asan_new', 'asan_delete_array'],
    ['asan_new_array', 'asan_delete'],
    ['asan_new_array', 'asan_free'],
  ])('%s then %s is a mismatch', (allocate, free) => {
    const h = new Harness();
    const p = h.call(allocate, 12);
    expect(h.kinds(() => h.call(free, p))).toEqual([abi.KIND_ALLOC_DEALLOC_MISMATCH]);
    expect(h.kinds(() => h.load(1, p))).toEqual([abi.KIND_HEAP_UAF]); // it was freed all the same
    const lax = new Harness({ header: flags(0, abi.FLAG_ALLOC_DEALLOC_MISMATCH) });
    expect(lax.kinds(() => lax.call(free, lax.call(allocate, 12)))).toEqual([]);
  });

  test('sized delete with another size', () => {
    const h = new Harness();
    expect(h.kinds(() => h.call('asan_delete_sized', h.call('asan_new', 12), 12))).toEqual([]);
    expect(h.reported(() => h.call('asan_delete_sized', h.call('asan_new', 12), 16))).toMatchObject([
      { kind: abi.KIND_NEW_DELETE_SIZE_MISMATCH, extra0: 16 },
    ]);
    // An array deleted as its element: which of the two is wrong is the family.
    expect(h.kinds(() => h.call('asan_delete_sized', h.call('asan_new_array', 12), 4))).toEqual([
      abi.KIND_ALLOC_DEALLOC_MISMATCH,
    ]);
    const lax = new Harness({ header: flags(0, abi.FLAG_NEW_DELETE_TYPE_MISMATCH) });
    expect(lax.kinds(() => lax.call('asan_delete_sized', lax.call('asan_new', 12), 16))).toEqual([]);
  });
});

describe('other families', () => {
  test('operator new asks the original when there is no memory left, so that it fails in its own way', () => {
    const h = new Harness();
    h.exhausted = true;
    expect(h.call('asan_new', 12)).toBe(0);
    expect(h.originals).toEqual(['malloc 48', 'operator_new 16']);
  });

  test("Rust's dealloc gets back the size and alignment that alloc was asked for", () => {
    const h = new Harness({ header: { [abi.HEADER_QUARANTINE_LIMIT]: 1 } });
    const p = h.call('asan_rust_alloc', 100, 64);
    expect(p % 64).toBe(0);
    const q = h.call('asan_rust_realloc', p, 100, 64, 1000);
    expect(q % 64).toBe(0);
    h.call('asan_rust_dealloc', q, 1000, 64);
    const [, first, second] = /rust_alloc (\d+) 64,rust_alloc (\d+) 64/.exec(h.originals.slice(0, 2).join()) ?? [];
    expect(h.originals.slice(2).map((line) => line.replace(/dealloc \d+/, 'dealloc'))).toEqual([
      `rust_dealloc ${first} 64`,
      `rust_dealloc ${second} 64`,
    ]);
    expect(h.reports).toEqual([]);
    const r = h.call('asan_rust_alloc', 10, 1);
    expect(h.kinds(() => h.call('asan_rust_dealloc', r, 11, 1))).toEqual([abi.KIND_NEW_DELETE_SIZE_MISMATCH]);
  });

  test("wasm-bindgen's buffers may be freed by Rust", () => {
    const h = new Harness();
    const p = h.call('asan_wbindgen_malloc', 10, 1);
    expect(h.kinds(() => h.call('asan_rust_dealloc', p, 10, 1))).toEqual([]);
    expect(h.kinds(() => h.call('asan_free', h.call('asan_wbindgen_malloc', 10, 1)))).toEqual([
      abi.KIND_ALLOC_DEALLOC_MISMATCH,
    ]);
  });

  const ROOT = 1024;

  test('AssemblyScript: no left redzone, and the next block header stays readable', () => {
    const h = new Harness();
    const p = h.call('asan_as_allocate_block', ROOT, 20) + 4;
    expect(h.originals).toEqual(['as_allocate_block 1024 40']);
    expect(h.shadows(p - 8, 7)).toEqual([0, 0, 0, 4, FC, FC, 0]);
    expect(h.kinds(() => h.load(4, p - 4))).toEqual([]);
    const info = () => new DataView(h.program.buffer).getUint32(p - 4, true);
    new DataView(h.program.buffer).setUint32(p - 4, info() | 1, true);
    h.call('asan_as_insert_block', ROOT, p - 4);
    expect(info()).toBe(44); // in use, as long as it waits
    expect(h.shadows(p - 8, 5)).toEqual([0, FD, FD, FD, FC]);
    expect(h.kinds(() => h.call('asan_as_insert_block', ROOT, p - 4))).toEqual([abi.KIND_DOUBLE_FREE]);
    expect(h.kinds(() => h.call('asan_as_insert_block', ROOT, 2048))).toEqual([]); // what never was the program's
    expect(h.originals).toEqual(['as_allocate_block 1024 40', 'as_insert_block 1024 2048']);
  });

  test('AssemblyScript: headers stay readable in what was freed, and a block given back is free', () => {
    const h = new Harness({ header: { [abi.HEADER_QUARANTINE_LIMIT]: 1 } });
    const block = h.call('asan_as_allocate_block', ROOT, 100);
    h.call('asan_as_insert_block', ROOT, block);
    expect(h.originals.at(-1)).toBe(`as_insert_block 1024 ${block}`);
    expect(new DataView(h.program.buffer).getUint32(block, true) & 1).toBe(1);
    const again = h.call('asan_as_allocate_block', ROOT, 4) + 4;
    expect(again).toBe(block + 4);
    expect(h.shadows(again - 8, 7)).toEqual([0, 4, FC, FC, 0, FD, FD]);
  });

  test('AssemblyScript: a block that is resized where it lies keeps a redzone if there is room for one', () => {
    const h = new Harness();
    const block = h.call('asan_as_allocate_block', ROOT, 60);
    const p = block + 4;
    new DataView(h.program.buffer).setUint32(block, 92, true);
    h.call('asan_as_prepare_block', ROOT, block, 44);
    expect(h.originals.at(-1)).toBe('as_prepare_block 60');
    expect(h.shadows(p, 8)).toEqual([0, 0, 0, 0, 0, 4, FC, 0]);
    new DataView(h.program.buffer).setUint32(block, 60, true);
    h.call('asan_as_prepare_block', ROOT, block, 60);
    expect(h.originals.at(-1)).toBe('as_prepare_block 60');
    expect(h.shadows(p, 8)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    const moved = h.call('asan_as_move_block', ROOT, block, 80);
    expect(h.shadows(p, 8)).toEqual([FD, FD, FD, FD, FD, FD, FD, 0]);
    expect(h.kinds(() => h.call('asan_as_move_block', ROOT, block, 80))).toEqual([abi.KIND_DOUBLE_FREE]);
    expect(h.kinds(() => h.call('asan_as_prepare_block', ROOT, block, 12))).toEqual([abi.KIND_DOUBLE_FREE]);
    h.call('asan_as_insert_block', ROOT, moved);
    expect(h.get(abi.HEADER_STAT_LIVE_BYTES)).toBe(0);
  });

  test('AssemblyScript: an object that grew in place is followed, as far as its block goes', () => {
    for (const variant of VARIANTS) {
      const h = new Harness({ variant });
      const p = h.call('asan_as_allocate_block', ROOT, 16 + 10) + 4;
      const view = new DataView(h.program.buffer);
      const header = (block: number, rtSize: number) => {
        view.setUint32(p - 4, block | 1, true);
        view.setUint32(p + 12, rtSize, true);
      };
      header(60, 10);
      expect(h.kinds(() => h.load(1, p + 16 + 10))).toEqual([abi.KIND_HEAP_OOB]);
      header(60, 21);
      expect(h.kinds(() => h.store(4, p + 16 + 17))).toEqual([]);
      expect(h.shadows(p, 7)).toEqual([0, 0, 0, 0, 5, FC, 0]);
      expect(h.kinds(() => h.store(1, p + 16 + 21))).toEqual([abi.KIND_HEAP_OOB]);
      header(60, 45); // 61 bytes do not fit into the block: its header is not believed
      expect(h.kinds(() => h.call('check_range_load', p + 16, 30, 0))).toEqual([abi.KIND_HEAP_OOB]);
      header(60, 44);
      expect(h.kinds(() => h.call('check_range_load', p + 16, 44, 0))).toEqual([]);
      h.call('asan_as_insert_block', ROOT, p - 4);
      expect(h.shadows(p, 8)).toEqual([FD, FD, FD, FD, FD, FD, FD, 0]); // the last granule holds the next mmInfo
      expect(h.get(abi.HEADER_STAT_LIVE_BYTES)).toBe(0);
      expect(h.get(abi.HEADER_QUARANTINE_BYTES)).toBeGreaterThan(0);
    }
  });
});

describe('bookkeeping', () => {
  test('thousands of chunks: records move, the index grows, and everything is still found', () => {
    const h = new Harness({ pages: 16, header: { [abi.HEADER_QUARANTINE_LIMIT]: 40000 } });
    const live: number[] = [];
    for (let i = 0; i < 5000; i++) {
      h.callStack(i + 1); // a new stack each time: the depot keeps the record array from growing in place
      live.push(h.call('asan_malloc', 8 + (i % 5)));
      if (i % 3 === 0) h.call('asan_free', live.splice((i * 7) % live.length, 1)[0]!);
    }
    expect(h.get(abi.HEADER_CHUNK_COUNT)).toBeGreaterThan(2048);
    expect(new Set(live).size).toBe(live.length);
    for (const p of live) expect(h.call('asan_malloc_usable_size', p)).toBeGreaterThanOrEqual(8);
    for (const p of live) h.call('asan_free', p);
    expect(h.reports).toEqual([]);
    expect(h.get(abi.HEADER_STAT_MALLOCS)).toBe(5000);
    expect(h.get(abi.HEADER_STAT_FREES)).toBe(5000);
    expect(h.get(abi.HEADER_STAT_LIVE_BYTES)).toBe(0);
    expect(h.allocator.live).toBe(h.get(abi.HEADER_INDEX_USED));
    const listed = (first: number) => {
      const chunks: number[] = [];
      for (let chunk = first; chunk; chunk = h.get(chunk + abi.CHUNK_NEXT)) chunks.push(chunk);
      return chunks;
    };
    const lanes = Array.from({ length: abi.QUARANTINE_LANES }, (_, i) => listed(h.get(abi.QUARANTINE_HEADS + 4 * i)));
    lanes.forEach((lane, i) => expect(lane.at(-1)).toBe(h.get(abi.QUARANTINE_TAILS + 4 * i)));
    const waiting = lanes.flat(); // every chunk is now there, or ready to be handed out again
    expect(waiting.length).toBe(h.get(abi.HEADER_QUARANTINE_COME) - h.get(abi.HEADER_QUARANTINE_GONE));
    expect(Math.max(...lanes.map((l) => l.length)) - Math.min(...lanes.map((l) => l.length))).toBeLessThanOrEqual(1);
    const heads = Array.from({ length: 2 * abi.READY_CLASSES }, (_, i) => h.get(h.get(abi.HEADER_READY) + 4 * i));
    const ready = heads.flatMap(listed);
    expect(ready.length).toBeGreaterThan(0);
    expect(waiting.length + ready.length).toBe(h.allocator.live);
  });

  test('a block out of the quarantine is handed out for the same size, and the original hears nothing of it', () => {
    const h = new Harness({ header: { [abi.HEADER_QUARANTINE_LIMIT]: 4096 } });
    const first = h.call('asan_malloc', 20);
    h.call('asan_free', first);
    for (let i = 0; i < 100; i++) h.call('asan_free', h.call('asan_malloc', 40)); // pushes it out
    const originals = h.originals.length;
    expect(h.kinds(() => h.call('asan_free', first))).toEqual([abi.KIND_DOUBLE_FREE]); // still known
    expect(h.call('asan_malloc', 30)).not.toBe(first); // another size
    expect(h.originals.length).toBe(originals + 1);
    expect(h.call('asan_new', 17)).toBe(first);
    expect(h.originals.length).toBe(originals + 1);
    expect(h.shadows(first - 16, 7)).toEqual([FA, FA, 0, 0, 1, FC, FC]);
    expect(h.call('asan_malloc_usable_size', first)).toBe(17);
    expect(h.kinds(() => h.call('asan_delete_sized', first, 17))).toEqual([]);
  });

  test('no stack is kept where none is asked for', () => {
    const h = new Harness({ header: { [abi.HEADER_CONTEXT_SIZE]: 0 } });
    h.callStack(1, 2);
    const [report] = h.reported(() => h.call('asan_free', h.call('asan_malloc', 8) + 1));
    expect(h.get(report!.chunk + abi.CHUNK_ALLOC_STACK)).toBe(0);
  });

  test('equal stacks share one record of the depot', () => {
    const h = new Harness({ header: { [abi.HEADER_SITE_COUNT]: 0 } }); // no site is remembered
    const stackOf = (...sites: number[]) => {
      h.callStack(...sites);
      const [report] = h.reported(() => h.call('asan_free', h.call('asan_malloc', 8) + 1));
      return h.get(report!.chunk + abi.CHUNK_ALLOC_STACK);
    };
    const first = stackOf(1, 2, 3);
    expect(stackOf(1, 2, 3)).toBe(first);
    expect(stackOf(3, 2, 1)).not.toBe(first);
    expect(stackOf(2, 3)).not.toBe(first);
    expect(h.stack(first)).toEqual([3, 2, 1]);
  });
});
