// Redzones behind blocks alone: pointers are the original's, a look at the size word opens a block, and blocks that unknown
// functions handed out pass through. Addresses come from the first-fit model, whose blocks have room for a size word.
import { describe, expect, test } from 'vitest';
import * as abi from '../../runtime/abi.ts';
import { ALL_FLAGS, Harness, type HarnessOptions } from '../support/runtime-harness.ts';

const FC = abi.ASAN_HEAP_RIGHT_REDZONE;
const FD = abi.ASAN_HEAP_FREED;
const WORD = 4;

function harness(options: HarnessOptions = {}): Harness {
  const header = { [abi.HEADER_FLAGS]: ALL_FLAGS | abi.FLAG_TAIL_REDZONES, ...options.header };
  return new Harness({ ...options, header, sizeWords: true });
}

/** Blocks with a gap of 16 bytes in front, as allocators with block headers leave it. */
function blocks(h: Harness, ...sizes: number[]): number[] {
  return sizes.map((size) => {
    h.allocator.malloc(1);
    return h.call('asan_malloc', size);
  });
}

describe('redzones', () => {
  test('lie behind a block, and the pointer is the original’s', () => {
    const h = harness();
    const [p] = blocks(h, 13) as [number];
    expect(h.originals).toEqual([`malloc ${16 + 16}`]);
    expect(h.shadows(p - 16, 6)).toEqual([0, WORD, 0, 5, FC, FC]);
  });

  test('end with what the original was asked for', () => {
    const h = harness();
    const [p] = blocks(h, 400) as [number];
    expect(h.shadows(p + 392, 7)).toEqual([0, FC, FC, FC, FC, 0, 0]);
  });

  test('an empty block is one of poison', () => {
    const h = harness();
    const [p] = blocks(h, 0) as [number];
    expect(h.shadows(p, 3)).toEqual([FC, FC, FC]);
  });

  test('overflow, underflow and use after free are told', () => {
    const h = harness();
    const [p] = blocks(h, 13) as [number];
    expect(h.kinds(() => h.store(1, p + 13))).toEqual([abi.KIND_HEAP_OOB]);
    expect(h.kinds(() => h.load(8, p + 8))).toEqual([abi.KIND_HEAP_OOB]);
    expect(h.kinds(() => h.store(4, p - 4))).toEqual([abi.KIND_HEAP_OOB]);
    expect(h.kinds(() => h.load(1, p - 1))).toEqual([abi.KIND_HEAP_OOB]);
    h.call('asan_free', p);
    expect(h.shadows(p, 2)).toEqual([FD, FD]);
    expect(h.kinds(() => h.load(4, p))).toEqual([abi.KIND_HEAP_UAF]);
    expect(h.kinds(() => h.call('asan_free', p))).toEqual([abi.KIND_DOUBLE_FREE]);
  });

  test('the last word in front of the size word is the block before’s', () => {
    const h = harness();
    const [p] = blocks(h, 13) as [number];
    expect(h.kinds(() => h.store(4, p - 8))).toEqual([]);
  });
});

describe('a look at the size word', () => {
  test('of four bytes opens the block: all that the original gave is valid', () => {
    const h = harness();
    const [p] = blocks(h, 13) as [number];
    expect(h.kinds(() => h.load(4, p - 4))).toEqual([]);
    expect(h.shadows(p - 8, 5)).toEqual([0, 0, 0, 0, 0]);
    expect(h.kinds(() => h.store(4, p - 4))).toEqual([]); // in place: the flags of a block that grew
    h.call('asan_free', p);
    expect(h.kinds(() => h.load(4, p))).toEqual([abi.KIND_HEAP_UAF]);
  });

  test('of its flags alone leaves it as it is', () => {
    const h = harness();
    const [p] = blocks(h, 13) as [number];
    expect(h.kinds(() => h.load(1, p - 4))).toEqual([]);
    expect(h.shadows(p - 8, 4)).toEqual([WORD, 0, 5, FC]);
  });

  test('of a freed neighbour opens the word alone', () => {
    const h = harness();
    const [p] = blocks(h, 16) as [number];
    h.call('asan_free', p);
    expect(h.kinds(() => h.load(4, p - 4))).toEqual([]);
    expect(h.kinds(() => h.store(4, p - 4))).toEqual([]);
    expect(h.kinds(() => h.load(4, p))).toEqual([abi.KIND_HEAP_UAF]);
  });

  test('lets it shrink where it lies: freeing poisons what is left of it', () => {
    const h = harness();
    const [p] = blocks(h, 100) as [number];
    h.load(4, p - 4);
    new DataView(h.program.buffer).setUint32(p - 4, 32 | 3, true);
    h.call('asan_free', p);
    expect(h.shadows(p, 5)).toEqual([FD, FD, FD, 0, 0]);
  });

  test('what it lost when it shrank stays as its new owner has it, also when the block leaves the quarantine', () => {
    const h = harness({ header: { [abi.HEADER_QUARANTINE_LIMIT]: 1 } });
    const [p] = blocks(h, 100) as [number];
    h.load(4, p - 4);
    new DataView(h.program.buffer).setUint32(p - 4, 32 | 3, true);
    h.call('poison_range', p + 24, 8, WORD); // the size word of the block that lies there now
    h.call('asan_free', p);
    expect(h.shadows(p, 5)).toEqual([0, 0, 0, WORD, 0]);
  });

  test('before reports are on cannot be seen: such blocks are open from the start', () => {
    const h = harness({ early: true });
    const [p] = blocks(h, 13) as [number];
    h.call('init');
    expect(h.kinds(() => h.store(8, p + 24))).toEqual([]);
    h.call('asan_free', p);
    expect(h.kinds(() => h.load(1, p))).toEqual([abi.KIND_HEAP_UAF]);
  });
});

describe('blocks of functions that are not known', () => {
  test('are freed by the original', () => {
    const h = harness();
    const foreign = h.allocator.malloc(64);
    expect(h.kinds(() => h.call('asan_free', foreign))).toEqual([]);
    expect(h.originals).toEqual([`free ${foreign}`]);
  });

  test('are resized by the original, and so is an open one', () => {
    const h = harness();
    const foreign = h.allocator.malloc(64);
    const [p] = blocks(h, 13) as [number];
    h.load(4, p - 4);
    h.originals.length = 0;
    h.call('asan_realloc', foreign, 80);
    const moved = h.call('asan_realloc', p, 90);
    expect(h.originals).toEqual([`realloc ${foreign} 80`, `realloc ${p} 90`]);
    expect(h.kinds(() => h.store(8, moved + 104))).toEqual([]);
  });

  test('a pointer into a known block is none of them', () => {
    const h = harness();
    const [p] = blocks(h, 100) as [number];
    expect(h.kinds(() => h.call('asan_free', p + 8))).toEqual([abi.KIND_BAD_FREE]);
    expect(h.kinds(() => h.call('asan_free', p + 3))).toEqual([abi.KIND_BAD_FREE]);
    h.call('asan_free', p);
    expect(h.kinds(() => h.call('asan_free', p + 8))).toEqual([abi.KIND_BAD_FREE]);
  });

  test('nor is one into the stack', () => {
    const h = harness({
      header: { [abi.HEADER_FLAGS]: ALL_FLAGS | abi.FLAG_TAIL_REDZONES, [abi.HEADER_STACK_HIGH]: 8192 },
    });
    expect(h.kinds(() => h.call('asan_free', 4096))).toEqual([abi.KIND_BAD_FREE]);
  });

  test('may get the memory of a block that left the quarantine: nothing of it stays poisoned', () => {
    const h = harness({
      header: { [abi.HEADER_FLAGS]: ALL_FLAGS | abi.FLAG_TAIL_REDZONES, [abi.HEADER_QUARANTINE_LIMIT]: 1 },
    });
    const [p] = blocks(h, 40) as [number];
    h.call('asan_free', p);
    expect(h.shadows(p - 8, 8)).toEqual(Array(8).fill(0));
  });

  test('a block freed behind the wrapper’s back may be handed out anew', () => {
    const h = harness();
    const [p] = blocks(h, 40) as [number];
    h.load(4, p - 4); // whoever inlined free reads the size word first
    h.allocator.free(p);
    expect(h.call('asan_malloc', 40)).toBe(p);
    expect(h.kinds(() => h.store(1, p + 40))).toEqual([abi.KIND_HEAP_OOB]);
    expect(h.kinds(() => h.call('asan_free', p))).toEqual([]);
  });

  test('and so may memory that begins 8 bytes into one', () => {
    const h = harness();
    const [p] = blocks(h, 40) as [number];
    h.load(4, p - 4);
    h.allocator.malloc = () => p + 8;
    expect(h.call('asan_malloc', 24)).toBe(p + 8);
    expect(h.kinds(() => h.store(1, p + 8 + 24))).toEqual([abi.KIND_HEAP_OOB]);
  });
});

test('realloc of a known block moves it, with a redzone of its own', () => {
  const h = harness();
  const [p] = blocks(h, 13) as [number];
  const q = h.call('asan_realloc', p, 20);
  expect(q).not.toBe(p);
  expect(h.kinds(() => h.store(1, q + 20))).toEqual([abi.KIND_HEAP_OOB]);
  expect(h.kinds(() => h.load(1, p))).toEqual([abi.KIND_HEAP_UAF]);
});

describe('a host that puts the memory back to what it was', () => {
  /** Frees every block for the original alone, as if it had never been handed out. */
  function putBack(h: Harness, ...blocks: number[]): void {
    for (const p of blocks) h.allocator.free(p);
  }

  test('is seen where the original hands out what waits in the quarantine: nothing of the heap is known any more', () => {
    const h = harness();
    const [p, q] = blocks(h, 40, 24) as [number, number];
    h.call('asan_free', p);
    putBack(h, p);
    expect(h.kinds(() => expect(h.call('asan_malloc', 40)).toBe(p))).toEqual([]);
    expect(h.kinds(() => h.store(4, p + 36))).toEqual([]);
    expect(h.kinds(() => h.store(1, p + 40))).toEqual([abi.KIND_HEAP_OOB]); // the new block is known
    expect(h.shadows(q - 8, 6)).toEqual([0, 0, 0, 0, 0, 0]); // the others are the program's own affair
    expect(h.kinds(() => h.call('asan_free', q))).toEqual([]);
  });
});

describe('where blocks have no size word', () => {
  const flags = ALL_FLAGS | abi.FLAG_TAIL_REDZONES | abi.FLAG_NO_SIZE_WORD;
  const headless = (more: HarnessOptions = {}) =>
    new Harness({ ...more, header: { [abi.HEADER_FLAGS]: flags, ...more.header } });

  test('what lies in front of one is not watched, and no look at it opens the block', () => {
    const h = headless();
    const [p] = blocks(h, 13) as [number];
    expect(h.shadows(p - 8, 4)).toEqual([0, 0, 5, FC]);
    expect(h.kinds(() => h.load(4, p - 4))).toEqual([]);
    expect(h.kinds(() => h.store(1, p + 13))).toEqual([abi.KIND_HEAP_OOB]);
  });

  test('a prefix of four bytes in front of a block is no size word', () => {
    const h = headless();
    const [p] = blocks(h, 13) as [number];
    h.call('poison_range', p - 8, 8, WORD);
    expect(h.kinds(() => h.load(4, p - 4))).not.toEqual([]);
    expect(h.shadows(p, 3)).toEqual([0, 5, FC]);
  });

  test('what a block in front holds does not shrink the one that is freed', () => {
    const h = headless({ header: { [abi.HEADER_QUARANTINE_LIMIT]: 1 } });
    const [p] = blocks(h, 40) as [number];
    new DataView(h.program.buffer).setUint32(p - 4, 16, true);
    h.call('asan_free', p);
    expect(h.shadows(p - 8, 8)).toEqual(Array(8).fill(0));
  });

  test('the size of a block of others is what the original says', () => {
    const h = headless();
    const foreign = h.allocator.malloc(64);
    const [p] = blocks(h, 13) as [number];
    h.originals.length = 0;
    expect(h.kinds(() => h.call('asan_malloc_usable_size', foreign))).toEqual([]);
    expect(h.originals).toEqual([`usable_size ${foreign}`]);
    expect(h.call('asan_malloc_usable_size', p)).toBe(13);
  });
});
