// mlock, mlock2 and munlock, and the limit on locked memory.

import { reserve } from './vma-area';
import { anonsNeeded, populate } from './vma-fault';
import {
  AREA_END,
  AREA_FLAGS,
  AREA_START,
  EINVAL,
  ENOMEM,
  FAULT_DONE,
  MLOCK_ONFAULT,
  VM_DROPPABLE,
  VM_LOCKED,
  VM_LOCKONFAULT,
} from './vma-layout';
import { change } from './vma-merge';
import { areaAt, areaFrom, firstArea, nextOf } from './vma-set';
import { alignUp, failure, PAGE_REST, pageOf, pageWithin, wrap } from './vma-window';

const NO_LIMIT: u32 = u32.MAX_VALUE;
let limit: u32 = NO_LIMIT; // pages: RLIMIT_MEMLOCK

export function setLockLimit(pages: u32): void {
  limit = pages;
}

/** May so many more pages be locked? */
export function lockFits(pages: u32): bool {
  if (limit == NO_LIMIT) return true;
  let locked: u64 = pages;
  for (let area = firstArea(); area; area = nextOf(area)) {
    if (load<u32>(area, AREA_FLAGS) & VM_LOCKED) locked += load<u32>(area, AREA_END) - load<u32>(area, AREA_START);
  }
  return locked <= <u64>limit;
}

export function mlock(addr: u64, length: u64, flags: u32): i64 {
  if (flags & ~MLOCK_ONFAULT) return failure(EINVAL);
  const size = alignUp(length + (addr & PAGE_REST));
  const start = addr & ~PAGE_REST;
  if (!lockFits(<u32>min(size >> 12, <u64>NO_LIMIT))) return failure(ENOMEM);
  const error = setLocked(start, size, flags & MLOCK_ONFAULT ? VM_LOCKED | VM_LOCKONFAULT : VM_LOCKED);
  if (error) return failure(error);
  if (!size) return 0;
  const isDone = populate(pageWithin(start), pageOf(start + size - 1) + 1, false) == FAULT_DONE;
  return isDone ? 0 : failure(ENOMEM);
}

export function munlock(addr: u64, length: u64): i64 {
  return failure(setLocked(addr & ~PAGE_REST, alignUp(length + (addr & PAGE_REST)), 0));
}

function setLocked(start: u64, size: u64, locked: u32): u32 {
  const end = wrap(start + size);
  if (end < start) return EINVAL;
  if (end == start) return 0;
  const to = pageOf(end - 1) + 1;
  let from = pageWithin(start);
  let area = areaAt(from);
  if (!area || !reserve(2, locked ? anonsNeeded(from, to) + 2 : 0)) return ENOMEM;
  while (area && load<u32>(area, AREA_START) <= from && from < to) {
    const until = min(load<u32>(area, AREA_END), to);
    const old = load<u32>(area, AREA_FLAGS);
    const flags = (old & ~(VM_LOCKED | VM_LOCKONFAULT)) | locked;
    if (flags != old && !(old & VM_DROPPABLE) && !change(area, from, until, flags)) return ENOMEM;
    area = areaFrom(until - 1);
    from = load<u32>(area, AREA_END); // a merge may have taken in what follows
    area = nextOf(area);
  }
  return from < to ? ENOMEM : 0;
}
