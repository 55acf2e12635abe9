// Every layout of format=asan, each expected text written out from the specification of the report shapes.
import { describe, expect, it } from 'vitest';
import type { ReportContext } from '../../host/report/describe.ts';
import { PLAIN_STYLE } from '../../host/report/style.ts';
import { asanText } from '../../host/report/text-asan.ts';
import * as abi from '../../runtime/abi.ts';
import { reportOf, SITE } from './context.ts';
import { RuntimeImage } from './image.ts';

const NO_LEGEND = { ...PLAIN_STYLE, printLegend: false };
const CLEAN_ROW = ' 00'.repeat(16);

function textOf(image: RuntimeImage, context: Partial<ReportContext> = {}): string {
  return asanText(reportOf(image, context), NO_LEGEND);
}

/** A live block of 10 bytes at 0x10010 between redzones. */
function heap(scheme = abi.SCHEME_ASAN): { image: RuntimeImage; chunk: number } {
  const image = new RuntimeImage(scheme).shadow(0x10000, 0xfa, 0xfa, 0x00, 0x02, 0xfc, 0xfc);
  const chunk = image.chunk({ begin: 0x10010, size: 10, allocStack: [SITE.malloc, SITE.makes] });
  return { image, chunk };
}

/** The same block after free. */
function freedHeap(): { image: RuntimeImage; chunk: number } {
  const image = new RuntimeImage().shadow(0x10000, 0xfa, 0xfa, 0xfd, 0xfd, 0xfc, 0xfc);
  const chunk = image.chunk({
    begin: 0x10010,
    size: 10,
    state: abi.CHUNK_QUARANTINED,
    allocStack: [SITE.malloc, SITE.makes],
    freeStack: [SITE.free, SITE.releases],
  });
  return { image, chunk };
}

describe('heap accesses', () => {
  it('prints an overflow in full', () => {
    const { image } = heap();
    image.report({
      kind: abi.KIND_HEAP_OOB,
      access: abi.ACCESS_WRITE,
      address: 0x1001a,
      size: 1,
      stack: [SITE.fill, SITE.main, SITE.start],
      shadowByte: abi.ASAN_HEAP_RIGHT_REDZONE,
    });
    expect(asanText(reportOf(image), PLAIN_STYLE)).toBe(`\
=================================================================
==7==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x0001001a at pc 0x000002a4
WRITE of size 1 at 0x0001001a thread T0
    #0 0x2a4 in fill src/demo.c:6:12
    #1 0x310 in main src/demo.c:12:3
    #2 0x3f0 in _start (demo.wasm+0x3f0)

0x0001001a is located 0 bytes after 10-byte region [0x00010010,0x0001001a)
allocated by thread T0 here:
    #0 0x120 in malloc (demo.wasm+0x120)
    #1 0x300 in main src/demo.c:11:13

SUMMARY: AddressSanitizer: heap-buffer-overflow src/demo.c:6:12 in fill
Shadow bytes around the buggy address:
  0x0000fd80: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  0x0000fe00: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  0x0000fe80: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  0x0000ff00: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  0x0000ff80: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
=>0x00010000: fa fa 00[02]fc fc 00 00 00 00 00 00 00 00 00 00
  0x00010080: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  0x00010100: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  0x00010180: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  0x00010200: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  0x00010280: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
Shadow byte legend (one shadow byte represents 8 application bytes):
  Addressable:           00
  Partially addressable: 01 02 03 04 05 06 07
  Heap left redzone:       fa
  Heap right redzone:      fc
  Freed heap region:       fd
  Stack left redzone:      f1
  Stack mid redzone:       f2
  Stack right redzone:     f3
  Stack after return:      f5
  Stack use after scope:   f8
  Global redzone:          f9
  Global init order:       f6
  Poisoned by user:        f7
  Container overflow:      fb
  Array cookie:            ac
  Intra object redzone:    bb
  ASan internal:           fe
  Left alloca redzone:     ca
  Right alloca redzone:    cb
  Null page:               e0
  Mapped, not yet touched: e1
  Unmapped:                e2
  No access:               e3
  Read-only mapping:       e4
  Read-only data:          e5
  Past the end of memory:  ff
==7==ABORTING
`);
  });

  it('places a read before the block and goes on without ABORTING', () => {
    const image = new RuntimeImage(abi.SCHEME_ASAN, { halt: false }).shadow(0x10000, 0xfa, 0xfa, 0x00, 0x02, 0xfc);
    image.chunk({ begin: 0x10010, size: 10, allocStack: [SITE.makes] });
    image.report({ kind: abi.KIND_HEAP_OOB, address: 0x1000c, size: 4, stack: [SITE.fill] });
    const text = textOf(image);
    expect(text).toContain('READ of size 4 at 0x0001000c thread T0\n');
    expect(text).toContain('\n0x0001000c is located 4 bytes before 10-byte region [0x00010010,0x0001001a)\n');
    expect(text).toContain('\n=>0x00010000: fa[fa]00 02 fc 00');
    expect(text).not.toContain('ABORTING');
  });

  it('names the end of the block when an access runs out of it', () => {
    const { image } = heap();
    image.report({ kind: abi.KIND_HEAP_OOB, address: 0x10018, size: 4, firstBad: 0x1001a, stack: [SITE.fill] });
    const text = textOf(image);
    expect(text).toContain('heap-buffer-overflow on address 0x00010018 at pc');
    expect(text).toContain('\n0x0001001a is located 0 bytes after 10-byte region [0x00010010,0x0001001a)\n');
  });

  it('reports the first bad byte of a range with the size of the whole range', () => {
    const { image } = heap();
    image.report({
      kind: abi.KIND_HEAP_OOB,
      access: abi.ACCESS_WRITE | abi.ACCESS_RANGE,
      address: 0x10010,
      size: 17,
      firstBad: 0x1001a,
      stack: [SITE.fill],
    });
    expect(textOf(image)).toContain('WRITE of size 17 at 0x0001001a thread T0\n');
  });

  it('tells both histories of a freed block, and the threads', () => {
    const image = new RuntimeImage().shadow(0x10000, 0xfa, 0xfa, 0xfd, 0xfd, 0xfc);
    image.chunk({
      begin: 0x10010,
      size: 10,
      state: abi.CHUNK_QUARANTINED,
      allocStack: [SITE.makes],
      freeStack: [SITE.free, SITE.releases],
      allocThread: 1,
      freeThread: 2,
    });
    image.report({ kind: abi.KIND_HEAP_UAF, address: 0x10014, size: 1, stack: [SITE.fill], thread: 2 });
    expect(textOf(image, { threadName: (id) => (id === 1 ? 'reader' : undefined) })).toBe(`\
=================================================================
==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x00010014 at pc 0x000002a4
READ of size 1 at 0x00010014 thread T2
    #0 0x2a4 in fill src/demo.c:6:12

0x00010014 is located 4 bytes inside of 10-byte region [0x00010010,0x0001001a)
freed by thread T2 here:
    #0 0x180  (demo.wasm+0x180)
    #1 0x330 in main src/demo.c:13

previously allocated by thread T1 (reader) here:
    #0 0x300 in main src/demo.c:11:13

SUMMARY: AddressSanitizer: heap-use-after-free src/demo.c:6:12 in fill
Shadow bytes around the buggy address:
  0x0000fd80:${CLEAN_ROW}
  0x0000fe00:${CLEAN_ROW}
  0x0000fe80:${CLEAN_ROW}
  0x0000ff00:${CLEAN_ROW}
  0x0000ff80:${CLEAN_ROW}
=>0x00010000: fa fa[fd]fd fc 00 00 00 00 00 00 00 00 00 00 00
  0x00010080:${CLEAN_ROW}
  0x00010100:${CLEAN_ROW}
  0x00010180:${CLEAN_ROW}
  0x00010200:${CLEAN_ROW}
  0x00010280:${CLEAN_ROW}
==7==ABORTING
`);
  });

  it('pads to 12 digits in a 64-bit program', () => {
    const image = new RuntimeImage(abi.SCHEME_ASAN, { pointer: 8 }).shadow(0x10000, 0xfa, 0xfa, 0x00, 0xfc);
    image.chunk({ begin: 0x10010, size: 8, allocStack: [SITE.makes] });
    image.report({ kind: abi.KIND_HEAP_OOB, address: 0x10018, size: 8, stack: [SITE.fill] });
    const text = textOf(image);
    expect(text).toContain('on address 0x000000010018 at pc 0x0000000002a4\n');
    expect(text).toContain('[0x000000010010,0x000000010018)');
    expect(text).toContain('=>0x000000010000: fa fa 00[fc]00');
  });

  it('reads shadow through the paged mapping', () => {
    const image = new RuntimeImage(abi.SCHEME_ASAN, { paged: true })
      .shadow(0x1fff0, 0xfa, 0xfa)
      .shadow(0x20000, 0x00, 0xfc);
    image.chunk({ begin: 0x20000, size: 8, allocStack: [SITE.makes] });
    image.report({ kind: abi.KIND_HEAP_OOB, address: 0x20008, size: 1, stack: [SITE.fill] });
    const text = textOf(image);
    expect(text).toContain('\n  0x0001ff80: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 fa fa\n=>0x00020000: 00[fc]00');
  });

  it('leaves out rows below address 0', () => {
    const image = new RuntimeImage().shadow(0x100, 0xf7);
    image.report({ kind: abi.KIND_USER_POISON, address: 0x100, size: 1, stack: [SITE.fill] });
    const rows = textOf(image)
      .split('\n')
      .filter((line) => /^(=>| {2})0x/.test(line));
    expect(rows.map((row) => row.slice(0, 12))).toEqual([
      '  0x00000000',
      '  0x00000080',
      '=>0x00000100',
      '  0x00000180',
      '  0x00000200',
      '  0x00000280',
      '  0x00000300',
      '  0x00000380',
    ]);
  });

  it('gives an atomic write of unknown size the verb ACCESS', () => {
    const { image } = heap();
    image.report({ kind: abi.KIND_HEAP_OOB, access: abi.ACCESS_WRITE, address: 0x1001a, size: 0, stack: [SITE.fill] });
    expect(textOf(image)).toContain('\nACCESS of size 0 at 0x0001001a thread T0\n');
  });
});

describe('which block', () => {
  /** Two blocks: [0x10010, 0x1001a) and [0x10060, 0x10064), 16 bytes of redzone before each. */
  function twoBlocks(address: number): string {
    const image = new RuntimeImage().shadow(
      0x10000,
      0xfa,
      0xfa,
      0x00,
      0x02,
      0xfc,
      0xfc,
      0xfc,
      0xfc,
      0xfc,
      0xfc,
      0xfa,
      0xfa,
      0x04,
      0xfc,
    );
    image.chunk({ begin: 0x10060, size: 4, allocStack: [SITE.makes] });
    image.chunk({ begin: 0x10010, size: 10, allocStack: [SITE.makes] });
    image.report({ kind: abi.KIND_HEAP_OOB, address, size: 1, stack: [SITE.fill] });
    return /\n(0x.* is located .*)\n/.exec(textOf(image))?.[1] ?? '';
  }

  it.each([
    [0x1001a, '0x0001001a is located 0 bytes after 10-byte region [0x00010010,0x0001001a)'],
    [0x1004f, '0x0001004f is located 53 bytes after 10-byte region [0x00010010,0x0001001a)'],
    [0x10050, '0x00010050 is located 16 bytes before 4-byte region [0x00010060,0x00010064)'],
    [0x1005f, '0x0001005f is located 1 bytes before 4-byte region [0x00010060,0x00010064)'],
    [0x10064, '0x00010064 is located 0 bytes after 4-byte region [0x00010060,0x00010064)'],
    [0x1000f, '0x0001000f is located 1 bytes before 10-byte region [0x00010010,0x0001001a)'],
  ])('%x', (address, expected) => {
    expect(twoBlocks(address)).toBe(expected);
  });

  it('is none when every block is far away', () => {
    const { image } = heap();
    image.report({ kind: abi.KIND_HEAP_OOB, address: 0x40000, size: 1, stack: [SITE.fill] });
    expect(textOf(image)).toContain(
      '\nAddressSanitizer can not describe address in more detail (wild memory access suspected).\nSUMMARY',
    );
  });

  it('is none when the only record is unused', () => {
    const image = new RuntimeImage().shadow(0x10000, 0xfa);
    image.chunk({ begin: 0x10010, size: 10, state: abi.CHUNK_UNUSED });
    image.report({ kind: abi.KIND_HEAP_OOB, address: 0x10000, size: 1, stack: [SITE.fill] });
    expect(textOf(image)).toContain('can not describe address');
  });
});

describe('free errors', () => {
  it('double free', () => {
    const { image, chunk } = freedHeap();
    image.report({
      kind: abi.KIND_DOUBLE_FREE,
      access: abi.ACCESS_FREE,
      address: 0x10010,
      chunk,
      stack: [SITE.free, SITE.main],
    });
    expect(textOf(image)).toBe(`\
=================================================================
==7==ERROR: AddressSanitizer: attempting double-free on 0x00010010 in thread T0:
    #0 0x180  (demo.wasm+0x180)
    #1 0x310 in main src/demo.c:12:3

0x00010010 is located 0 bytes inside of 10-byte region [0x00010010,0x0001001a)
freed by thread T0 here:
    #0 0x180  (demo.wasm+0x180)
    #1 0x330 in main src/demo.c:13

previously allocated by thread T0 here:
    #0 0x120 in malloc (demo.wasm+0x120)
    #1 0x300 in main src/demo.c:11:13

SUMMARY: AddressSanitizer: double-free (demo.wasm+0x180)
==7==ABORTING
`);
  });

  it('free of a pointer into a block', () => {
    const { image, chunk } = heap();
    image.report({ kind: abi.KIND_BAD_FREE, access: abi.ACCESS_FREE, address: 0x10014, chunk, stack: [SITE.releases] });
    expect(textOf(image)).toBe(`\
=================================================================
==7==ERROR: AddressSanitizer: attempting free on address which was not malloc()-ed: 0x00010014 in thread T0
    #0 0x330 in main src/demo.c:13

0x00010014 is located 4 bytes inside of 10-byte region [0x00010010,0x0001001a)
allocated by thread T0 here:
    #0 0x120 in malloc (demo.wasm+0x120)
    #1 0x300 in main src/demo.c:11:13

SUMMARY: AddressSanitizer: bad-free src/demo.c:13 in main
==7==ABORTING
`);
  });

  it('free of one past a block, which no record contains', () => {
    const { image } = heap();
    image.report({ kind: abi.KIND_BAD_FREE, access: abi.ACCESS_FREE, address: 0x1001a, stack: [SITE.releases] });
    expect(textOf(image)).toContain('\n0x0001001a is located 0 bytes after 10-byte region [0x00010010,0x0001001a)\n');
  });

  it('free of a global', () => {
    const { image } = heap();
    image.report({ kind: abi.KIND_BAD_FREE, access: abi.ACCESS_FREE, address: 0x404, stack: [SITE.releases] });
    const text = textOf(image, {
      globals: () => [{ name: 'table', begin: 0x400, size: 16, file: 'src/demo.c', line: 3, column: 6 }],
    });
    expect(text).toContain(
      "\n0x00000404 is located 4 bytes inside of global variable 'table' defined in 'src/demo.c:3:6' (0x00000400) of size 16\nSUMMARY",
    );
  });

  it('mismatched families', () => {
    const image = new RuntimeImage().shadow(0x10000, 0xfa, 0xfa, 0x00, 0x02, 0xfc);
    const chunk = image.chunk({ begin: 0x10010, size: 10, allocKind: abi.ALLOC_NEW_ARRAY, allocStack: [SITE.makes] });
    image.report({
      kind: abi.KIND_ALLOC_DEALLOC_MISMATCH,
      access: abi.ACCESS_FREE,
      address: 0x10010,
      chunk,
      extra0: abi.ALLOC_MALLOC,
      stack: [SITE.releases],
    });
    expect(textOf(image)).toBe(`\
=================================================================
==7==ERROR: AddressSanitizer: alloc-dealloc-mismatch (operator new [] vs free) on 0x00010010
    #0 0x330 in main src/demo.c:13

0x00010010 is located 0 bytes inside of 10-byte region [0x00010010,0x0001001a)
allocated by thread T0 here:
    #0 0x300 in main src/demo.c:11:13

SUMMARY: AddressSanitizer: alloc-dealloc-mismatch src/demo.c:13 in main
==7==HINT: if you don't care about these errors you may set ASAN_OPTIONS=alloc_dealloc_mismatch=0
==7==ABORTING
`);
  });

  it('mismatched sizes', () => {
    const { image, chunk } = heap();
    image.report({
      kind: abi.KIND_NEW_DELETE_SIZE_MISMATCH,
      access: abi.ACCESS_FREE,
      address: 0x10010,
      chunk,
      extra0: 24,
      stack: [SITE.releases],
    });
    expect(textOf(image)).toContain(`\
==7==ERROR: AddressSanitizer: new-delete-type-mismatch on 0x00010010 in thread T0:
  object passed to delete has wrong type:
  size of the allocated type:   10 bytes;
  size of the deallocated type: 24 bytes.
    #0 0x330 in main src/demo.c:13
`);
  });
});

describe('addresses that are nobody’s', () => {
  it('a null pointer', () => {
    const image = new RuntimeImage().u32(abi.HEADER_NULL_LIMIT, 1024);
    image.report({ kind: abi.KIND_NULL, access: abi.ACCESS_WRITE, address: 0, size: 4, stack: [SITE.fill] });
    expect(textOf(image)).toBe(`\
=================================================================
==7==ERROR: AddressSanitizer: SEGV on unknown address 0x00000000 (pc 0x000002a4 T0)
==7==The signal is caused by a WRITE memory access.
==7==Hint: address points to the zero page.
    #0 0x2a4 in fill src/demo.c:6:12

AddressSanitizer can not provide additional info.
SUMMARY: AddressSanitizer: SEGV src/demo.c:6:12 in fill
==7==ABORTING
`);
  });

  it('a member of a null pointer', () => {
    const image = new RuntimeImage();
    image.report({ kind: abi.KIND_NULL, address: 20, size: 4, stack: [SITE.fill] });
    expect(textOf(image)).toContain(`\
==7==ERROR: AddressSanitizer: SEGV on unknown address 0x00000014 (pc 0x000002a4 T0)
==7==The signal is caused by a READ memory access.
==7==Hint: address points to the zero page.
==7==Hint: the access begins 20 bytes past a null pointer.
    #0`);
  });

  it('past the end of memory', () => {
    const image = new RuntimeImage().u32(abi.HEADER_WILD_FROM, 0x20000 / 8);
    image.report({ kind: abi.KIND_WILD, address: 0x1fffe, size: 4, firstBad: 0x20000, stack: [] });
    expect(textOf(image)).toBe(`\
=================================================================
==7==ERROR: AddressSanitizer: SEGV on unknown address 0x0001fffe (T0)
==7==The signal is caused by a READ memory access.
==7==Hint: the access of 4 bytes ends past the memory of the program, which has 131072 bytes.
    <empty stack>

AddressSanitizer can not provide additional info.
SUMMARY: AddressSanitizer: SEGV
==7==ABORTING
`);
  });

  it('past the end of the stack', () => {
    const image = new RuntimeImage();
    image.report({
      kind: abi.KIND_STACK_OVERFLOW,
      access: abi.ACCESS_WRITE,
      address: 0x3f0,
      size: 4,
      stack: [SITE.fill],
    });
    expect(textOf(image)).toBe(`\
=================================================================
==7==ERROR: AddressSanitizer: stack-overflow on address 0x000003f0 (pc 0x000002a4 T0)
    #0 0x2a4 in fill src/demo.c:6:12

SUMMARY: AddressSanitizer: stack-overflow src/demo.c:6:12 in fill
==7==ABORTING
`);
  });
});

describe('impossible parameters', () => {
  const cases: [
    string,
    { kind: number; address?: number; size?: number | bigint; extra0?: number; extra1?: number },
    string,
  ][] = [
    [
      'calloc',
      { kind: abi.KIND_CALLOC_OVERFLOW, extra0: 1073741824, extra1: 8 },
      'calloc parameters overflow: count * size (1073741824 * 8) cannot be represented in type size_t (thread T0)',
    ],
    [
      'reallocarray',
      { kind: abi.KIND_REALLOCARRAY_OVERFLOW, extra0: 65536, extra1: 65537 },
      'reallocarray parameters overflow: count * size (65536 * 65537) cannot be represented in type size_t (thread T0)',
    ],
    [
      'too big',
      { kind: abi.KIND_ALLOCATION_TOO_BIG, size: 0xfffffff0 },
      'requested allocation size 0xfffffff0 exceeds maximum supported size of 0x40000000 (thread T0)',
    ],
    [
      'alignment',
      { kind: abi.KIND_BAD_ALIGNMENT, size: 100, extra0: 24 },
      'invalid allocation alignment: 24, alignment must be a power of two (thread T0)',
    ],
    [
      'out of memory',
      { kind: abi.KIND_OUT_OF_MEMORY, size: 0x1000000 },
      'allocator is out of memory trying to allocate 0x1000000 bytes',
    ],
  ];

  it.each(cases)('%s', (_name, spec, sentence) => {
    const image = new RuntimeImage().u32(abi.HEADER_MAX_ALLOCATION, 0x40000000);
    image.report({ address: 0, ...spec, stack: [SITE.makes] });
    const title = asanTitle(spec.kind);
    expect(textOf(image)).toBe(`\
=================================================================
==7==ERROR: AddressSanitizer: ${sentence}
    #0 0x300 in main src/demo.c:11:13

==7==HINT: if you don't care about these errors you may set allocator_may_return_null=1
SUMMARY: AddressSanitizer: ${title} src/demo.c:11:13 in main
==7==ABORTING
`);
  });

  function asanTitle(kind: number): string {
    const titles: Record<number, string> = {
      [abi.KIND_CALLOC_OVERFLOW]: 'calloc-overflow',
      [abi.KIND_REALLOCARRAY_OVERFLOW]: 'reallocarray-overflow',
      [abi.KIND_ALLOCATION_TOO_BIG]: 'allocation-size-too-big',
      [abi.KIND_BAD_ALIGNMENT]: 'invalid-allocation-alignment',
      [abi.KIND_OUT_OF_MEMORY]: 'out-of-memory',
    };
    return titles[kind]!;
  }

  it('a negative size is shown signed, in either pointer width', () => {
    const { image } = heap();
    const range = abi.ACCESS_RANGE;
    image.report({
      kind: abi.KIND_NEGATIVE_SIZE,
      access: range,
      address: 0x10010,
      size: 0xfffffffe,
      stack: [SITE.fill],
    });
    expect(textOf(image)).toBe(`\
=================================================================
==7==ERROR: AddressSanitizer: negative-size-param: (size=-2)
    #0 0x2a4 in fill src/demo.c:6:12

0x0001001a is located 0 bytes after 10-byte region [0x00010010,0x0001001a)
allocated by thread T0 here:
    #0 0x120 in malloc (demo.wasm+0x120)
    #1 0x300 in main src/demo.c:11:13

SUMMARY: AddressSanitizer: negative-size-param src/demo.c:6:12 in fill
==7==ABORTING
`);
    const wide = new RuntimeImage(abi.SCHEME_ASAN, { pointer: 8 });
    wide.report({ kind: abi.KIND_NEGATIVE_SIZE, access: range, address: 0x10010, size: -2n, stack: [SITE.fill] });
    expect(textOf(wide)).toContain('negative-size-param: (size=-2)\n');
  });

  it('overlapping ranges, both of them described', () => {
    const { image } = heap();
    image.report({ kind: abi.KIND_PARAM_OVERLAP, address: 0x10012, size: 4, extra0: 0x10010, stack: [SITE.fill] });
    const text = textOf(image);
    expect(text).toContain(
      'memcpy-param-overlap: memory ranges [0x00010012,0x00010016) and [0x00010010,0x00010014) overlap\n',
    );
    expect(text).toContain('\n0x00010012 is located 2 bytes inside of 10-byte region [0x00010010,0x0001001a)\n');
    expect(text).toContain('\n0x00010010 is located 0 bytes inside of 10-byte region [0x00010010,0x0001001a)\n');
    expect(text).toContain('\nSUMMARY: AddressSanitizer: memcpy-param-overlap src/demo.c:6:12 in fill\n');
  });

  it('takes the name of the overlapping copy from the innermost frame', () => {
    const { image } = heap();
    image.report({ kind: abi.KIND_PARAM_OVERLAP, address: 0x10012, size: 4, extra0: 0x10010 });
    const text = textOf(image, { accessStack: () => [{ function: 'strcpy', offset: 1 }] });
    expect(text).toContain('AddressSanitizer: strcpy-param-overlap: memory ranges');
  });

  it('a size query, an indirect call and a container annotation', () => {
    const { image, chunk } = heap();
    image.report({ kind: abi.KIND_BAD_USABLE_SIZE, address: 0x10014, chunk, stack: [SITE.fill] });
    expect(textOf(image)).toContain(
      'ERROR: AddressSanitizer: attempting to call malloc_usable_size() for pointer which is not owned: 0x00010014\n',
    );
    image.report({ kind: abi.KIND_BAD_INDIRECT_CALL, address: 0, extra0: 9, stack: [SITE.fill] });
    expect(textOf(image)).toContain(
      'AddressSanitizer: bad-indirect-call through table index 9 at pc 0x000002a4 (thread T0)\n',
    );
    image.report({
      kind: abi.KIND_BAD_CONTIGUOUS_CONTAINER,
      address: 0x10010,
      size: 16,
      extra0: 0x10030,
      extra1: 0x10018,
      stack: [SITE.fill],
    });
    expect(textOf(image)).toContain(`\
==7==ERROR: AddressSanitizer: bad parameters to __sanitizer_annotate_contiguous_container:
      beg     : 0x00010010
      end     : 0x00010020
      old_mid : 0x00010030
      new_mid : 0x00010018
    #0`);
  });
});

describe('stack and globals', () => {
  const frame = { function: 'work', file: 'src/demo.c', line: 20, offset: 0x500 };

  it('names the frame and marks the variable', () => {
    const image = new RuntimeImage().shadow(0x8000, 0xf1, 0xf1, 0xf1, 0xf1, 0x00, 0x02, 0xf2, 0xf2, 0x04, 0xf3);
    image.report({ kind: abi.KIND_STACK_OOB, access: abi.ACCESS_WRITE, address: 0x802a, size: 1, stack: [SITE.fill] });
    const text = textOf(image, {
      stackFrame: (address) => ({
        frame,
        offset: address - 0x8000,
        objects: [
          { name: 'count', begin: 64, size: 4 },
          { name: 'buf', begin: 32, size: 10, line: 21 },
        ],
      }),
    });
    expect(text).toContain(`
Address 0x0000802a is located in stack of thread T0 at offset 42 in frame
    #0 0x500 in work src/demo.c:20

  This frame has 2 object(s):
    [32, 42) 'buf' (line 21) <== Memory access at offset 42 overflows this variable
    [64, 68) 'count'
HINT: this may be a false positive if your program uses some custom stack unwind mechanism, swapcontext or vfork
      (longjmp and C++ exceptions *are* supported)
SUMMARY: AddressSanitizer: stack-buffer-overflow src/demo.c:6:12 in fill
`);
  });

  it('says that it is the stack when nothing is known of the frame', () => {
    const image = new RuntimeImage().shadow(0x8000, 0xf5);
    image.report({ kind: abi.KIND_STACK_AFTER_RETURN, address: 0x8000, size: 1, stack: [SITE.fill] });
    expect(textOf(image)).toContain('\nAddress 0x00008000 is located in stack of thread T0\nSUMMARY');
  });

  it('lists every near global', () => {
    const image = new RuntimeImage().shadow(0x400, 0x00, 0x02, 0xf9, 0xf9, 0x04);
    image.report({ kind: abi.KIND_GLOBAL_OOB, address: 0x40c, size: 2, stack: [SITE.fill] });
    const text = textOf(image, {
      globals: () => [
        { name: 'a', begin: 0x400, size: 10, file: 'src/demo.c', line: 3, column: 6 },
        { name: 'b', begin: 0x420, size: 4 },
      ],
    });
    expect(text).toContain(`
0x0000040c is located 2 bytes after global variable 'a' defined in 'src/demo.c:3:6' (0x00000400) of size 10
0x0000040c is located 20 bytes before global variable 'b' defined in 'demo.wasm' (0x00000420) of size 4
SUMMARY: AddressSanitizer: global-buffer-overflow src/demo.c:6:12 in fill
`);
  });

  it('names a mapping', () => {
    const image = new RuntimeImage().shadow(0x30000, 0xe2);
    image.report({ kind: abi.KIND_USE_AFTER_MUNMAP, address: 0x30010, size: 1, stack: [SITE.fill] });
    const mapping = { begin: 0x30000, end: 0x31000, flags: 'rw-p', mapped: false };
    expect(textOf(image, { mapping: () => mapping })).toContain(
      '\n0x00030010 is located 16 bytes inside of unmapped region [0x00030000,0x00031000)\nSUMMARY: AddressSanitizer: use-after-munmap',
    );
  });
});

describe('style', () => {
  it('colours as compiler-rt does, and only when asked to', () => {
    const { image } = heap();
    image.report({ kind: abi.KIND_HEAP_OOB, address: 0x1001a, size: 1, stack: [SITE.fill] });
    const report = reportOf(image);
    const text = asanText(report, { ...NO_LEGEND, color: true });
    expect(text).toContain('\x1b[1m\x1b[31m==7==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x0001001a');
    expect(text).toContain('\x1b[1m\x1b[34mREAD of size 1 at 0x0001001a thread T0\x1b[1m\x1b[0m\n');
    expect(text).toContain('[\x1b[1m02\x1b[1m\x1b[0m]');
    const escape = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
    expect(text.replaceAll(escape, '')).toBe(asanText(report, NO_LEGEND));
    expect(asanText(report, NO_LEGEND)).not.toContain('\x1b');
  });

  it('strips a path prefix and drops the summary', () => {
    const { image } = heap();
    image.report({ kind: abi.KIND_HEAP_OOB, address: 0x1001a, size: 1, stack: [SITE.fill] });
    const text = asanText(reportOf(image), { ...NO_LEGEND, printSummary: false, stripPathPrefix: 'src/' });
    expect(text).toContain('#0 0x2a4 in fill demo.c:6:12\n');
    expect(text).not.toContain('SUMMARY');
  });
});
