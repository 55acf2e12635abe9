// format=kasan against the splat's specification, line by line; titles of scheme=kasan.
import { describe, expect, it } from 'vitest';
import type { ReportContext } from '../../host/report/describe.ts';
import { PLAIN_STYLE } from '../../host/report/style.ts';
import { kasanText } from '../../host/report/text-kasan.ts';
import * as abi from '../../runtime/abi.ts';
import { reportOf, SITE } from './context.ts';
import { RuntimeImage } from './image.ts';

function textOf(image: RuntimeImage, context: Partial<ReportContext> = {}): string {
  return kasanText(reportOf(image, context), PLAIN_STYLE);
}

/** A live block of 115 bytes at 0x10010: 14 granules and 3 bytes. */
function slab(pointer: 4 | 8 = 4): { image: RuntimeImage; chunk: number } {
  const image = new RuntimeImage(abi.SCHEME_KASAN, { pointer });
  image.shadow(0x10000, 0xfc, 0xfc).shadow(0x10010 + 112, 0x03, 0xfc, 0xfc);
  return { image, chunk: image.chunk({ begin: 0x10010, size: 115, allocStack: [SITE.malloc, SITE.makes] }) };
}

describe('accesses', () => {
  it('prints a write past a slab object in full', () => {
    const { image } = slab();
    const stack = [SITE.fill, SITE.main];
    image.report({ kind: abi.KIND_HEAP_OOB, access: abi.ACCESS_WRITE, address: 0x10083, size: 1, stack });
    // Granule (0x10083 >> 3) is the first of its row, so the caret stands in column 12.
    expect(textOf(image)).toBe(`\
==================================================================
BUG: KASAN: slab-out-of-bounds in fill
Write of size 1 at addr 00010083 by task demo.wasm/7

PID: 7 Comm: demo.wasm Thread: T0
Call Trace:
 fill src/demo.c:6:12
 main src/demo.c:12:3

Allocated by task 7:
 malloc (demo.wasm+0x120)
 main src/demo.c:11:13

The buggy address belongs to the object at 00010010
 which belongs to the cache malloc of size 115
The buggy address is located 0 bytes to the right of
 allocated 115-byte region [00010010, 00010083)

Memory state around the buggy address:
 0000ff80: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
 00010000: fc fc 00 00 00 00 00 00 00 00 00 00 00 00 00 00
>00010080: 03 fc fc 00 00 00 00 00 00 00 00 00 00 00 00 00
           ^
 00010100: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
 00010180: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
==================================================================
`);
  });

  it.each([
    [4, 0x10088, 12 + 3],
    [4, 0x10090, 12 + 3 * 2],
    [4, 0x100f8, 12 + 3 * 15],
    [8, 0x10080, 20],
    [8, 0x10098, 20 + 3 * 3],
  ] as const)('puts the caret under granule %#', (pointer, address, column) => {
    const { image } = slab(pointer);
    image.report({ kind: abi.KIND_HEAP_OOB, address, size: 1, stack: [SITE.fill] });
    const lines = textOf(image).split('\n');
    const caret = lines.findIndex((line) => line.trim() === '^');
    expect(lines[caret]).toBe(`${' '.repeat(column - 1)}^`);
    expect(lines[caret - 1]!.startsWith('>')).toBe(true);
  });

  it('uses sixteen digits in a 64-bit program', () => {
    const { image } = slab(8);
    image.report({ kind: abi.KIND_HEAP_OOB, address: 0x10083, size: 8, stack: [SITE.fill] });
    const text = textOf(image);
    expect(text).toContain('\nRead of size 8 at addr 0000000000010083 by task demo.wasm/7\n');
    expect(text).toContain('\n>0000000000010080: 03 fc fc 00');
    expect(text).toContain('\n allocated 115-byte region [0000000000010010, 0000000000010083)\n');
  });

  it.each([
    [0x1000f, 1, 0x1000f, 'The buggy address is located 1 bytes to the left of'],
    [0x10080, 8, 0x10083, 'The buggy address is located 112 bytes inside of'],
    [0x10088, 1, 0x10088, 'The buggy address is located 5 bytes to the right of'],
  ])('measures from the first byte of the access: %x', (address, size, firstBad, line) => {
    const { image } = slab();
    image.report({ kind: abi.KIND_HEAP_OOB, address, size, firstBad, stack: [SITE.fill] });
    expect(textOf(image)).toContain(`\n${line}\n allocated 115-byte region`);
  });

  it('tells who freed the object', () => {
    const image = new RuntimeImage(abi.SCHEME_KASAN).shadow(0x10000, 0xfc, 0xfc, 0xfa, 0xfb, 0xfc);
    image.chunk({
      begin: 0x10010,
      size: 10,
      state: abi.CHUNK_QUARANTINED,
      allocStack: [SITE.makes],
      freeStack: [SITE.releases],
    });
    image.report({ kind: abi.KIND_HEAP_UAF, address: 0x10018, size: 1, stack: [SITE.fill] });
    const text = textOf(image);
    expect(text).toContain(`\
BUG: KASAN: slab-use-after-free in fill
Read of size 1 at addr 00010018 by task demo.wasm/7
`);
    expect(text).toContain(`\
Allocated by task 7:
 main src/demo.c:11:13

Freed by task 7:
 main src/demo.c:13

The buggy address belongs to the object at 00010010
 which belongs to the cache malloc of size 10
The buggy address is located 8 bytes inside of
 freed 10-byte region [00010010, 0001001a)

Memory state around the buggy address:
`);
    expect(text).toContain(`
>00010000: fc fc fa fb fc 00 00 00 00 00 00 00 00 00 00 00
                    ^
`);
  });

  it('gives a freed large block neither adjective', () => {
    const image = new RuntimeImage(abi.SCHEME_KASAN).shadow(0x10000, 0xff, 0xff, 0xff, 0xff);
    image.chunk({ begin: 0x10010, size: 8202, state: abi.CHUNK_QUARANTINED, allocStack: [SITE.makes], freeStack: [] });
    image.report({ kind: abi.KIND_PAGE_UAF, address: 0x10010, size: 1, stack: [SITE.fill] });
    const text = textOf(image);
    expect(text).toContain('BUG: KASAN: use-after-free in fill\n');
    expect(text).toContain('\nFreed by task 7:\n(stack is not available)\n\n');
    expect(text).toContain(
      '\nThe buggy address is located 0 bytes inside of\n 8202-byte region [00010010, 0001201a)\n',
    );
  });

  it('omits a size of 0', () => {
    const { image } = slab();
    image.report({ kind: abi.KIND_HEAP_OOB, access: abi.ACCESS_WRITE, address: 0x10083, size: 0, stack: [SITE.fill] });
    expect(textOf(image)).toContain('\nWrite at addr 00010083 by task demo.wasm/7\n');
  });
});

describe('frees', () => {
  it('an invalid free', () => {
    const { image, chunk } = slab();
    image.report({ kind: abi.KIND_BAD_FREE, access: abi.ACCESS_FREE, address: 0x10011, chunk, stack: [SITE.releases] });
    const text = textOf(image);
    expect(text).toContain(`\
BUG: KASAN: invalid-free in main
Free of addr 00010011 by task demo.wasm/7

PID: 7`);
    expect(text).toContain('\nThe buggy address is located 1 bytes inside of\n 115-byte region [00010010, 00010083)\n');
    expect(text).toContain('\n>00010000: fc fc 00 00');
  });

  it('a double free', () => {
    const image = new RuntimeImage(abi.SCHEME_KASAN).shadow(0x10000, 0xfc, 0xfc, 0xfa, 0xfb, 0xfc);
    const state = abi.CHUNK_QUARANTINED;
    const chunk = image.chunk({
      begin: 0x10010,
      size: 16,
      state,
      allocStack: [SITE.makes],
      freeStack: [SITE.releases],
    });
    image.report({
      kind: abi.KIND_DOUBLE_FREE,
      access: abi.ACCESS_FREE,
      address: 0x10010,
      chunk,
      stack: [SITE.releases],
    });
    const text = textOf(image);
    expect(text).toContain('BUG: KASAN: double-free in main\nFree of addr 00010010 by task demo.wasm/7\n');
    expect(text).toContain('\nThe buggy address is located 0 bytes inside of\n 16-byte region [00010010, 00010020)\n');
  });
});

describe('without a shadow of its own', () => {
  it('a null pointer gets the stack and nothing more', () => {
    const image = new RuntimeImage(abi.SCHEME_KASAN);
    image.report({ kind: abi.KIND_NULL, address: 4, size: 4, stack: [SITE.fill] });
    expect(textOf(image)).toBe(`\
==================================================================
BUG: KASAN: null-ptr-deref in fill
Read of size 4 at addr 00000004 by task demo.wasm/7

PID: 7 Comm: demo.wasm Thread: T0
Call Trace:
 fill src/demo.c:6:12

==================================================================
`);
  });

  it('a wild address without a stack names the module', () => {
    const image = new RuntimeImage(abi.SCHEME_KASAN).u32(abi.HEADER_WILD_FROM, 0x20000 / 8);
    image.report({ kind: abi.KIND_WILD, access: abi.ACCESS_WRITE, address: 0x20000, size: 4 });
    expect(textOf(image)).toContain(`\
BUG: KASAN: wild-memory-access in demo.wasm
Write of size 4 at addr 00020000 by task demo.wasm/7

PID: 7 Comm: demo.wasm Thread: T0
Call Trace:
(stack is not available)
`);
  });
});

describe('everything else', () => {
  it('a range that wraps shows its unsigned size, the object and the state', () => {
    const { image } = slab();
    const access = abi.ACCESS_RANGE;
    image.report({ kind: abi.KIND_NEGATIVE_SIZE, access, address: 0x10014, size: 0xfffffffe, stack: [SITE.fill] });
    const text = textOf(image);
    expect(text).toContain(`\
BUG: KASAN: out-of-bounds in fill
Read of size 4294967294 at addr 00010014 by task demo.wasm/7
`);
    expect(text).toContain('\nThe buggy address is located 4 bytes inside of\n 115-byte region [00010010, 00010083)\n');
    expect(text).toContain('\nMemory state around the buggy address:\n');
  });

  it('an allocation that cannot be is told without a place', () => {
    const image = new RuntimeImage(abi.SCHEME_KASAN);
    image.report({ kind: abi.KIND_CALLOC_OVERFLOW, address: 0, extra0: 65536, extra1: 65537, stack: [SITE.makes] });
    expect(textOf(image)).toBe(`\
==================================================================
BUG: KASAN: calloc-overflow in main
Overflow of calloc(65536, 65537) by task demo.wasm/7

PID: 7 Comm: demo.wasm Thread: T0
Call Trace:
 main src/demo.c:11:13

==================================================================
`);
  });

  it('lists the objects of a frame', () => {
    const image = new RuntimeImage(abi.SCHEME_KASAN).shadow(0x8000, 0xf1, 0xf1, 0xf1, 0xf1, 0x00, 0x02, 0xf3);
    image.report({ kind: abi.KIND_STACK_OOB, address: 0x802a, size: 1, stack: [SITE.fill] });
    const text = textOf(image, {
      stackFrame: () => ({
        frame: { function: 'work', file: 'src/demo.c', line: 20 },
        offset: 42,
        objects: [{ name: 'buf', begin: 32, size: 10, line: 21 }],
      }),
    });
    expect(text).toContain(`\
The buggy address belongs to stack of task demo.wasm/7
 and is located at offset 42 in frame:
 work src/demo.c:20

This frame has 1 object:
 [32, 42) 'buf'

Memory state around the buggy address:
`);
  });

  it('names the variable', () => {
    const image = new RuntimeImage(abi.SCHEME_KASAN).shadow(0x400, 0x00, 0x02, 0xf9, 0xf9);
    image.report({ kind: abi.KIND_GLOBAL_OOB, address: 0x40d, size: 1, stack: [SITE.fill] });
    const text = textOf(image, { globals: () => [{ name: 'global_array', begin: 0x400, size: 10 }] });
    expect(text).toContain('BUG: KASAN: global-out-of-bounds in fill\n');
    expect(text).toContain('\nThe buggy address belongs to the variable:\n global_array+0xd/0xa\n\nMemory state');
  });
});
