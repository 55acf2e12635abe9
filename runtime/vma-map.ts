// mmap, munmap, brk and byte-sized mappings. Addresses and lengths are bytes; results are addresses or -errno.

import { addArea, mapCount, maxMaps, newFile, reserve } from './vma-area';
import { populate } from './vma-fault';
import {
  AREA_END,
  AREA_FLAGS,
  AREA_START,
  AREA_TAIL,
  EAGAIN,
  EBADF,
  EEXIST,
  EINVAL,
  ENOMEM,
  EPERM,
  MAP_ANONYMOUS,
  MAP_DROPPABLE,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_GROWSDOWN,
  MAP_HUGETLB,
  MAP_LOCKED,
  MAP_NONBLOCK,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_STACK,
  MAP_TYPE,
  OP_BRK,
  OP_MMAP,
  OP_MUNMAP,
  VM_ACCOUNT,
  VM_DONTDUMP,
  VM_DROPPABLE,
  VM_EXACT,
  VM_GROWSDOWN,
  VM_LOCKED,
  VM_NOHUGEPAGE,
  VM_NORESERVE,
  VM_READ,
  VM_SHARED,
  VM_WIPEONFORK,
  VM_WRITE,
} from './vma-layout';
import { lockFits } from './vma-lock';
import { mergeBrk, mergeMapped } from './vma-merge';
import { isMutant } from './vma-mutant';
import { announce } from './vma-pages';
import { areaAtOrBefore, areaFrom, nextOf, setEnd } from './vma-set';
import { unmapError, unmapPages, unmapRange } from './vma-unmap';
import {
  alignUp,
  failure,
  NOWHERE,
  PAGE_REST,
  PAGE_SHIFT,
  pageOf,
  searchPlace,
  taskSize,
  windowEnd,
  windowStart,
} from './vma-window';

const RIGHTS: u32 = 7; // PROT_READ | PROT_WRITE | PROT_EXEC, the same bits as VM_*

export function isFree(from: u32, to: u32): bool {
  const area = areaFrom(from);
  return !area || load<u32>(area, AREA_START) >= to;
}

/** Area flags of a mapping to be; 0xffffffff when the kind of mapping is none we know. */
function flagsOf(prot: u32, flags: u32): u32 {
  let result = prot & RIGHTS;
  if (flags & MAP_GROWSDOWN) result |= VM_GROWSDOWN;
  if (flags & MAP_LOCKED) result |= VM_LOCKED;
  if (flags & MAP_STACK) result |= VM_NOHUGEPAGE;
  if (flags & MAP_NORESERVE) result |= VM_NORESERVE;
  const kind = flags & MAP_TYPE;
  if (kind == MAP_SHARED) return flags & MAP_GROWSDOWN ? NOWHERE : result | VM_SHARED;
  if (kind == MAP_DROPPABLE) {
    if (flags & (MAP_LOCKED | MAP_GROWSDOWN)) return NOWHERE;
    return result | VM_DROPPABLE | VM_NORESERVE | VM_WIPEONFORK | VM_DONTDUMP;
  }
  return kind == MAP_PRIVATE ? result : NOWHERE;
}

/** Private writable memory without NORESERVE is accounted. */
function accounted(flags: u32): u32 {
  const isAccounted = (flags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) == VM_WRITE;
  return isAccounted && !isMutant(26) ? flags | VM_ACCOUNT : flags;
}

let placeError: u32 = 0;

function refusePlace(errno: u32): u32 {
  placeError = errno;
  return NOWHERE;
}

/** Where the kernel would put it: the first page, or NOWHERE and `placeError`. */
function placeFor(addr: u64, size: u64, flags: u32): u32 {
  const pages = <u32>(size >> PAGE_SHIFT);
  if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
    if (addr > taskSize() - size) return refusePlace(ENOMEM);
    if (addr & PAGE_REST) return refusePlace(EINVAL);
    if (pageOf(addr) < windowStart()) return refusePlace(EPERM);
    return pageOf(addr);
  }
  let hint = addr & ~PAGE_REST;
  if (hint && hint < (<u64>windowStart()) << PAGE_SHIFT) hint = (<u64>windowStart()) << PAGE_SHIFT;
  if (hint && hint <= taskSize() - size && isFree(pageOf(hint), pageOf(hint) + pages)) return pageOf(hint);
  const found = searchPlace(pages);
  return found == NOWHERE ? refusePlace(ENOMEM) : found;
}

export function mmap(addr: u64, length: u64, prot: u32, flags: u32): i64 {
  if (!(flags & MAP_ANONYMOUS)) return failure(EBADF);
  if (!length) return failure(EINVAL);
  if (flags & MAP_HUGETLB) return failure(ENOMEM); // no huge page is ever reserved
  const size = alignUp(length);
  if (!size || mapCount() > maxMaps() || size > taskSize()) return failure(ENOMEM);
  const from = placeFor(addr, size, flags);
  if (from == NOWHERE) return failure(placeError);
  const to = from + <u32>(size >> PAGE_SHIFT);
  if (flags & MAP_FIXED_NOREPLACE && !isFree(from, to)) return failure(EEXIST);
  if (flags & MAP_LOCKED && !lockFits(to - from)) return failure(EAGAIN);
  const vmFlags = flagsOf(prot, flags);
  if (vmFlags == NOWHERE) return failure(EINVAL);
  const error = unmapError(from, to);
  if (error) return failure(error);
  if (!reserve(3, 2)) return failure(ENOMEM); // two splits and itself; object and anon_vma
  unmapPages(from, to, OP_MMAP);
  place(from, to, accounted(vmFlags));
  announce(from, to);
  if (flags & MAP_LOCKED || (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE) populate(from, to, true);
  return (<i64>from) << (<i64>PAGE_SHIFT);
}

function place(from: u32, to: u32, flags: u32): void {
  const prev = areaAtOrBefore(from);
  if (flags & VM_SHARED) {
    newFile(addArea(prev, from, to, flags, 0), to - from);
    return;
  }
  const next = prev ? nextOf(prev) : areaFrom(from);
  if (!mergeMapped(prev, next, from, to, flags, from, 0)) addArea(prev, from, to, flags, from);
}

export function munmap(addr: u64, length: u64): i64 {
  if (addr & PAGE_REST || addr > taskSize() || length > taskSize() - addr) return failure(EINVAL);
  const size = alignUp(length);
  if (!size) return failure(EINVAL);
  return failure(unmapRange(pageOf(addr), pageOf(addr + size), OP_MUNMAP));
}

// ------------------------------------------------------------------------------------------------ brk

let brkStart: u64 = 0;
let brkNow: u64 = 0;

export function openBrk(addr: u64): void {
  brkStart = addr;
  brkNow = addr;
}

/** The new break, or the old one when it could not be moved: brk never gives an errno. */
export function brk(addr: u64): i64 {
  if (addr >= brkStart && addr <= taskSize()) {
    const from = pageOf(brkNow + PAGE_REST);
    const to = pageOf(addr + PAGE_REST);
    if (from == to || (addr < brkNow ? shrinkBrk(to, from) : growBrk(from, to))) brkNow = addr;
  }
  return <i64>brkNow;
}

function shrinkBrk(from: u32, to: u32): bool {
  return !isFree(from, to) && unmapRange(from, to, OP_BRK) == 0;
}

function growBrk(from: u32, to: u32): bool {
  if (to > windowEnd() || !isFree(from, to + 1) || mapCount() > maxMaps() || !reserve(1, 0)) return false;
  const flags: u32 = VM_READ | VM_WRITE | VM_ACCOUNT;
  const prev = areaAtOrBefore(from);
  const grows = prev && load<u32>(prev, AREA_END) == from && from > pageOf(brkStart);
  if (!grows || !mergeBrk(prev, from, to, flags)) addArea(prev, from, to, flags, from);
  announce(from, to);
  return true;
}

// ------------------------------------------------------------------------------------------------ byte-sized mappings

/** Maps exactly `length` bytes (vmalloc): never merges, followed by a page nobody gets while it lies there. */
export function mapBytes(length: u64): i64 {
  const size = alignUp(length);
  if (!length) return failure(EINVAL);
  if (!size || size >= taskSize() || mapCount() > maxMaps()) return failure(ENOMEM);
  const pages = <u32>(size >> PAGE_SHIFT);
  const from = searchPlace(pages + 1);
  if (from == NOWHERE || !reserve(1, 0)) return failure(ENOMEM);
  const area = addArea(areaAtOrBefore(from), from, from + pages, VM_READ | VM_WRITE | VM_ACCOUNT | VM_EXACT, from);
  store<u32>(area, <u32>(length & PAGE_REST), AREA_TAIL);
  announce(from, from + pages);
  return (<i64>from) << (<i64>PAGE_SHIFT);
}

/** Resizes a byte-sized mapping where it lies. ENOMEM when what follows is in the way: mremap may then move it. */
export function resizeBytes(addr: u64, length: u64): i64 {
  const from = pageOf(addr);
  const area = areaAtOrBefore(from);
  const size = alignUp(length);
  if (!area || addr & PAGE_REST || load<u32>(area, AREA_START) != from || !size) return failure(EINVAL);
  if (!(load<u32>(area, AREA_FLAGS) & VM_EXACT)) return failure(EINVAL);
  const end = load<u32>(area, AREA_END);
  if (size > taskSize() - addr) return failure(ENOMEM);
  const to = from + <u32>(size >> PAGE_SHIFT);
  if (to > end && (to >= windowEnd() || !isFree(end, to + 1))) return failure(ENOMEM);
  if (to > end) setEnd(area, to);
  if (to < end) unmapRange(to, end, OP_MUNMAP);
  store<u32>(area, <u32>(length & PAGE_REST), AREA_TAIL);
  announce(from, to);
  return <i64>addr;
}
