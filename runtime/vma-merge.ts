// When may memory areas become one, and the three ways to make them so: a new range beside its neighbours, a changed
// part of an area beside its neighbours, and the opposite, a split. Rules 1-5 of the kernel's mm/vma.c, and in policy
// merge-friendly Matena's second one.
//
//   new range      prev |  range  | next      both: prev takes range and next; left: prev; right: next grows down
//   changed range  prev |[part]   |           left: prev takes the part; right: next takes it; neither: split

import {
  addArea,
  anonOf,
  count,
  dropArea,
  isForked,
  isPrivateAnon,
  mapCount,
  maxMaps,
  policyNow,
  shareAnon,
  shareFile,
} from './vma-area';
import {
  AREA_END,
  AREA_FILE,
  AREA_FLAGS,
  AREA_PGOFF,
  AREA_STACK,
  AREA_START,
  AREA_TAIL,
  COUNT_MERGES,
  COUNT_REFUSED_ANON,
  COUNT_REFUSED_PGOFF,
  POLICY_MERGE_FRIENDLY,
  VM_EXACT,
} from './vma-layout';
import { isMutant } from './vma-mutant';
import { nextOf, prevOf, setEnd, setStart } from './vma-set';

// The range being added or changed: what the kernel passes around as vma_merge_struct.
let start: u32 = 0;
let end: u32 = 0;
let flags: u32 = 0;
let pgoff: u32 = 0;
let anon: u32 = 0;
let file: u32 = 0;
let origin: u32 = 0; // the area being changed; 0 for a new range
let copiedFrom: u32 = 0; // the area mremap copies

function describe(from: u32, to: u32, vmFlags: u32, offset: u32, anonVma: u32, object: u32): void {
  start = from;
  end = to;
  flags = vmFlags;
  pgoff = offset;
  anon = anonVma;
  file = object;
  origin = 0;
  copiedFrom = 0;
}

function isAlike(area: u32): bool {
  if (isMutant(1)) return load<u32>(area, AREA_FILE) == file;
  if ((flags | load<u32>(area, AREA_FLAGS)) & VM_EXACT) return false;
  return load<u32>(area, AREA_FLAGS) == flags && load<u32>(area, AREA_FILE) == file;
}

/** Rule 3: may the range and this neighbour share one anon_vma? */
function isAnonCompatible(area: u32): bool {
  const theirs = anonOf(area);
  if (isMutant(2)) return true;
  if (!theirs && anon) {
    if (isMutant(3)) return false;
    if (!isMutant(4) && origin && isForked(origin)) return false;
    return isMutant(5) || !copiedFrom || !isForked(copiedFrom);
  }
  if (theirs && !anon) return isMutant(6) || !isForked(area);
  if (theirs == anon) return true;
  return policyNow() == POLICY_MERGE_FRIENDLY && (isPrivateAnon(anon) || isMutant(31));
}

function admits(area: u32, inOrder: bool): bool {
  if (!isAlike(area)) return false;
  if (!inOrder && !isMutant(7)) {
    count(COUNT_REFUSED_PGOFF, 1);
    return false;
  }
  if (isAnonCompatible(area)) return true;
  count(COUNT_REFUSED_ANON, 1);
  return false;
}

function joinsPrev(prev: u32): bool {
  if (!prev || isMutant(8)) return false;
  const from = load<u32>(prev, AREA_START);
  const to = load<u32>(prev, AREA_END);
  return to == start && admits(prev, load<u32>(prev, AREA_PGOFF) + (to - from) == pgoff);
}

function joinsNext(next: u32, prev: u32): bool {
  if (!next || isMutant(9)) return false;
  if (load<u32>(next, AREA_START) != end || !admits(next, load<u32>(next, AREA_PGOFF) == pgoff + (end - start)))
    return false;
  if (!prev) return true;
  const left = anonOf(prev);
  const right = anonOf(next);
  if (!left || !right || left == right || isMutant(10)) return true;
  if (policyNow() == POLICY_MERGE_FRIENDLY && isPrivateAnon(right)) return true;
  count(COUNT_REFUSED_ANON, 1);
  return false;
}

// ------------------------------------------------------------------------------------------------ a new range

/** Merges the described range between prev and next; the area that now holds it, or 0. */
function mergeNew(prev: u32, next: u32): u32 {
  const left = joinsPrev(prev);
  const right = joinsNext(next, left ? prev : 0);
  if (left && right && !isMutant(11)) {
    const last = load<u32>(next, AREA_END);
    const donor = anonOf(next) ? anonOf(next) : anon;
    shareAnon(prev, donor);
    dropArea(next);
    setEnd(prev, last);
    count(COUNT_MERGES, 2);
    return prev;
  }
  if (left) {
    if (!isMutant(12)) shareAnon(prev, anon);
    setEnd(prev, end);
    count(COUNT_MERGES, 1);
    return prev;
  }
  if (!right) return 0;
  shareAnon(next, anon);
  setStart(next, start);
  store<u32>(next, isMutant(13) ? load<u32>(next, AREA_PGOFF) : pgoff, AREA_PGOFF);
  count(COUNT_MERGES, 1);
  return next;
}

/** Private or shared memory that does not exist yet (mmap): joins a neighbour or answers 0. */
export function mergeMapped(prev: u32, next: u32, from: u32, to: u32, vmFlags: u32, offset: u32, object: u32): u32 {
  describe(from, to, vmFlags, offset, 0, object);
  return mergeNew(prev, next);
}

/** brk: grows prev only. */
export function mergeBrk(prev: u32, from: u32, to: u32, vmFlags: u32): bool {
  describe(from, to, vmFlags, from, 0, 0);
  return mergeNew(prev, 0) != 0;
}

/** The copy mremap makes of `source`. */
export function mergeCopied(prev: u32, next: u32, from: u32, to: u32, offset: u32, source: u32): u32 {
  describe(from, to, load<u32>(source, AREA_FLAGS), offset, anonOf(source), load<u32>(source, AREA_FILE));
  copiedFrom = source;
  return mergeNew(prev, next);
}

/**
 * Grows an area in place to `to`, joining what follows if it can. The kernel passes no origin here, so that even a fork
 * child may grow up to memory that was never faulted (row 115).
 */
export function extend(area: u32, to: u32): bool {
  const from = load<u32>(area, AREA_END);
  const offset = load<u32>(area, AREA_PGOFF) + (from - load<u32>(area, AREA_START));
  describe(from, to, load<u32>(area, AREA_FLAGS), offset, anonOf(area), load<u32>(area, AREA_FILE));
  if (isMutant(14)) origin = area;
  return mergeNew(area, nextOf(area)) != 0;
}

// ------------------------------------------------------------------------------------------------ a changed range

/** [from, to) of `area` gets new flags: merged with the neighbours if possible, else 0 and nothing has happened. */
function mergeChanged(area: u32, from: u32, to: u32, vmFlags: u32): u32 {
  const areaStart = load<u32>(area, AREA_START);
  const areaEnd = load<u32>(area, AREA_END);
  if (from != areaStart && to != areaEnd) return 0;
  const offset = load<u32>(area, AREA_PGOFF) + (from - areaStart);
  describe(from, to, vmFlags, offset, anonOf(area), load<u32>(area, AREA_FILE));
  origin = area;
  const prev = prevOf(area);
  const next = nextOf(area);
  const left = from == areaStart && joinsPrev(prev);
  const right = to == areaEnd && joinsNext(next, left ? prev : 0);
  if (left && right && !isMutant(15)) return takeBoth(prev, area, next);
  if (left) return takeLeft(prev, area, to, areaEnd);
  return right ? takeRight(area, next, from, areaStart) : 0;
}

function takeBoth(prev: u32, area: u32, next: u32): u32 {
  const last = load<u32>(next, AREA_END);
  shareAnon(prev, anonOf(next) ? anonOf(next) : anonOf(area));
  dropArea(area);
  dropArea(next);
  setEnd(prev, last);
  count(COUNT_MERGES, 2);
  return prev;
}

function takeLeft(prev: u32, area: u32, to: u32, areaEnd: u32): u32 {
  if (!isMutant(16)) shareAnon(prev, anon);
  if (to == areaEnd) {
    dropArea(area);
    count(COUNT_MERGES, 1);
  } else {
    const cut = to - load<u32>(area, AREA_START);
    setStart(area, to);
    store<u32>(area, load<u32>(area, AREA_PGOFF) + cut, AREA_PGOFF);
  }
  setEnd(prev, to);
  return prev;
}

function takeRight(area: u32, next: u32, from: u32, areaStart: u32): u32 {
  if (!isMutant(17)) shareAnon(next, anon);
  if (from == areaStart) {
    dropArea(area);
    count(COUNT_MERGES, 1);
  } else {
    setEnd(area, from);
  }
  setStart(next, from);
  store<u32>(next, pgoff, AREA_PGOFF);
  return next;
}

/** Cuts an area at a page inside it; the upper half is new. reserve() came first. */
export function split(area: u32, page: u32): u32 {
  const from = load<u32>(area, AREA_START);
  const to = load<u32>(area, AREA_END);
  const offset = load<u32>(area, AREA_PGOFF) + (isMutant(18) ? 0 : page - from);
  setEnd(area, page);
  const upper = addArea(area, page, to, load<u32>(area, AREA_FLAGS), offset);
  shareAnon(upper, anonOf(area));
  shareFile(upper, load<u32>(area, AREA_FILE));
  store<u32>(upper, load<u32>(area, AREA_STACK), AREA_STACK);
  store<u32>(upper, load<u32>(area, AREA_TAIL), AREA_TAIL);
  store<u32>(area, 0, AREA_TAIL);
  return upper;
}

/**
 * Gives [from, to) of `area` other flags. The area that holds the range now, or 0 when a split would exceed
 * max_map_count; like the kernel, a first split then stays.
 */
export function change(area: u32, from: u32, to: u32, vmFlags: u32): u32 {
  const merged = mergeChanged(area, from, to, vmFlags);
  if (merged) return merged;
  if (load<u32>(area, AREA_START) < from) {
    if (mapCount() >= maxMaps()) return 0;
    area = split(area, from);
  }
  if (load<u32>(area, AREA_END) > to) {
    if (mapCount() >= maxMaps()) return 0;
    split(area, to);
  }
  store<u32>(area, vmFlags, AREA_FLAGS);
  return area;
}

/** After a relocation: joins the whole area with its neighbours if it can. */
export function settle(area: u32): u32 {
  const merged = mergeChanged(
    area,
    load<u32>(area, AREA_START),
    load<u32>(area, AREA_END),
    load<u32>(area, AREA_FLAGS),
  );
  return merged ? merged : area;
}
