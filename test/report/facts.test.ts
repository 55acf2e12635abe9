// What is read from the runtime's memory and what is refused; leaks grouped and worded; statistics.
import { describe, expect, it } from 'vitest';
import { chooseChunk, distanceTo, markObject } from '../../host/report/describe.ts';
import { hasReport, readFacts } from '../../host/report/facts.ts';
import { judgeLeaks } from '../../host/report/leaks.ts';
import { readStats, statsJson, statsText } from '../../host/report/stats.ts';
import { PLAIN_STYLE } from '../../host/report/style.ts';
import { parseSuppressions } from '../../host/report/suppressions.ts';
import { leakText, suppressedText } from '../../host/report/text-leak.ts';
import * as abi from '../../runtime/abi.ts';
import { CONTEXT, SITE } from './context.ts';
import { RuntimeImage } from './image.ts';
import { leakSample } from './samples.ts';

describe('facts', () => {
  it('reads every field', () => {
    const image = new RuntimeImage(abi.SCHEME_KASAN, { pointer: 8, halt: false })
      .u32(abi.HEADER_NULL_LIMIT, 1024)
      .u32(abi.HEADER_WILD_FROM, 0x20000 / 8)
      .u32(abi.HEADER_MAX_ALLOCATION, 1 << 20);
    const chunk = image.chunk({
      begin: 0x10010,
      size: 10,
      allocStack: [3, 4],
      allocKind: abi.ALLOC_NEW,
      allocThread: 2,
    });
    image.report({
      kind: abi.KIND_HEAP_OOB,
      access: abi.ACCESS_WRITE | abi.ACCESS_RANGE | abi.ACCESS_HOST,
      address: 0x10010,
      size: 17,
      firstBad: 0x1001a,
      site: 99,
      stack: [1, 2],
      chunk,
      extra0: 5,
      extra1: 6,
      shadowByte: 0xfc,
      thread: 3,
    });
    const { near, shadow, chunk: named, ...facts } = readFacts({ memory1: image.bytes });
    expect(facts).toEqual({
      scheme: 'kasan',
      pointerBytes: 8,
      halting: false,
      serial: 1,
      kind: abi.KIND_HEAP_OOB,
      access: { write: true, free: false, range: true, atomic: false, host: true },
      address: 0x10010,
      size: 17n,
      firstBad: 0x1001a,
      exactAddress: 0x10010n,
      exactFirstBad: 0x1001an,
      site: 99,
      stack: [1, 2],
      thread: 3,
      shadowByte: 0xfc,
      extra0: 5n,
      extra1: 6n,
      memoryEnd: 0x20000,
      maxAllocation: 1 << 20,
    });
    expect(named).toMatchObject({
      begin: 0x10010,
      size: 10,
      left: 16,
      freed: false,
      allocStack: [3, 4],
      freeStack: [],
    });
    expect(named).toMatchObject({ allocKind: abi.ALLOC_NEW, allocThread: 2 });
    expect(near.below).toEqual(named);
    expect(near.above).toBeUndefined();
    expect(shadow.first + shadow.bytes.length).toBeGreaterThan(0x1001a >> 3);
  });

  it('copies, so that the program may go on', () => {
    const image = new RuntimeImage().shadow(0x10000, 0xfa);
    image.report({ kind: abi.KIND_HEAP_OOB, address: 0x10000, size: 1 });
    const memory0 = Uint8Array.from({ length: 0x10100 }, (_, index) => index & 0xff);
    const facts = readFacts({ memory1: image.bytes, memory0 });
    image.shadow(0x10000, 0x00);
    memory0.fill(0);
    expect(facts.shadow.bytes[(0x10000 >> 3) - facts.shadow.first]).toBe(0xfa);
    expect(facts.content!.first).toBe(0x10000 - 128);
    expect(facts.content!.bytes[129]).toBe(1);
  });

  it('marks what lies past the end of memory in the shadow window', () => {
    const image = new RuntimeImage().u32(abi.HEADER_WILD_FROM, 0x10000 / 8);
    image.report({ kind: abi.KIND_WILD, address: 0xfffe, size: 4, firstBad: 0x10000 });
    const { shadow } = readFacts({ memory1: image.bytes });
    expect(shadow.bytes[(0x10000 >> 3) - shadow.first]).toBe(0xff);
    expect(shadow.bytes[(0x10000 >> 3) - shadow.first - 1]).toBe(0x00);
  });

  it('reads sizes above 4 GiB', () => {
    const image = new RuntimeImage();
    const record = image.chunk({ begin: 0x10010, size: 16 });
    image.bytes[record + abi.CHUNK_SIZE_HIGH] = 2;
    image.report({ kind: abi.KIND_HEAP_OOB, address: 0x10010, size: 1 });
    expect(readFacts({ memory1: image.bytes }).near.below!.size).toBe(2 * 2 ** 32 + 16);
  });

  it('survives a depot id and a chunk count that point outside', () => {
    const image = new RuntimeImage();
    image.report({ kind: abi.KIND_HEAP_OOB, address: 0x10010, size: 1 });
    image.u32(abi.REPORT_STACK, image.bytes.length - 4).u32(abi.HEADER_CHUNK_COUNT, 0xffffffff);
    expect(readFacts({ memory1: image.bytes }).stack).toEqual([]);
  });

  it('refuses memory that is not the runtime’s, of another version, or without a report', () => {
    const image = new RuntimeImage();
    expect(hasReport({ memory1: image.bytes })).toBe(false);
    expect(() => readFacts({ memory1: image.bytes })).toThrow(expect.objectContaining({ code: 'E_NO_REPORT' }));
    image.u32(abi.HEADER_ABI, abi.ABI_VERSION + 1);
    expect(() => readFacts({ memory1: image.bytes })).toThrow(expect.objectContaining({ code: 'E_RUNTIME_VERSION' }));
    for (const bytes of [new Uint8Array(0), new Uint8Array(8), new Uint8Array(65536)]) {
      expect(() => readFacts({ memory1: bytes })).toThrow(expect.objectContaining({ code: 'E_NOT_INSTRUMENTED' }));
    }
  });
});

describe('distances', () => {
  //            before | inside           | after of [100, 110)
  it.each([
    [90, 4, 'before', 10, 90],
    [98, 4, 'before', 2, 98],
    [100, 10, 'inside', 0, 100],
    [109, 1, 'inside', 9, 109],
    [108, 4, 'after', 0, 110],
    [110, 1, 'after', 0, 110],
    [117, 1, 'after', 7, 117],
  ] as const)('%i, %i bytes', (address, size, relation, bytes, meant) => {
    expect(distanceTo(address, size, 100, 10)).toEqual({ relation, bytes, address: meant });
  });

  it('follow the redzone that was hit, not the nearer block', () => {
    const chunk = {
      size: 8,
      left: 64,
      freed: false,
      allocKind: 1,
      freeKind: 0,
      alignment: 8,
      allocStack: [],
      freeStack: [],
    };
    const below = { ...chunk, begin: 1000, allocThread: 0, freeThread: 0 };
    const above = { ...chunk, begin: 1080, allocThread: 0, freeThread: 0 };
    // |1000 block 1008| right redzone 1016| left redzone of 64 bytes 1080| block
    expect(chooseChunk({ below, above }, 1017, abi.ASAN_HEAP_LEFT_REDZONE, true)).toBe(above);
    expect(chooseChunk({ below, above }, 1015, abi.ASAN_HEAP_RIGHT_REDZONE, true)).toBe(below);
    expect(chooseChunk({ below, above }, 1017, abi.KASAN_SLAB_REDZONE, false)).toBe(below);
    expect(chooseChunk({ below, above }, 1079, abi.KASAN_SLAB_REDZONE, false)).toBe(above);
    expect(chooseChunk({ below, above }, 1007, 0, true)).toBe(below);
    expect(chooseChunk({}, 1007, 0, true)).toBeUndefined();
  });
});

describe('marks of frame objects', () => {
  //   [32, 42) buf    [64, 68) count    [96, 104) last
  const objects = [
    { name: 'buf', begin: 32, size: 10 },
    { name: 'count', begin: 64, size: 4 },
    { name: 'last', begin: 96, size: 8 },
  ];
  it.each([
    [34, 2, ['is inside', undefined, undefined]],
    [40, 4, ['partially overflows', undefined, undefined]],
    [42, 1, ['overflows', undefined, undefined]],
    [53, 1, [undefined, 'underflows', undefined]], // 11 bytes behind buf, 10 before count
    [51, 4, ['overflows', 'underflows', undefined]], // 9 on either side: a tie names both
    [62, 4, [undefined, 'partially underflows', undefined]],
    [31, 1, ['underflows', undefined, undefined]],
    [104, 8, [undefined, undefined, 'overflows']],
    [2, 1, [undefined, undefined, undefined]], // nearer to the start of the frame than to buf
  ])('offset %i, %i bytes', (offset, size, marks) => {
    expect(objects.map((_, index) => markObject(objects, index, offset, size))).toEqual(marks);
  });
});

describe('leaks', () => {
  it('are grouped by stack, direct ones first', () => {
    const report = leakSample();
    expect(leakText(report, PLAIN_STYLE)).toBe(`
=================================================================
==7==ERROR: LeakSanitizer: detected memory leaks

Direct leak of 16 byte(s) in 2 object(s) allocated from:
    #0 0x120 in malloc (demo.wasm+0x120)
    #1 0x300 in main src/demo.c:11:13

Indirect leak of 100 byte(s) in 1 object(s) allocated from:
    #0 0x120 in malloc (demo.wasm+0x120)
    #1 0x300 in main src/demo.c:11:13

SUMMARY: AddressSanitizer: 116 byte(s) leaked in 3 allocation(s).
`);
  });

  it('of more bytes come first', () => {
    const settings = { scheme: 'asan', pointerBytes: 4, serial: 1, thread: 0, suppressions: [] } as const;
    const leak = (size: number, site: number) => ({ address: 0x10010, size, direct: true, stack: [site] });
    const blocks = [leak(5, SITE.fill), leak(9, SITE.makes), leak(7, SITE.main), leak(3, SITE.fill)];
    const bytes = judgeLeaks(blocks, settings, CONTEXT).report!.leaks.map((entry) => entry.bytes);
    expect(bytes).toEqual([9, 8, 7]);
  });

  it('can be cut short and listed block by block', () => {
    const text = leakText(leakSample(), { ...PLAIN_STYLE, maxLeaks: 1, reportObjects: true });
    expect(text).toContain('\nThe 1 largest leak(s):\nDirect leak of 16');
    expect(text).toContain('\nObjects leaked above:\n0x00010010 (7 bytes)\n0x00010030 (9 bytes)\n\n');
    expect(text).toContain(
      '\nOmitting 1 more leak(s).\nSUMMARY: AddressSanitizer: 116 byte(s) leaked in 3 allocation(s).\n',
    );
    expect(text).not.toContain('Indirect leak');
  });

  it('that are suppressed are counted by template, also when they leave nothing to report', () => {
    const settings = { scheme: 'asan', pointerBytes: 4, serial: 1, thread: 0 } as const;
    const blocks = [
      { address: 0x10010, size: 7, direct: true, stack: [SITE.makes] },
      { address: 0x10030, size: 5, direct: true, stack: [SITE.fill] },
      { address: 0x10050, size: 3, direct: false, stack: [SITE.fill] },
    ];
    const some = judgeLeaks(blocks, { ...settings, suppressions: parseSuppressions('leak:fill') }, CONTEXT);
    expect(some.report!.leaks.map(({ bytes }) => bytes)).toEqual([7]);
    expect(some.suppressed).toEqual([{ template: 'fill', objects: 2, bytes: 8 }]);
    expect(leakText(some.report!, { ...PLAIN_STYLE, printSuppressions: true })).toBe(`
=================================================================
==7==ERROR: LeakSanitizer: detected memory leaks

Direct leak of 7 byte(s) in 1 object(s) allocated from:
    #0 0x300 in main src/demo.c:11:13

-----------------------------------------------------
Suppressions used:
  count      bytes template
      2          8 fill
-----------------------------------------------------

SUMMARY: AddressSanitizer: 7 byte(s) leaked in 1 allocation(s).
`);
    const all = judgeLeaks(blocks, { ...settings, suppressions: parseSuppressions('leak:demo.c') }, CONTEXT);
    expect(all.report).toBeUndefined();
    expect(suppressedText(all.suppressed)).toContain('\n      3         15 demo.c\n');
    const none = judgeLeaks([], { ...settings, suppressions: [] }, CONTEXT);
    expect([none.report, suppressedText(none.suppressed)]).toEqual([undefined, '']);
  });
});

describe('statistics', () => {
  it('have one name each, in text and in JSON', () => {
    const image = new RuntimeImage().u32(abi.HEADER_STAT_MALLOCS, 12).u32(abi.HEADER_QUARANTINE_BYTES, 345);
    const stats = readStats({ memory1: image.bytes });
    expect(stats).toMatchObject({ heap: { allocations: 12, frees: 0 }, quarantine: { bytes: 345 } });
    expect(statsText(stats)).toContain('heap.allocations                  12  blocks allocated\n');
    expect(JSON.parse(statsJson(stats))).toEqual({ schema: 'wasan-stats/1', ...stats });
    const counters = Object.entries(abi).filter(([name]) => name.startsWith('HEADER_STAT_'));
    expect(statsText(stats).match(/^(heap|checks|quarantine)\./gm)!.length).toBeGreaterThanOrEqual(counters.length);
  });
});
