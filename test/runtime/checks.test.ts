// The exact rules, exhaustively: every width, every offset in three granules, every mix of shadow states, against the
// definition "an access is bad if and only if one of its bytes is".
import { describe, expect, test } from 'vitest';
import * as abi from '../../runtime/abi.ts';
import { VARIANTS } from '../../runtime/build.mts';
import { Harness, PAGE } from '../support/runtime-harness.ts';

const WIDTHS = [1, 2, 4, 8, 16];
const AT = 0x4000; // three granules here, valid granules around them

/** Writes one shadow byte the way the passes do. */
function setGranule(h: Harness, address: number, state: number): void {
  if (state < 8) h.call('unpoison_range', address, state || 8);
  else h.call('poison_range', address, 8, state);
}

const byteIsValid = (state: number, offset: number) => state === 0 || (state < 8 && offset < state);

/** Offset of the first bad byte of an access that starts `start` bytes into the granules, or undefined. */
function firstBad(states: number[], start: number, width: number): number | undefined {
  for (let at = start; at < start + width; at++) {
    if (!byteIsValid(states[Math.floor(at / 8)] ?? 0, at % 8)) return at;
  }
  return undefined;
}

function* mixes(): Generator<number[]> {
  const states = [0, 1, 4, 7, abi.ASAN_HEAP_RIGHT_REDZONE];
  for (const a of states) for (const b of states) for (const c of states) yield [a, b, c, 0, 0];
}

describe.each(VARIANTS)('%s', (variant) => {
  test('every width at every offset over every mix of states', () => {
    const h = new Harness({ variant });
    for (const states of mixes()) {
      states.forEach((state, i) => setGranule(h, AT + 8 * i, state));
      for (const width of WIDTHS) {
        for (let start = 0; start < 24; start++) {
          const bad = firstBad(states, start, width);
          for (const access of ['load', 'store'] as const) {
            const made = h.reported(() => h[access](width, AT + start));
            const label = `${access}${width} at +${start} over ${states}`;
            expect(made.length, label).toBe(bad === undefined ? 0 : 1);
            if (bad === undefined) continue;
            expect(made[0], label).toMatchObject({
              addr: AT + start,
              size: width,
              firstBad: AT + bad,
              access: access === 'store' ? abi.ACCESS_WRITE : abi.ACCESS_READ,
            });
          }
        }
      }
    }
  });

  test('strspn and strcspn read as far as their set of bytes says, whatever the bytes', () => {
    const h = new Harness({ variant });
    const bytes = new Uint8Array(h.program.buffer);
    const set = AT + 256;
    let site = 0; // each reports once
    const read = (name: string, members: number[]) => {
      bytes.fill(0, set, set + 16);
      bytes.set(members, set);
      return h.reported(() => h.call(name, AT + 4, set, ++site))[0]?.size;
    };
    bytes.set([0x21, 0x61, 0xa1, 0xe1, 0x3f, 0], AT + 4);
    h.call('poison_range', AT + 8, 8, abi.ASAN_HEAP_FREED);
    expect(read('libc_strspn', [0xe1, 0xa1, 0x61, 0x21])).toBe(5);
    expect(read('libc_strspn', [0xe1, 0xa1, 0x61, 0x21, 0x3f])).toBe(6);
    expect(read('libc_strspn', [0xa1, 0x61, 0x21])).toBe(undefined);
    expect(read('libc_strcspn', [0xe1])).toBe(undefined);
    expect(read('libc_strcspn', [0x3f, 0xff])).toBe(5);
    expect(read('libc_strcspn', [0xff, 0x80, 0x7f, 0x40])).toBe(6);
  });

  test('ranges of every length agree with the same definition', () => {
    const h = new Harness({ variant });
    for (const states of mixes()) {
      states.forEach((state, i) => setGranule(h, AT + 8 * i, state));
      for (let start = 0; start < 8; start++) {
        for (let size = 0; size <= 30; size += 3) {
          const bad = firstBad(states, start, size);
          const made = h.reported(() => h.call('check_range_store', AT + start, size, 0));
          expect(made.map((r) => r.firstBad)).toEqual(bad === undefined ? [] : [AT + bad]);
        }
      }
    }
  });

  test('a long range finds one bad byte anywhere in it', () => {
    const h = new Harness({ variant, pages: 4 });
    for (const bad of [0x4000, 0x4ff8, 0xfff8, 0x10000, 0x1fff0]) {
      h.call('poison_range', bad, 8, abi.ASAN_GLOBAL_REDZONE);
      const made = h.reported(() => h.call('check_range_load', 0x4000, 0x1c000, 0));
      expect(made).toMatchObject([{ kind: abi.KIND_GLOBAL_OOB, addr: 0x4000, size: 0x1c000, firstBad: bad }]);
      h.call('unpoison_range', bad, 8);
      expect(h.kinds(() => h.call('check_range_load', 0x4000, 0x1c000, 0))).toEqual([]);
    }
  });

  test('address plus offset that does not fit is wild, at its true address', () => {
    const h = new Harness({ variant });
    const top = h.wide ? 2 ** 40 : 2 ** 32 - 16;
    const made = h.reported(() => h.load(4, top, 0, 64));
    expect(made).toMatchObject([{ kind: abi.KIND_WILD, addr: top + 64, firstBad: top + 64 }]);
  });

  test('past the end of memory is wild, and no longer so once memory has grown', () => {
    const h = new Harness({ variant, pages: 2, maxPages: 5 });
    expect(h.kinds(() => h.load(1, 2 * PAGE - 1))).toEqual([]);
    expect(h.reported(() => h.load(4, 2 * PAGE - 2))).toMatchObject([{ kind: abi.KIND_WILD, firstBad: 2 * PAGE }]);
    expect(h.kinds(() => h.store(8, 3 * PAGE))).toEqual([abi.KIND_WILD]);
    h.grow(2);
    expect(h.kinds(() => h.store(8, 3 * PAGE))).toEqual([]);
    expect(h.kinds(() => h.store(1, 4 * PAGE))).toEqual([abi.KIND_WILD]);
  });

  test('ranges that wrap have a negative size; ranges that leave memory are wild', () => {
    const h = new Harness({ variant });
    const minus2 = h.wide ? 2 ** 64 - 2 ** 12 : 2 ** 32 - 2;
    expect(h.reported(() => h.call('check_range_load', 0x8000, minus2, 7))).toMatchObject([
      { kind: abi.KIND_NEGATIVE_SIZE, addr: 0x8000, size: minus2, site: 7, access: abi.ACCESS_READ | abi.ACCESS_RANGE },
    ]);
    expect(h.reported(() => h.call('check_range_store', 3 * PAGE, 2 * PAGE, 8))).toMatchObject([
      { kind: abi.KIND_WILD, firstBad: 4 * PAGE },
    ]);
    expect(h.reported(() => h.call('check_range_store', 9 * PAGE, 1, 9))).toMatchObject([{ kind: abi.KIND_WILD }]);
  });

  test('read-only bytes are bad for stores alone', () => {
    const h = new Harness({ variant });
    for (const [code, kind] of [
      [abi.VMA_READ_ONLY, abi.KIND_WRITE_TO_READ_ONLY],
      [abi.READ_ONLY_DATA, abi.KIND_RODATA_WRITE],
    ] as const) {
      h.call('poison_range', AT, 16, code);
      for (const width of WIDTHS) {
        expect(h.kinds(() => h.load(width, AT))).toEqual([]);
        expect(h.kinds(() => h.store(width, AT))).toEqual([kind]);
      }
      expect(h.kinds(() => h.call('check_range_load', AT, 16, 0))).toEqual([]);
      expect(h.kinds(() => h.call('check_range_store', AT - 4, 8, 0))).toEqual([kind]);
      expect(h.reported(() => h.load(16, AT + 8))).toEqual([]);
    }
  });

  test('a granule that is valid in part belongs to the stack up to its last byte, and not behind it', () => {
    const [low, high] = [0x4000, 0x5000];
    const h = new Harness({ variant, header: { [abi.HEADER_STACK_LOW]: low, [abi.HEADER_STACK_HIGH]: high } });
    for (const granule of [low - 8, low, high - 8, high]) {
      setGranule(h, granule, 4);
      h.load(1, granule + 4);
    }
    expect(h.reports.map((r) => r.shadowByte)).toEqual([0, abi.ASAN_STACK_MID, abi.ASAN_STACK_MID, 0]);
  });

  test('relaxed loads pass an aligned word with one valid byte, and nothing else', () => {
    const h = new Harness({ variant });
    h.call('unpoison_range', AT, 3);
    h.call('poison_range', AT + 8, 24, abi.ASAN_HEAP_RIGHT_REDZONE);
    const relaxed = (width: number, address: number) => h.kinds(() => h.call(`check_loadR${width}`, address, 0, 0));
    expect(relaxed(4, AT)).toEqual([]);
    expect(relaxed(8, AT)).toEqual([]);
    expect(relaxed(16, AT)).toEqual([]);
    expect(relaxed(4, AT + 4)).toEqual([abi.KIND_HEAP_OOB]); // no byte of this word is valid
    expect(relaxed(4, AT + 1)).toEqual([abi.KIND_HEAP_OOB]); // not aligned
    expect(relaxed(8, AT + 8)).toEqual([abi.KIND_HEAP_OOB]);
    expect(relaxed(16, AT + 16)).toEqual([abi.KIND_HEAP_OOB]);
  });
});

describe('reporting', () => {
  test('one report per site, unless the site is not known', () => {
    const h = new Harness();
    h.call('poison_range', AT, 8, abi.ASAN_USER_POISON);
    expect(h.kinds(() => [1, 1, 2, 1].forEach((site) => h.load(1, AT, site)))).toEqual([16, 16]);
    expect(h.kinds(() => [0, 0].forEach((site) => h.load(1, AT, site)))).toEqual([16, 16]);
  });

  test('the host decides whether to halt, by its answer or by the header', () => {
    const asking = new Harness({ halt: true });
    asking.call('poison_range', AT, 8, abi.ASAN_USER_POISON);
    expect(() => asking.load(1, AT)).toThrow(WebAssembly.RuntimeError);
    const told = new Harness({ header: { [abi.HEADER_HALT]: 1 } });
    told.call('poison_range', AT, 8, abi.ASAN_USER_POISON);
    expect(() => told.load(1, AT)).toThrow(WebAssembly.RuntimeError);
    expect(told.reports).toHaveLength(1);
  });

  test('the shadow call stack is kept with the report, innermost first, up to the context size', () => {
    const h = new Harness({ header: { [abi.HEADER_CONTEXT_SIZE]: 3 } });
    h.call('poison_range', AT, 8, abi.ASAN_USER_POISON);
    h.callStack(11, 12, 13, 14);
    expect(h.reported(() => h.load(1, AT, 5))).toMatchObject([{ site: 5, stack: [14, 13, 12] }]);
    h.callStack();
    expect(h.reported(() => h.load(1, AT, 6))).toMatchObject([{ site: 6, stack: [] }]);
  });
});
