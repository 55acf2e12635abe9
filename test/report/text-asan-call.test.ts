// format=asan, each expected text written out from the specification of the report shapes: calls with bad pointers or parameters, addresses of nobody.
import { describe, expect, it } from 'vitest';
import * as abi from '../../runtime/abi.ts';
import { freedHeap, heap, textOf } from './blocks.ts';
import { SITE } from './context.ts';
import { RuntimeImage } from './image.ts';

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

  it('a wild 64-bit pointer, to the last digit', () => {
    const image = new RuntimeImage(abi.SCHEME_ASAN, { pointer: 8 });
    image.report({ kind: abi.KIND_WILD, address: 0, size: 8, stack: [SITE.fill] });
    image.u64(abi.REPORT_ADDR, 0xdeadbeefdeadbeefn).u64(abi.REPORT_FIRST_BAD, 0xdeadbeefdeadbeefn);
    expect(textOf(image)).toContain('SEGV on unknown address 0xdeadbeefdeadbeef (pc 0x0000000002a4 T0)\n');
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

0x00010010 is located 0 bytes inside of 10-byte region [0x00010010,0x0001001a)
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
    image.report({ kind: abi.KIND_BAD_ALLOCATED_SIZE, address: 0x10014, chunk, stack: [SITE.fill] });
    expect(textOf(image)).toContain(
      'attempting to call __sanitizer_get_allocated_size() for pointer which is not owned: 0x00010014\n',
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
    image.report({ kind: abi.KIND_BAD_DOUBLE_ENDED_CONTAINER, address: 0x10010, size: 16, extra0: 0x10012, extra1: 1 });
    expect(textOf(image)).toContain(`\
==7==ERROR: AddressSanitizer: bad parameters to __sanitizer_annotate_double_ended_contiguous_container:
      storage_beg        : 0x00010010
      storage_end        : 0x00010020
      new_container_beg  : 0x00010012
      new_container_end  : 0x00000001
    <empty stack>`);
  });
});
