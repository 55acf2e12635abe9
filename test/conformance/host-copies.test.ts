// Copies between JavaScript and the program's memory (KASAN's K74, and K76 once more): through guarded views, in both schemes.

import { describe, expect, test } from 'vitest';
import { load } from '../../host/index.ts';
import { instrument } from '../../index.ts';
import { compileLibrary, type Library } from '../guard/library.ts';
import { findingText } from '../support/run-instrumented.ts';

const TITLES = { asan: 'heap-buffer-overflow', kasan: 'slab-out-of-bounds' };

/** What is said of `copy`, given a block of 120 bytes. */
async function findings(
  scheme: 'asan' | 'kasan',
  copy: (heap: Uint8Array<ArrayBuffer>, block: number) => void,
): Promise<string[]> {
  const original = await compileLibrary();
  const found: string[] = [];
  const { instance } = await load({
    original,
    instrumented: instrument(original, { host: true, runtime: { halt: false, scheme } }).bytes,
    guardJs: true,
    onFinding: (report) => {
      found.push(findingText(report));
      return false;
    },
  });
  const { memory, take, give } = instance.exports as unknown as Library;
  const block = take(120);
  copy(new Uint8Array(memory.buffer as ArrayBuffer), block);
  give(block);
  return found;
}

describe.each(['asan', 'kasan'] as const)('%s', (scheme) => {
  const finding = (direction: string, size: number) => {
    const place = scheme === 'asan' ? '0 bytes after' : '0 bytes inside';
    return `${TITLES[scheme]}, ${direction} of size ${size}, ${place} 120-byte region`;
  };

  test('K74 copy_to_kernel_nofault_oob: 128 bytes out of the block, then into it', async () => {
    const both = (size: number) => (heap: Uint8Array<ArrayBuffer>, block: number) => {
      const copy = heap.slice(block, block + size);
      heap.set(copy, block);
    };
    expect(await findings(scheme, both(120))).toEqual([]);
    expect(await findings(scheme, both(128))).toEqual([finding('READ', 128), finding('WRITE', 128)]);
  });

  const text = (size: number) => 'x'.repeat(size);
  const COPIES: readonly (readonly [
    string,
    'READ' | 'WRITE',
    (heap: Uint8Array<ArrayBuffer>, at: number, size: number) => void,
  ])[] = [
    ['slice', 'READ', (heap, at, size) => heap.slice(at, at + size)],
    ['TextDecoder', 'READ', (heap, at, size) => new TextDecoder().decode(heap.subarray(at, at + size))],
    ['a new array', 'READ', (heap, at, size) => new Uint8Array(heap.subarray(at, at + size))],
    ['set', 'WRITE', (heap, at, size) => heap.set(new Uint8Array(size), at)],
    ['fill', 'WRITE', (heap, at, size) => heap.fill(1, at, at + size)],
    [
      'TextEncoder',
      'WRITE',
      (heap, at, size) => new TextEncoder().encodeInto(text(size), heap.subarray(at, at + size)),
    ],
    ['random values', 'WRITE', (heap, at, size) => crypto.getRandomValues(heap.subarray(at, at + size))],
  ];
  test.each(COPIES)('K76 copy_user_test_oob: 121 bytes by %s', async (_, direction, copy) => {
    expect(await findings(scheme, (heap, at) => copy(heap, at, 120))).toEqual([]);
    expect(await findings(scheme, (heap, at) => copy(heap, at, 121))).toEqual([finding(direction, 121)]);
  });
});
