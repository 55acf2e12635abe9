// madvise: advice that is a flag (splits and merges), advice that acts on pages (no boundary moves), and what is not
// known (EINVAL). Holes are skipped; ENOMEM at the end tells of them.

import { reserve } from './vma-area';
import { anonsNeeded, prepareAnon, touchPages } from './vma-fault';
import {
  AREA_END,
  AREA_FILE,
  AREA_FLAGS,
  AREA_START,
  EAGAIN,
  EFAULT,
  EINVAL,
  ENOMEM,
  EPERM,
  FAULT_DONE,
  MADV_COLD,
  MADV_COLLAPSE,
  MADV_DODUMP,
  MADV_DOFORK,
  MADV_DONTDUMP,
  MADV_DONTFORK,
  MADV_DONTNEED,
  MADV_DONTNEED_LOCKED,
  MADV_FREE,
  MADV_GUARD_INSTALL,
  MADV_GUARD_REMOVE,
  MADV_HUGEPAGE,
  MADV_KEEPONFORK,
  MADV_MERGEABLE,
  MADV_NOHUGEPAGE,
  MADV_NORMAL,
  MADV_PAGEOUT,
  MADV_POPULATE_READ,
  MADV_POPULATE_WRITE,
  MADV_RANDOM,
  MADV_REMOVE,
  MADV_SEQUENTIAL,
  MADV_UNMERGEABLE,
  MADV_WILLNEED,
  MADV_WIPEONFORK,
  PAGE_GUARD,
  VM_DONTCOPY,
  VM_DONTDUMP,
  VM_DROPPABLE,
  VM_HUGEPAGE,
  VM_LOCKED,
  VM_MERGEABLE,
  VM_NOHUGEPAGE,
  VM_RAND_READ,
  VM_READ,
  VM_SEALED,
  VM_SEQ_READ,
  VM_SHARED,
  VM_WIPEONFORK,
  VM_WRITE,
} from './vma-layout';
import { change } from './vma-merge';
import { announce, discard, pageAt, setPage } from './vma-pages';
import { areaAt, areaFrom } from './vma-set';
import { alignUp, failure, PAGE_REST, pageOf, pageWithin, wrap } from './vma-window';

const LAST_OLD: u32 = MADV_DONTNEED;
const FIRST_LINUX: u32 = MADV_FREE;
const LAST_LINUX: u32 = MADV_COLLAPSE;

function isKnown(advice: u32): bool {
  if (advice <= LAST_OLD || (advice >= FIRST_LINUX && advice <= LAST_LINUX)) return true;
  return advice == MADV_GUARD_INSTALL || advice == MADV_GUARD_REMOVE;
}

export function madvise(addr: u64, length: u64, advice: u32): i64 {
  if (!isKnown(advice) || addr & PAGE_REST) return failure(EINVAL);
  const size = alignUp(length);
  if (length && !size) return failure(EINVAL);
  const end = wrap(addr + size);
  if (end < addr) return failure(EINVAL);
  if (end == addr) return 0;
  const from = pageWithin(addr);
  const to = pageOf(end - 1) + 1;
  const writes = advice == MADV_POPULATE_WRITE || advice == MADV_GUARD_INSTALL;
  if (!reserve(2, writes ? anonsNeeded(from, to) : 0)) return failure(writes ? ENOMEM : EAGAIN);
  const isPopulate = advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE;
  return failure(isPopulate ? populateRange(from, to, advice) : adviseRange(from, to, advice));
}

function adviseRange(from: u32, to: u32, advice: u32): u32 {
  let hole: u32 = 0;
  let page = from;
  while (page < to) {
    const area = areaFrom(page);
    if (!area) return ENOMEM;
    const start = load<u32>(area, AREA_START);
    if (start > page) {
      hole = ENOMEM;
      page = start;
      if (page >= to) break;
    }
    const until = min(load<u32>(area, AREA_END), to);
    const error = adviseArea(area, page, until, advice);
    if (error) return error == ENOMEM ? EAGAIN : error;
    // A merge may have taken in what follows. With the area gone (never here) the walk would go on behind it.
    const last = areaFrom(until - 1);
    page = last && load<u32>(last, AREA_START) < until ? max(until, load<u32>(last, AREA_END)) : until;
  }
  return hole;
}

function adviseArea(area: u32, from: u32, to: u32, advice: u32): u32 {
  const flags = load<u32>(area, AREA_FLAGS);
  switch (advice) {
    case MADV_WILLNEED:
      return 0;
    case MADV_COLLAPSE:
      return EINVAL; // no huge pages
    case MADV_REMOVE:
      return punch(area, from, to, flags);
    case MADV_COLD:
    case MADV_PAGEOUT:
      return flags & VM_LOCKED ? EINVAL : 0;
    case MADV_DONTNEED:
    case MADV_DONTNEED_LOCKED:
    case MADV_FREE:
      return giveBack(area, from, to, flags, advice);
    case MADV_GUARD_INSTALL:
    case MADV_GUARD_REMOVE:
      return guard(area, from, to, flags, advice);
    default:
      return adviseFlags(area, from, to, flags, advice);
  }
}

// ------------------------------------------------------------------------------------------------ pages

/** DONTNEED loses the bytes (shared memory keeps them in its object); FREE may, and without pressure does not. */
function giveBack(area: u32, from: u32, to: u32, flags: u32, advice: u32): u32 {
  if (flags & VM_SEALED && !(flags & VM_WRITE)) return EPERM;
  if (flags & VM_LOCKED && advice != MADV_DONTNEED_LOCKED) return EINVAL;
  const isFile = load<u32>(area, AREA_FILE) != 0;
  if (advice == MADV_FREE) return isFile ? EINVAL : 0;
  if (isFile) return 0;
  discard(from, to, true);
  announce(from, to);
  return 0;
}

/** A hole in the object behind shared memory; private memory has none. */
function punch(area: u32, from: u32, to: u32, flags: u32): u32 {
  if (!load<u32>(area, AREA_FILE) || flags & VM_LOCKED) return EINVAL;
  discard(from, to, true);
  announce(from, to);
  return 0;
}

function guard(area: u32, from: u32, to: u32, flags: u32, advice: u32): u32 {
  if (advice == MADV_GUARD_INSTALL && flags & VM_SEALED && !(flags & VM_WRITE)) return EPERM;
  if (flags & VM_LOCKED && advice == MADV_GUARD_INSTALL) return EINVAL;
  if (advice == MADV_GUARD_INSTALL) {
    prepareAnon(area);
    if (!load<u32>(area, AREA_FILE)) discard(from, to, false); // shared bytes wait behind the guard
  }
  const bits: u32 = advice == MADV_GUARD_INSTALL ? PAGE_GUARD : 0;
  for (let page = from; page < to; page++) setPage(page, (pageAt(page) & ~PAGE_GUARD) | bits);
  announce(from, to);
  return 0;
}

function populateRange(from: u32, to: u32, advice: u32): u32 {
  const isWrite = advice == MADV_POPULATE_WRITE;
  const needed: u32 = isWrite ? VM_WRITE : VM_READ;
  let page = from;
  while (page < to) {
    const area = areaAt(page);
    if (!area) return ENOMEM;
    const until = min(load<u32>(area, AREA_END), to);
    if (!(load<u32>(area, AREA_FLAGS) & needed)) return EINVAL;
    const result = touchPages(area, page, until, isWrite);
    if (result != FAULT_DONE) return EFAULT;
    page = until;
  }
  return 0;
}

// ------------------------------------------------------------------------------------------------ flags

const REFUSED: u32 = u32.MAX_VALUE;

/** The flags after an advice; REFUSED where the kernel answers EINVAL. */
function advised(flags: u32, advice: u32): u32 {
  switch (advice) {
    case MADV_NORMAL:
      return flags & ~(VM_RAND_READ | VM_SEQ_READ);
    case MADV_RANDOM:
      return (flags & ~VM_SEQ_READ) | VM_RAND_READ;
    case MADV_SEQUENTIAL:
      return (flags & ~VM_RAND_READ) | VM_SEQ_READ;
    case MADV_DONTFORK:
      return flags | VM_DONTCOPY;
    case MADV_DOFORK:
      return flags & ~VM_DONTCOPY;
    case MADV_DONTDUMP:
      return flags | VM_DONTDUMP;
    case MADV_DODUMP:
      return flags & VM_DROPPABLE ? REFUSED : flags & ~VM_DONTDUMP;
    case MADV_WIPEONFORK:
      return flags & VM_SHARED ? REFUSED : flags | VM_WIPEONFORK;
    case MADV_KEEPONFORK:
      return flags & VM_DROPPABLE ? REFUSED : flags & ~VM_WIPEONFORK;
    case MADV_MERGEABLE:
      return flags & (VM_SHARED | VM_DROPPABLE) ? flags : flags | VM_MERGEABLE;
    case MADV_UNMERGEABLE:
      return flags & ~VM_MERGEABLE;
    case MADV_HUGEPAGE:
      return (flags & ~VM_NOHUGEPAGE) | VM_HUGEPAGE;
    case MADV_NOHUGEPAGE:
      return (flags & ~VM_HUGEPAGE) | VM_NOHUGEPAGE;
    default:
      return REFUSED;
  }
}

function adviseFlags(area: u32, from: u32, to: u32, old: u32, advice: u32): u32 {
  const flags = advised(old, advice);
  if (flags == REFUSED) return EINVAL;
  return flags == old || change(area, from, to, flags) ? 0 : ENOMEM;
}
