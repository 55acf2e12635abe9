// format=asan, each expected text written out from the specification of the report shapes: accesses and their places.
import { describe, expect, it } from 'vitest';
import { PLAIN_STYLE } from '../../host/report/style.ts';
import { asanText } from '../../host/report/text-asan.ts';
import * as abi from '../../runtime/abi.ts';
import { CLEAN_ROW, heap, NO_LEGEND, textOf } from './blocks.ts';
import { reportOf, SITE } from './context.ts';
import { RuntimeImage } from './image.ts';

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
  Unused mapping tail:     e6
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
    const colours = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
    expect(text.replaceAll(colours, '')).toBe(asanText(report, NO_LEGEND));
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
