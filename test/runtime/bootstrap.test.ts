// The eight invariants of the bootstrap (after KASAN's zero page), in every variant.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as abi from '../../runtime/abi.ts';
import { VARIANTS } from '../../runtime/build.mts';
import { Harness, PAGE } from '../support/runtime-harness.ts';

const SHADOW_PAGE = 8192; // shadow bytes of one 64 KiB page
const PAGES = 4;

interface Request {
  granule: number;
  count: number;
  code: number;
}

/** Poison requests that crowd around page edges, whole pages among them. */
const request: fc.Arbitrary<Request> = fc
  .record({
    page: fc.nat(PAGES - 1),
    at: fc.oneof(fc.constant(0), fc.nat(20), fc.integer({ min: SHADOW_PAGE - 20, max: SHADOW_PAGE - 1 })),
    count: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(SHADOW_PAGE, 2 * SHADOW_PAGE, SHADOW_PAGE - 1)),
    code: fc.constantFrom(0, 0, abi.ASAN_GLOBAL_REDZONE, abi.WILD, abi.ASAN_STACK_MID),
  })
  .map(({ page, at, count, code }) => {
    const granule = page * SHADOW_PAGE + at;
    return { granule, count: Math.min(count, PAGES * SHADOW_PAGE - granule), code };
  });

function send(h: Harness, { granule, count, code }: Request): void {
  if (code) h.call('poison_range', granule * 8, count * 8, code);
  else h.call('unpoison_range', granule * 8, count * 8);
}

/** What the shadow must be: a plain array. */
function oracle(requests: Request[], nullLimit = 0): Uint8Array {
  const bytes = new Uint8Array(PAGES * SHADOW_PAGE);
  bytes.fill(abi.NULL_PAGE, 0, nullLimit / 8);
  for (const { granule, count, code } of requests) bytes.fill(code, granule, granule + count);
  return bytes;
}

const small = { [abi.HEADER_SHADOW_LIMIT]: 2 * PAGES * SHADOW_PAGE };

describe.each(VARIANTS)('%s', (variant) => {
  const paged = variant.startsWith('paged');

  test('1. in phase E nothing reports and every shadow byte reads 0, whatever is requested', () => {
    const h = new Harness({ variant, early: true });
    const p = h.call('asan_malloc', 100);
    h.call('poison_range', 0x4000, 64, abi.ASAN_GLOBAL_REDZONE);
    h.call('__asan_poison_memory_region', 0x5000, 64);
    h.call('asan_free', p);
    for (const address of [p, p + 100, 0x4000, 0x5000, 0, 100 * PAGE]) {
      for (const size of [1, 2, 4, 8, 16]) {
        h.load(size, address);
        h.store(size, address);
      }
      h.call('check_range_store', address, 1000, 0);
    }
    expect(h.reports).toEqual([]);
    expect(new Set(h.shadows(0, PAGES * SHADOW_PAGE))).toEqual(new Set([0]));
    expect(h.get(abi.HEADER_SCRIBBLES)).toBe(h.get(abi.HEADER_LOG_COUNT));
    expect(h.get(abi.HEADER_SCRIBBLES)).toBeGreaterThan(4);
  });

  test('2. while init is under way every look-up answers as before it; after it, as the new state says', () => {
    const seen: number[] = [];
    const h: Harness = new Harness({
      variant,
      early: true,
      onPages: () => {
        if (h === undefined || h.get(abi.HEADER_PHASE) !== abi.PHASE_INIT) return;
        seen.push(...h.kinds(() => h.load(8, 0x4000)), h.get(abi.HEADER_PHASE));
        h.load(8, 16);
        h.call('check_range_load', 0, 64, 0);
      },
    });
    h.call('poison_range', 0x4000, 64, abi.ASAN_GLOBAL_REDZONE);
    h.call('init');
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.every((value) => value === abi.PHASE_INIT)).toBe(true);
    expect(h.reports).toEqual([]);
    expect(h.get(abi.HEADER_PHASE)).toBe(abi.PHASE_ON);
    expect(h.kinds(() => h.load(8, 0x4000))).toEqual([abi.KIND_GLOBAL_OOB]);
    expect(h.kinds(() => h.load(8, 16))).toEqual([abi.KIND_NULL]);
  });

  test('3. after the switch the shadow equals the replayed log on a plain array, then follows every request', () => {
    const many = fc.array(request, { maxLength: 150, size: 'max' });
    fc.assert(
      fc.property(many, many, (early, late) => {
        const h = new Harness({ variant, pages: PAGES, early: true, header: small });
        for (const each of early) send(h, each);
        h.call('init');
        expect(Buffer.compare(Buffer.from(h.shadows(0, PAGES * SHADOW_PAGE)), oracle(early, 1024))).toBe(0);
        for (const each of late) send(h, each);
        const expected = oracle(early, 1024);
        for (const { granule, count, code } of late) expected.fill(code, granule, granule + count);
        expect(Buffer.compare(Buffer.from(h.shadows(0, PAGES * SHADOW_PAGE)), expected)).toBe(0);
        if (paged) expect(h.get(abi.HEADER_SHADOW_PRIVATE)).toBe(mixedPages(expected));
      }),
      { numRuns: 25 },
    );
  });

  test('6. growing keeps what was there and makes the new pages valid', () => {
    const h = new Harness({ variant, pages: 2, maxPages: 6 });
    h.call('poison_range', PAGE, 64, abi.ASAN_GLOBAL_REDZONE);
    const before = h.shadows(0, 2 * SHADOW_PAGE);
    h.grow(3);
    h.call('poison_range', 4 * PAGE, 8, abi.ASAN_GLOBAL_REDZONE); // the first to notice
    expect(h.shadows(0, 2 * SHADOW_PAGE)).toEqual(before);
    const grown = h.shadows(2 * PAGE, 3 * SHADOW_PAGE);
    expect(grown.filter((code) => code !== 0)).toEqual([abi.ASAN_GLOBAL_REDZONE]);
    expect(h.shadow(5 * PAGE)).toBe(abi.WILD);
    h.grow(1);
    h.call('__asan_poison_memory_region', 5 * PAGE + 8, 8);
    expect(h.shadows(5 * PAGE, 3)).toEqual([0, abi.ASAN_USER_POISON, 0]);
  });

  test('a long log survives being moved', () => {
    const h = new Harness({ variant, pages: 16, early: true });
    const chunks: number[] = [];
    for (let i = 0; i < 300; i++) {
      h.callStack(i + 1); // each stack takes room in the arena, so that the log cannot grow in place
      chunks.push(h.call('asan_malloc', 13));
    }
    h.call('init');
    for (const p of chunks) {
      expect(h.shadows(p - 16, 6)).toEqual([0xfa, 0xfa, 0, 5, 0xfc, 0xfc]);
    }
  });

  test('7. depth nests: reports only at 0, and never below it', () => {
    const h = new Harness({ variant });
    const tries = () => h.kinds(() => h.load(1, 8));
    h.call('depth_enter');
    h.call('depth_enter');
    expect(tries()).toEqual([]);
    h.call('depth_leave');
    expect(tries()).toEqual([]);
    h.call('depth_leave');
    expect(tries()).toEqual([abi.KIND_NULL]);
    h.call('depth_leave');
    expect(tries()).toEqual([abi.KIND_NULL]);
    expect(h.get(abi.HEADER_DEPTH)).toBe(0);
  });

  test('8. a second init is refused and changes nothing', () => {
    const h = new Harness({ variant, early: true });
    expect(h.call('init')).toBe(1);
    h.call('unpoison_range', 0, 1024);
    expect(h.call('init')).toBe(0);
    h.call('__asan_init');
    expect(h.kinds(() => h.load(1, 8))).toEqual([]);
  });

  test('chunks from before init are as good as later ones', () => {
    const h = new Harness({ variant, early: true });
    const [live, freed] = [h.call('asan_malloc', 13), h.call('asan_malloc', 20)];
    h.call('asan_free', freed);
    h.call('init');
    expect(h.kinds(() => h.load(1, live + 12))).toEqual([]);
    expect(h.kinds(() => h.load(1, live + 13))).toEqual([abi.KIND_HEAP_OOB]);
    expect(h.kinds(() => h.load(1, freed))).toEqual([abi.KIND_HEAP_UAF]);
    expect(h.kinds(() => h.call('asan_free', freed))).toEqual([abi.KIND_DOUBLE_FREE]);
    expect(h.kinds(() => h.call('asan_free', live))).toEqual([]);
  });

  test('the null page ends where the first owned byte begins, rounded down to a granule', () => {
    const h = new Harness({ variant, header: { [abi.HEADER_NULL_LIMIT]: 1029 } });
    expect(h.kinds(() => h.load(1, 1023))).toEqual([abi.KIND_NULL]);
    expect(h.kinds(() => h.load(1, 1024))).toEqual([]);
    const none = new Harness({ variant, header: { [abi.HEADER_NULL_LIMIT]: 0 } });
    expect(none.kinds(() => none.load(8, 0))).toEqual([]);
  });
});

/** Pages whose shadow is neither all 00 nor all ff. */
function mixedPages(shadow: Uint8Array): number {
  let mixed = 0;
  for (let page = 0; page < PAGES; page++) {
    const bytes = shadow.subarray(page * SHADOW_PAGE, (page + 1) * SHADOW_PAGE);
    if (!bytes.every((b) => b === 0) && !bytes.every((b) => b === abi.WILD)) mixed++;
  }
  return mixed;
}

describe.each(['paged32', 'paged64'] as const)('%s', (variant) => {
  const directory = (h: Harness, page: number) => h.get(h.get(abi.HEADER_SHADOW_BASE) + 4 * page);

  test('4. only pages with mixed content have a chunk of their own', () => {
    const h = new Harness({ variant, pages: PAGES, header: { [abi.HEADER_NULL_LIMIT]: 0 } });
    expect(h.get(abi.HEADER_SHADOW_PRIVATE)).toBe(0);
    expect(directory(h, 0)).toBe(directory(h, 3));
    expect(directory(h, 4)).not.toBe(directory(h, 3)); // past the end: the wild chunk
    h.call('unpoison_range', 0, 2 * PAGE); // nothing changes, so nothing is copied
    expect(h.get(abi.HEADER_SHADOW_PRIVATE)).toBe(0);
    h.call('poison_range', PAGE - 8, 16, abi.ASAN_STACK_MID); // one granule of page 0, one of page 1
    expect(h.get(abi.HEADER_SHADOW_PRIVATE)).toBe(2);
    h.call('unpoison_range', PAGE - 8, 8);
    expect(h.get(abi.HEADER_SHADOW_PRIVATE)).toBe(1);
    expect(directory(h, 0)).toBe(directory(h, 3));
    h.call('poison_range', PAGE, PAGE, abi.WILD);
    expect(h.get(abi.HEADER_SHADOW_PRIVATE)).toBe(0);
    expect(directory(h, 1)).toBe(directory(h, 4));
  });

  test('5. copying on poison never aliases, also when chunks are used again', () => {
    const h = new Harness({ variant, pages: PAGES, header: { [abi.HEADER_NULL_LIMIT]: 0 } });
    for (let round = 0; round < 3; round++) {
      for (let page = 0; page < PAGES; page++) h.call('poison_range', page * PAGE + 8 * page, 8, 0xf0 + page);
      const chunks = Array.from({ length: PAGES }, (_, page) => directory(h, page));
      expect(new Set(chunks).size).toBe(PAGES);
      for (let page = 0; page < PAGES; page++) {
        const codes = h.shadows(page * PAGE, SHADOW_PAGE);
        expect(codes[page]).toBe(0xf0 + page);
        expect(codes.filter((code) => code !== 0)).toHaveLength(1);
      }
      h.call('unpoison_range', 0, PAGES * PAGE);
      expect(h.get(abi.HEADER_SHADOW_PRIVATE)).toBe(0);
    }
    expect(h.shadow(PAGES * PAGE)).toBe(abi.WILD); // the shared chunks were never written
    expect(new Set(h.shadows(0, SHADOW_PAGE))).toEqual(new Set([0]));
  });
});
