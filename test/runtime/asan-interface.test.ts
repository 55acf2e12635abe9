// The __asan_* functions that compilers and headers name, in every variant; and that each kind of finding which the
// runtime makes can be made.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as abi from '../../runtime/abi.ts';
import { runtimePath, VARIANTS } from '../../runtime/build.mts';
import { Harness } from '../support/runtime-harness.ts';

const AT = 0x4000;

describe.each(VARIANTS)('%s', (variant) => {
  test('load, store and report calls of every width', () => {
    const h = new Harness({ variant });
    h.call('poison_range', AT, 32, abi.ASAN_USER_POISON);
    for (const size of [1, 2, 4, 8, 16]) {
      for (const [access, flags] of [
        ['load', abi.ACCESS_READ],
        ['store', abi.ACCESS_WRITE],
      ] as const) {
        for (const suffix of ['', '_noabort']) {
          const made = h.reported(() => h.call(`__asan_${access}${size}${suffix}`, AT + 8));
          expect(made).toMatchObject([{ kind: abi.KIND_USER_POISON, addr: AT + 8, size, access: flags }]);
          expect(h.kinds(() => h.call(`__asan_${access}${size}${suffix}`, AT + 32))).toEqual([]);
        }
        // The caller has judged already: reported without looking, at an address that is fine.
        expect(h.reported(() => h.call(`__asan_report_${access}${size}`, AT + 8))).toMatchObject([
          { kind: abi.KIND_USER_POISON, size, access: flags },
        ]);
      }
    }
    expect(h.kinds(() => h.call('__asan_loadN', AT - 4, 4))).toEqual([]);
    expect(h.reported(() => h.call('__asan_loadN', AT - 4, 5))).toMatchObject([
      { addr: AT - 4, size: 5, firstBad: AT },
    ]);
    expect(h.reported(() => h.call('__asan_storeN_noabort', AT + 31, 100))).toMatchObject([{ firstBad: AT + 31 }]);
    expect(h.reported(() => h.call('__asan_report_load_n', AT, 7))).toMatchObject([{ size: 7 }]);
  });

  test('poison and unpoison regions, against bytes: only what a prefix cannot express may differ', () => {
    const operation = fc.record({ poison: fc.boolean(), from: fc.nat(60), size: fc.nat(40) });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 12 }), (operations) => {
        const h = new Harness({ variant, header: { [abi.HEADER_SHADOW_LIMIT]: 0x10000 } });
        const wanted = new Uint8Array(128); // 1 = poisoned
        for (const { poison, from, size } of operations) {
          h.call(poison ? '__asan_poison_memory_region' : '__asan_unpoison_memory_region', AT + from, size);
          wanted.fill(poison ? 1 : 0, from, from + size);
          const actual = Array.from(wanted, (_, i) => h.call('__asan_address_is_poisoned', AT + i));
          // Never poisoned against the program's wish; what was not expressible counts as valid from now on.
          actual.forEach((bit, i) => {
            if (bit) expect(wanted[i], `${JSON.stringify(operations)} byte ${i}`).toBe(1);
            else expect(wanted[i] && expressible(wanted, i), `${JSON.stringify(operations)} byte ${i}`).toBeFalsy();
          });
          wanted.set(actual);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('region_is_poisoned answers the first poisoned byte', () => {
    const h = new Harness({ variant });
    h.call('__asan_poison_memory_region', AT + 13, 11);
    expect(h.call('__asan_region_is_poisoned', AT, 13)).toBe(0);
    expect(h.call('__asan_region_is_poisoned', AT, 64)).toBe(AT + 13);
    expect(h.call('__asan_region_is_poisoned', AT + 24, 40)).toBe(0);
    expect(h.call('__asan_region_is_poisoned', AT, 0)).toBe(0);
    expect(h.kinds(() => h.load(1, AT + 13))).toEqual([abi.KIND_USER_POISON]);
  });

  test('alloca: 32 bytes of CA before, CB over the padding and 32 bytes more', () => {
    const h = new Harness({ variant });
    h.call('__asan_alloca_poison', AT, 10);
    expect(h.shadows(AT - 40, 14)).toEqual([0, ...Array(4).fill(0xca), 0, 2, ...Array(6).fill(0xcb), 0]);
    expect(h.kinds(() => h.load(1, AT - 1))).toEqual([abi.KIND_ALLOCA_OOB]);
    expect(h.kinds(() => h.load(1, AT + 10))).toEqual([abi.KIND_ALLOCA_OOB]);
    h.call('__asan_allocas_unpoison', AT - 32, AT + 64);
    expect(new Set(h.shadows(AT - 40, 14))).toEqual(new Set([0]));
  });

  test('globals: valid to their size, F9 from the next granule to the end of their redzone', () => {
    const h = new Harness({ variant });
    const view = new DataView(h.program.buffer);
    const word = (index: number, value: number) => {
      if (h.wide) view.setBigUint64(2048 + 8 * index, BigInt(value), true);
      else view.setUint32(2048 + 4 * index, value, true);
    };
    [AT, 10, 64, 0, 0, 0, 0, 0, AT + 64, 32, 64, 0, 0, 0, 0, 0].forEach((value, i) => word(i, value));
    h.call('__asan_register_globals', 2048, 2);
    expect(h.shadows(AT, 16)).toEqual([0, 2, ...Array(6).fill(0xf9), 0, 0, 0, 0, 0xf9, 0xf9, 0xf9, 0xf9]);
    expect(h.kinds(() => h.load(1, AT + 13))).toEqual([abi.KIND_GLOBAL_OOB]);
    h.call('__asan_unregister_globals', 2048, 2);
    expect(new Set(h.shadows(AT, 16))).toEqual(new Set([0]));
  });

  test('memory functions judge the source, then the destination, and act', () => {
    const h = new Harness({ variant });
    const p = h.call('asan_malloc', 16);
    const q = h.call('asan_malloc', 24);
    const made = h.reported(() => h.call('__asan_memcpy', q, p, 20));
    expect(made).toMatchObject([{ addr: p, size: 20, firstBad: p + 16, access: abi.ACCESS_READ | abi.ACCESS_RANGE }]);
    expect(h.reported(() => h.call('__asan_memmove', p, q, 20))).toMatchObject([
      { addr: p, access: abi.ACCESS_WRITE | abi.ACCESS_RANGE },
    ]);
    expect(h.reported(() => h.call('__asan_memset', p, 0x5a, 17))).toMatchObject([
      { addr: p, size: 17, firstBad: p + 16 },
    ]);
    expect(new Uint8Array(h.program.buffer)[p + 15]).toBe(0x5a);
    const minus2 = h.wide ? 2 ** 64 - 2 ** 12 : 2 ** 32 - 2;
    const negative = h.reported(() => h.call('check_range_load', p + 4, minus2, 0));
    expect(negative).toMatchObject([{ kind: abi.KIND_NEGATIVE_SIZE, size: minus2 }]);
  });

  test('containers: what lies behind the size is poison; nonsense is reported', () => {
    const h = new Harness({ variant });
    const p = h.call('asan_malloc', 40);
    const annotate = (from: number, to: number) =>
      h.call('__sanitizer_annotate_contiguous_container', p, p + 40, p + from, p + to);
    annotate(40, 12);
    expect(h.kinds(() => h.load(1, p + 11))).toEqual([]);
    expect(h.kinds(() => h.load(1, p + 12))).toEqual([abi.KIND_CONTAINER]);
    expect(h.kinds(() => h.load(8, p + 32))).toEqual([abi.KIND_CONTAINER]);
    annotate(12, 33);
    expect(h.kinds(() => h.load(1, p + 32))).toEqual([]);
    expect(h.kinds(() => h.load(1, p + 33))).toEqual([abi.KIND_HEAP_OOB]); // as in LLVM: the next granule names it
    annotate(33, 40);
    expect(h.kinds(() => h.load(8, p + 32))).toEqual([]);
    expect(h.kinds(() => annotate(40, 41))).toEqual([abi.KIND_BAD_CONTIGUOUS_CONTAINER]);
  });
});

/** Poison of byte i can be written down if every later byte of its granule is poisoned too. */
function expressible(wanted: Uint8Array, i: number): boolean {
  const end = i - (i % 8) + 8;
  return wanted.subarray(i, end).every((bit) => bit === 1);
}

describe('kinds', () => {
  const asan: [number, number][] = [
    [abi.ASAN_HEAP_LEFT_REDZONE, abi.KIND_HEAP_OOB],
    [abi.ASAN_HEAP_RIGHT_REDZONE, abi.KIND_HEAP_OOB],
    [abi.ASAN_HEAP_FREED, abi.KIND_HEAP_UAF],
    [abi.ASAN_STACK_AFTER_SCOPE, abi.KIND_STACK_AFTER_SCOPE],
    [abi.ASAN_CONTAINER, abi.KIND_CONTAINER],
    [abi.ASAN_INTERNAL, abi.KIND_UNKNOWN],
  ];
  const kasan: [number, number][] = [
    [abi.KASAN_PAGE_FREE, abi.KIND_PAGE_UAF],
    [abi.KASAN_PAGE_REDZONE, abi.KIND_HEAP_OOB],
    [abi.KASAN_SLAB_REDZONE, abi.KIND_HEAP_OOB],
    [abi.KASAN_SLAB_FREE, abi.KIND_HEAP_UAF],
    [abi.KASAN_SLAB_FREE_META, abi.KIND_HEAP_UAF],
    [abi.KASAN_VMALLOC_INVALID, abi.KIND_VMALLOC_OOB],
    [abi.KASAN_STACK_AFTER_SCOPE, abi.KIND_STACK_AFTER_SCOPE],
    [abi.KASAN_CONTAINER, abi.KIND_CONTAINER],
  ];
  const both: [number, number][] = [
    [abi.ASAN_STACK_LEFT, abi.KIND_STACK_UNDERFLOW],
    [abi.ASAN_STACK_MID, abi.KIND_STACK_OOB],
    [abi.ASAN_STACK_RIGHT, abi.KIND_STACK_OOB],
    [abi.ASAN_STACK_AFTER_RETURN, abi.KIND_STACK_AFTER_RETURN],
    [abi.ASAN_GLOBAL_REDZONE, abi.KIND_GLOBAL_OOB],
    [abi.ASAN_INIT_ORDER, abi.KIND_INIT_ORDER],
    [abi.ASAN_USER_POISON, abi.KIND_USER_POISON],
    [abi.ASAN_ARRAY_COOKIE, abi.KIND_HEAP_OOB],
    [abi.ASAN_INTRA_OBJECT, abi.KIND_INTRA_OBJECT],
    [abi.ASAN_ALLOCA_LEFT, abi.KIND_ALLOCA_OOB],
    [abi.ASAN_ALLOCA_RIGHT, abi.KIND_ALLOCA_OOB],
    [abi.NULL_PAGE, abi.KIND_NULL],
    [abi.VMA_UNMAPPED, abi.KIND_USE_AFTER_MUNMAP],
    [abi.VMA_NO_ACCESS, abi.KIND_PROT_NONE],
    [abi.VMA_READ_ONLY, abi.KIND_WRITE_TO_READ_ONLY],
    [abi.READ_ONLY_DATA, abi.KIND_RODATA_WRITE],
  ];

  test.each([
    ['asan', abi.SCHEME_ASAN, [...asan, ...both]],
    ['kasan', abi.SCHEME_KASAN, [...kasan, ...both]],
  ] as const)('scheme %s: every shadow byte has its kind, also seen through a valid prefix', (_name, scheme, table) => {
    const h = new Harness({ header: { [abi.HEADER_SCHEME]: scheme } });
    for (const [code, kind] of table) {
      h.call('unpoison_range', AT, 8);
      h.call('poison_range', AT + 8, 8, code);
      expect(
        h.reported(() => h.store(1, AT + 8)),
        code.toString(16),
      ).toMatchObject([{ kind, shadowByte: code }]);
      h.call('unpoison_range', AT, 5);
      expect(h.reported(() => h.store(4, AT + 3))).toMatchObject([{ kind, shadowByte: code, firstBad: AT + 5 }]);
    }
    const codes = table.map(([code]) => code);
    expect(new Set(codes).size).toBe(codes.length); // no byte means two things within a scheme
  });
});

test.each(VARIANTS)('%s imports only what program.ts and host.ts declare, and keeps function names', (variant) => {
  const module = new WebAssembly.Module(readFileSync(runtimePath(variant)));
  const declared = (file: string) =>
    [
      ...readFileSync(new URL(`../../runtime/${file}.ts`, import.meta.url), 'utf8').matchAll(/declare function (\w+)/g),
    ].map((match) => `${file}.${match[1]}`);
  const known = [...declared('program'), ...declared('host')];
  const imports = WebAssembly.Module.imports(module).map(({ module: from, name }) => `${from}.${name}`);
  expect(imports.filter((name) => !known.includes(name))).toEqual([]);
  expect(WebAssembly.Module.customSections(module, 'name')).toHaveLength(1);
});
