// Bad input gets the errno Linux gives: every row of the table in docs/VMA.md, in a 64-bit and a 32-bit window, with the
// map unchanged unless Linux changes it.
import { describe, expect, test } from 'vitest';
import { mapOf } from '../../host/vma/replay.ts';
import { PAGE_SIZE, VmaSpace } from '../../host/vma/space.ts';
import { run, smallSpace, vmaModule } from './support.ts';

const module = await vmaModule();
const BEFORE = ['mmap 0 4 rw', 'mmap 6 2 r', 'mmap 10 2 rw s', 'mmap 14 1 rw n'];
const EPERM = 1;
const EAGAIN = 11;
const ENOMEM = 12;
const EFAULT = 14;
const EEXIST = 17;
const EINVAL = 22;

const ROWS: [string, number][] = [
  ['mmap 20 0 rw', EINVAL],
  ['mmap 20 0xffffffffffffffff@ rw', ENOMEM],
  ['mmap 20 0x1000000 rw', ENOMEM],
  ['mmap 200 41 rw', ENOMEM],
  ['mmap 20@ 1 rw', EINVAL],
  ['mmap 3 2 rw r', EEXIST],
  ['mmap -1 1 rw', EPERM],
  ['munmap 1@ 1', EINVAL],
  ['munmap 1 0', EINVAL],
  ['munmap 1 0x1000000', EINVAL],
  ['munmap 1 0xffffffffffffffff@', EINVAL],
  ['mprotect 1@ 1 r', EINVAL],
  ['mprotect 1 0xffffffffffffffff@ r', ENOMEM],
  ['mprotect 1 0xffffffffffff0000@ r', ENOMEM],
  ['mprotect 5 1 r', ENOMEM],
  ['mprotect 100 1 r', ENOMEM],
  ['madvise 1@ 1 4', EINVAL],
  ['madvise 1 1 7', EINVAL],
  ['madvise 1 1 -1', EINVAL],
  ['madvise 1 1 103000', EINVAL],
  ['madvise 1 0xffffffffffffffff@ 4', EINVAL],
  ['madvise 1 0xffffffffffff0000@ 4', EINVAL],
  ['madvise 20 1 DONTNEED', ENOMEM],
  ['madvise 10 1 WIPEONFORK', EINVAL],
  ['madvise 10 1 FREE', EINVAL],
  ['madvise 0 1 REMOVE', EINVAL],
  ['madvise 6 1 POPULATE_WRITE', EINVAL],
  ['madvise 20 1 POPULATE_READ', ENOMEM],
  ['mremap 0 1 1 8', EINVAL],
  ['mremap 0 1 1 16m', EINVAL],
  ['mremap 0 1 1 32', EINVAL],
  ['mremap 1@ 1 1 m', EINVAL],
  ['mremap 0 1 0 m', EINVAL],
  ['mremap 0 1 0xffffffffffffffff@ m', EINVAL],
  ['mremap 0 1 0x1000000 m', EINVAL],
  ['mremap 0 1 1 f 20', EINVAL],
  ['mremap 0 1 1 d 20', EINVAL],
  ['mremap 0 1 1 mf 20@', EINVAL],
  ['mremap 0 1 2 mf 239', EINVAL],
  ['mremap 0 2 2 mf 1', EINVAL],
  ['mremap 0 1 2 mfd 20', EINVAL],
  ['mremap 0 0 1 m', EINVAL],
  ['mremap 0 0 1 mf 20', EINVAL],
  ['mremap 5 1 2 m', EFAULT],
  ['mremap 5 1 1 m', EFAULT],
  ['mremap 5 2 2 mf 20', EFAULT],
  ['mremap 2 3 4 m', EFAULT],
  ['mremap 0 2 3 0', ENOMEM],
  ['mremap 6 2 5 0', ENOMEM],
  ['mlock 5 1', ENOMEM],
  ['munlock 5 1', ENOMEM],
  ['mlock 1 0xffffffffffff0000@', EINVAL],
  ['mseal 1@ 1', EINVAL],
  ['mseal 3 2', ENOMEM],
  ['name 0 1 x', EINVAL],
  ['put 5 1', EFAULT],
  ['put 6 1', EFAULT],
  ['get 5', EFAULT],
];

describe.each([64, 32] as const)('%i-bit addresses', (pointerBits) => {
  test.each(ROWS)('%s', (text, errno) => {
    const space = smallSpace(module, { pointerBits });
    for (const op of BEFORE) run(space, op);
    const before = mapOf(space);
    expect(run(space, text)).toEqual({ err: errno });
    expect(mapOf(space)).toEqual(before);
  });

  test('lengths of 0 that Linux lets pass', () => {
    const space = smallSpace(module, { pointerBits });
    for (const text of ['mprotect 0 0 r', 'madvise 0 0 4', 'mlock 0 0', 'munmap 50 3']) {
      expect([text, run(space, text)]).toEqual([text, { ok: 0 }]);
    }
  });
});

test('neither shared nor private, or not anonymous', () => {
  const space = smallSpace(module);
  expect(space.mmap(65536, 4096, 3, 0x20)).toBe(-EINVAL);
  expect(space.mmap(65536, 4096, 3, 0x23)).toBe(-EINVAL);
  expect(space.mmap(65536, 4096, 3, 0x02)).toBe(-9);
});

test('32-bit sums wrap at 4 GiB', () => {
  const space = new VmaSpace({ module, memory: null, startPage: 0xf0000, pages: 0xffff, pointerBits: 32 });
  const at = 0xff000000;
  expect(space.mmap(at, 4096, 3, 0x32)).toBe(at);
  expect(space.mprotect(at, 0xfffff000, 1)).toBe(-ENOMEM);
  expect(space.madvise(at, 0xfffff000, 4)).toBe(-EINVAL);
  expect(space.madvise(at, 0xffffffff, 4)).toBe(-EINVAL);
  expect(space.mmap(0, 0xffffffff, 3, 0x22)).toBe(-ENOMEM);
});

test('the window must be one the set can manage', () => {
  expect(() => new VmaSpace({ module, memory: null, pages: 0x1000000 })).toThrow(RangeError);
  expect(() => new VmaSpace({ module, memory: null, pages: 0 })).toThrow(RangeError);
});

test('a limit on locked memory', () => {
  const space = smallSpace(module, { lockedPages: 2 });
  expect(run(space, 'mmap 0 3 rw l')).toEqual({ err: EAGAIN });
  expect(run(space, 'mmap 0 2 rw l')).toEqual({ at: 0 });
  expect(run(space, 'mremap 0 2 3 0')).toEqual({ err: EAGAIN });
  expect(run(space, 'mmap 4 2 rw')).toEqual({ at: 4 });
  expect(run(space, 'mlock 4 1')).toEqual({ err: ENOMEM });
});

test('sealed memory cannot be unmapped, moved, changed or emptied', () => {
  const space = smallSpace(module);
  for (const text of ['mmap 0 4 r', 'mseal 1 2']) expect(run(space, text)).not.toHaveProperty('err');
  const sealed = mapOf(space);
  const refused = [
    'munmap 0 4',
    'mprotect 1 1 rw',
    'mremap 1 1 2 m',
    'mremap 1 1 1 mf 20',
    'mmap 1 1 rw',
    'madvise 1 1 4',
  ];
  for (const text of refused) expect([text, run(space, text)]).toEqual([text, { err: EPERM }]);
  expect(mapOf(space)).toEqual(sealed);
  expect(space.munmap(space.startPage * PAGE_SIZE, PAGE_SIZE)).toBe(0);
});
