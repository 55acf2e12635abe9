// mremap: shrink, grow in place, move, several areas at once, DONTUNMAP, and the two relocating flavours. The order of
// the checks is the kernel's, because the first one that fails names the errno.

import {
  addArea,
  anonOf,
  dropAnon,
  isPrivateAnon,
  mapCount,
  maxMaps,
  policyNow,
  reserve,
  shareAnon,
  shareFile,
} from './vma-area';
import { populate, prepareAnon } from './vma-fault';
import {
  AREA_END,
  AREA_FILE,
  AREA_FLAGS,
  AREA_PGOFF,
  AREA_STACK,
  AREA_START,
  AREA_TAIL,
  EAGAIN,
  EFAULT,
  EINVAL,
  ENOMEM,
  EPERM,
  MREMAP_DONTUNMAP,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  MREMAP_MUST_RELOCATE_ANON,
  MREMAP_RELOCATE_ANON,
  OP_MREMAP,
  POLICY_MERGE_FRIENDLY,
  POLICY_RELOCATE,
  VM_EXACT,
  VM_LOCKED,
  VM_LOCKONFAULT,
  VM_SEALED,
  VM_SHARED,
} from './vma-layout';
import { lockFits } from './vma-lock';
import { isFree } from './vma-map';
import { extend, mergeCopied, settle } from './vma-merge';
import { isMutant } from './vma-mutant';
import { aliasPages, announce, movePages } from './vma-pages';
import { areaAt, areaAtOrBefore, areaFrom, nextOf } from './vma-set';
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

const KNOWN: u32 = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
const RELOCATE: u32 = MREMAP_RELOCATE_ANON | MREMAP_MUST_RELOCATE_ANON;

let flags: u32 = 0;

function hasNewAddress(): bool {
  return (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) != 0;
}

export function mremap(addr: u64, oldLength: u64, newLength: u64, remapFlags: u32, target: u64): i64 {
  flags = remapFlags;
  const oldSize = alignUp(oldLength);
  const newSize = alignUp(newLength);
  const error = checkArguments(addr, oldSize, newSize, target);
  if (error) return failure(error);
  const from = pageOf(addr);
  const oldPages = <u32>(min(oldSize, taskSize()) >> PAGE_SHIFT);
  const newPages = <u32>(newSize >> PAGE_SHIFT);
  if (addr >= taskSize()) return failure(EFAULT);
  if (!reserve(reserveFor(from, oldPages), reserveFor(from, oldPages))) return failure(ENOMEM);
  if (flags & MREMAP_FIXED && oldSize == newSize) return moveAreas(from, oldPages, pageOf(target));
  const area = areaAt(from);
  const refusal = checkArea(area, from, oldPages, newPages);
  if (refusal) return failure(refusal);
  if (hasNewAddress()) return moveTo(area, from, oldPages, newPages, pageOf(target));
  if (oldPages == newPages) return <i64>addr;
  if (oldPages > newPages) {
    const shrunk = unmapRange(from + newPages, from + oldPages, OP_MREMAP);
    return shrunk ? failure(shrunk) : <i64>addr;
  }
  return grow(area, from, oldPages, newPages);
}

function checkArguments(addr: u64, oldSize: u64, newSize: u64, target: u64): u32 {
  const known = policyNow() == POLICY_RELOCATE ? KNOWN | RELOCATE : KNOWN;
  if (flags & ~known || addr & PAGE_REST || !newSize || newSize > taskSize()) return EINVAL;
  if (flags & RELOCATE && !(flags & MREMAP_MAYMOVE)) return EINVAL;
  if (!hasNewAddress()) return 0;
  if (target > taskSize() - newSize || target & PAGE_REST) return EINVAL;
  if (!(flags & MREMAP_MAYMOVE)) return EINVAL;
  if (flags & MREMAP_DONTUNMAP && oldSize != newSize) return EINVAL;
  if (addr + oldSize > target && target + newSize > addr) return EINVAL;
  if (mapCount() + 2 >= maxMaps() - 3) return ENOMEM;
  return flags & MREMAP_FIXED && pageOf(target) < windowStart() ? EPERM : 0;
}

/** Records of each kind that moving may need: two splits on either side, and one copy per area that stays. */
function reserveFor(from: u32, pages: u32): u32 {
  let areas: u32 = 6;
  if (!hasNewAddress()) return areas;
  for (let area = areaFrom(from); area && load<u32>(area, AREA_START) < from + pages; area = nextOf(area)) areas++;
  return areas;
}

function checkArea(area: u32, from: u32, oldPages: u32, newPages: u32): u32 {
  if (!area) return EFAULT;
  const vmFlags = load<u32>(area, AREA_FLAGS);
  if (vmFlags & VM_SEALED) return EPERM;
  if (newPages <= oldPages && !hasNewAddress()) return 0;
  if (!oldPages && !(vmFlags & VM_SHARED)) return EINVAL;
  if (min(oldPages, newPages) > load<u32>(area, AREA_END) - from) return EFAULT;
  if (newPages <= oldPages) return 0;
  if (vmFlags & VM_LOCKED && !lockFits(newPages - oldPages)) return EAGAIN;
  return 0;
}

function grow(area: u32, from: u32, oldPages: u32, newPages: u32): i64 {
  const end = load<u32>(area, AREA_END);
  const isLocked = (load<u32>(area, AREA_FLAGS) & VM_LOCKED) != 0;
  const newEnd = end + (newPages - oldPages);
  const isExact = (load<u32>(area, AREA_FLAGS) & VM_EXACT) != 0;
  if (!isExact && from + oldPages == end && newEnd >= end && newEnd <= windowEnd() && isFree(end, newEnd)) {
    extend(area, newEnd);
    announce(end, newEnd);
    if (isLocked) populate(end, newEnd, true);
    return (<i64>from) << (<i64>PAGE_SHIFT);
  }
  if (!(flags & MREMAP_MAYMOVE)) return failure(ENOMEM);
  const target = searchPlace(newPages + (isExact ? 1 : 0));
  if (target == NOWHERE) return failure(ENOMEM);
  return move(area, from, oldPages, target, newPages);
}

// ------------------------------------------------------------------------------------------------ moving

/** The whole of one area, or a part of it, to a given place or (DONTUNMAP alone) to one near the hint. */
function moveTo(area: u32, from: u32, oldPages: u32, newPages: u32, target: u32): i64 {
  if (flags & MREMAP_FIXED) {
    const error = unmapError(target, target + newPages);
    if (error) return failure(error);
    unmapPages(target, target + newPages, OP_MREMAP);
    area = areaAt(from);
    if (!area) return failure(EFAULT);
  }
  if (oldPages > newPages) {
    // Not unmapRange: reserving again could fail after the target is gone. mremap() reserved for both.
    const error = unmapError(from + newPages, from + oldPages);
    if (error) return failure(error);
    unmapPages(from + newPages, from + oldPages, OP_MREMAP);
    oldPages = newPages;
    area = areaAt(from);
  }
  if (!(flags & MREMAP_FIXED)) {
    const wanted = max(target, windowStart());
    if (!target || wanted + newPages > windowEnd() || !isFree(wanted, wanted + newPages))
      target = searchPlace(newPages);
    else target = wanted;
    if (target == NOWHERE) return failure(ENOMEM);
  }
  return move(area, from, oldPages, target, newPages);
}

/** MREMAP_FIXED without a new size: every area in the range, gaps reproduced. What moved before an error stays moved. */
function moveAreas(start: u32, pages: u32, target: u32): i64 {
  const end = start + pages;
  let area = areaFrom(start);
  if (!area || load<u32>(area, AREA_START) > start) return failure(EFAULT);
  let result: i64 = failure(EFAULT);
  let isFirst = true;
  while (area && load<u32>(area, AREA_START) < end) {
    const areaEnd = load<u32>(area, AREA_END);
    const from = max(start, load<u32>(area, AREA_START));
    const count = min(end, areaEnd) - from;
    const refusal = checkArea(area, from, count, count);
    if (refusal) return failure(refusal);
    const moved = moveTo(area, from, count, count, target + (from - start));
    if (moved < 0) return moved;
    if (isFirst) result = moved;
    isFirst = false;
    if (areaEnd >= end) break; // the last area may have merged with its own copy: looking again would find it
    area = areaFrom(areaEnd);
  }
  return result;
}

function move(area: u32, from: u32, oldPages: u32, target: u32, newPages: u32): i64 {
  if (mapCount() >= maxMaps() - 3) return failure(ENOMEM);
  const start = load<u32>(area, AREA_START);
  const end = load<u32>(area, AREA_END);
  const isLocked = newPages > oldPages && (load<u32>(area, AREA_FLAGS) & VM_LOCKED) != 0;
  const isShared = load<u32>(area, AREA_FILE) != 0;
  const isRelocated = isRelocatable(area);
  if (flags & MREMAP_MUST_RELOCATE_ANON && !isRelocated && (isShared || anonOf(area))) return failure(EFAULT);
  let copy = copyArea(area, from, target, newPages);
  const isNew = !copy;
  if (isNew) copy = addCopy(area, from, target, newPages, isRelocated);
  if (!oldPages) aliasPages(from, from + min(newPages, end - from), target, false);
  else if (isShared && flags & MREMAP_DONTUNMAP) aliasPages(from, from + oldPages, target, true);
  else movePages(from, from + oldPages, target);
  if (isNew && isRelocated && !isMutant(33)) copy = settle(copy);
  if (flags & MREMAP_DONTUNMAP) keepSource(areaAt(from), copy, from == start && from + oldPages == end);
  else if (oldPages) unmapPages(from, from + oldPages, OP_MREMAP);
  announce(target, target + newPages);
  if (isLocked) populate(target + oldPages, target + newPages, true);
  return (<i64>target) << (<i64>PAGE_SHIFT);
}

/** DONTUNMAP: the source stays, empty and unlocked. Wholly moved, it forgets its anon_vma but not its page offset. */
function keepSource(source: u32, copy: u32, isWhole: bool): void {
  const old = load<u32>(source, AREA_FLAGS);
  store<u32>(source, old & ~(VM_LOCKED | VM_LOCKONFAULT), AREA_FLAGS);
  if (source != copy && isWhole && !isMutant(28)) dropAnon(source);
  announce(load<u32>(source, AREA_START), load<u32>(source, AREA_END));
}

/** MREMAP_RELOCATE_ANON applies to written private memory that nobody else can see. */
function isRelocatable(area: u32): bool {
  const anon = anonOf(area);
  if (!(flags & RELOCATE) || !anon || load<u32>(area, AREA_FILE)) return false;
  return isPrivateAnon(anon) || isMutant(32);
}

/**
 * copy_vma's first half: the copy as part of a neighbour at the target, or 0. Memory never written takes the page offset
 * of its new place, which lets it merge anywhere; written memory keeps the old one (except where Matena's rule applies).
 */
function copyArea(area: u32, from: u32, target: u32, pages: u32): u32 {
  const prev = areaAtOrBefore(target);
  const next = prev ? nextOf(prev) : areaFrom(target);
  return mergeCopied(prev, next, target, target + pages, copiedOffset(area, from, target), area);
}

function copiedOffset(area: u32, from: u32, target: u32): u32 {
  const kept = load<u32>(area, AREA_PGOFF) + (from - load<u32>(area, AREA_START));
  if (load<u32>(area, AREA_FILE)) return kept;
  const anon = anonOf(area);
  if (!anon) return isMutant(29) ? kept : target;
  return policyNow() == POLICY_MERGE_FRIENDLY && (isPrivateAnon(anon) || isMutant(30)) ? target : kept;
}

/** The copy as an area of its own. A relocated one starts afresh: new offset, anon_vma by the fault rule. */
function addCopy(area: u32, from: u32, target: u32, pages: u32, isRelocated: bool): u32 {
  const offset = isRelocated ? target : copiedOffset(area, from, target);
  const copy = addArea(areaAtOrBefore(target), target, target + pages, load<u32>(area, AREA_FLAGS), offset);
  if (isRelocated) prepareAnon(copy);
  else shareAnon(copy, anonOf(area));
  shareFile(copy, load<u32>(area, AREA_FILE));
  store<u32>(copy, load<u32>(area, AREA_STACK), AREA_STACK);
  store<u32>(copy, load<u32>(area, AREA_TAIL), AREA_TAIL);
  return copy;
}
