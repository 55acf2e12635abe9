// The page-fault handler, populating, and fork. A write gives its area an anon_vma (the next neighbour's, else the
// previous one's, else a new one); a read maps the zero page and does not.

import { anonOf, count, dropAnon, isForked, newAnon, reserve, setAnonState, shareAnon } from './vma-area';
import {
  ANON_FORKED,
  ANON_PARENT,
  AREA_END,
  AREA_FILE,
  AREA_FLAGS,
  AREA_PGOFF,
  AREA_START,
  COUNT_FAULTS,
  FAULT_BEYOND,
  FAULT_DONE,
  FAULT_GUARD,
  FAULT_NO_ACCESS,
  FAULT_NO_MEMORY,
  FAULT_READ_ONLY,
  FAULT_UNMAPPED,
  FILE_PAGES,
  OP_FORK,
  PAGE_GUARD,
  PAGE_PRESENT,
  PAGE_ZERO,
  VM_DONTCOPY,
  VM_EXEC,
  VM_LOCKED,
  VM_LOCKONFAULT,
  VM_READ,
  VM_SHARED,
  VM_WIPEONFORK,
  VM_WRITE,
} from './vma-layout';
import { isMutant } from './vma-mutant';
import { announce, discard, isAccessible, pageAt, setPage } from './vma-pages';
import { areaAt, areaFrom, firstArea, nextOf, prevOf } from './vma-set';
import { unmapArea } from './vma-unmap';

/** anon_vma_compatible: alike but for the access rights, and their page offsets continue each other. */
function couldHaveMerged(lower: u32, upper: u32): bool {
  const from = load<u32>(lower, AREA_START);
  const to = load<u32>(lower, AREA_END);
  if (to != load<u32>(upper, AREA_START)) return false;
  if (load<u32>(lower, AREA_FILE) != load<u32>(upper, AREA_FILE)) return false;
  if ((load<u32>(lower, AREA_FLAGS) ^ load<u32>(upper, AREA_FLAGS)) & ~(VM_READ | VM_WRITE | VM_EXEC)) return false;
  return isMutant(19) || load<u32>(upper, AREA_PGOFF) == load<u32>(lower, AREA_PGOFF) + (to - from);
}

function lends(neighbour: u32): bool {
  return anonOf(neighbour) != 0 && (isMutant(20) || !isForked(neighbour));
}

/** Gives the area an anon_vma if it has none. The caller reserved one record. */
export function prepareAnon(area: u32): void {
  if (anonOf(area) || load<u32>(area, AREA_FILE)) return;
  const next = isMutant(21) ? 0 : nextOf(area);
  const prev = isMutant(22) ? 0 : prevOf(area);
  if (isMutant(23) && prev && couldHaveMerged(prev, area) && lends(prev)) {
    shareAnon(area, anonOf(prev));
  } else if (next && couldHaveMerged(area, next) && lends(next)) {
    shareAnon(area, anonOf(next));
  } else if (prev && couldHaveMerged(prev, area) && lends(prev)) {
    shareAnon(area, anonOf(prev));
  } else {
    newAnon(area);
  }
}

/** Most anon_vmas that populating [from, to) can ask for. */
export function anonsNeeded(from: u32, to: u32): u32 {
  let needed: u32 = 0;
  for (let area = areaFrom(from); area && load<u32>(area, AREA_START) < to; area = nextOf(area)) {
    if (!anonOf(area)) needed++;
  }
  return needed;
}

/** A load or store hits `page`: FAULT_DONE, or why it may not. */
export function faultPage(page: u32, isWrite: bool): u32 {
  const area = areaAt(page);
  if (!area) return FAULT_UNMAPPED;
  const flags = load<u32>(area, AREA_FLAGS);
  if (!isAccessible(flags)) return FAULT_NO_ACCESS;
  if (isWrite && !(flags & VM_WRITE)) return FAULT_READ_ONLY;
  if ((isWrite || isMutant(24)) && !anonOf(area) && !reserve(0, 1)) return FAULT_NO_MEMORY;
  const result = bringIn(area, page, isWrite);
  if (result == FAULT_DONE) announce(page, page + 1);
  return result;
}

/** The part of a fault that the access rights do not stop (populate goes past them). */
function bringIn(area: u32, page: u32, isWrite: bool): u32 {
  const state = pageAt(page);
  if (state & PAGE_GUARD) return FAULT_GUARD;
  const file = load<u32>(area, AREA_FILE);
  if (file && load<u32>(area, AREA_PGOFF) + (page - load<u32>(area, AREA_START)) >= load<u32>(file, FILE_PAGES)) {
    return FAULT_BEYOND;
  }
  if (state & PAGE_PRESENT) return FAULT_DONE;
  if (!isWrite) {
    if (!(state & PAGE_ZERO)) count(COUNT_FAULTS, 1);
    setPage(page, state | PAGE_ZERO);
    if (isMutant(24)) prepareAnon(area);
    return FAULT_DONE;
  }
  prepareAnon(area);
  count(COUNT_FAULTS, 1);
  setPage(page, PAGE_PRESENT);
  return FAULT_DONE;
}

// ------------------------------------------------------------------------------------------------ populate

/** Faults in what an area has in [from, to), as MAP_POPULATE and mlock do. FAULT_DONE or the first trouble. */
export function populateArea(area: u32, from: u32, to: u32): u32 {
  const flags = load<u32>(area, AREA_FLAGS);
  if (flags & VM_LOCKONFAULT) return FAULT_DONE;
  if (!isAccessible(flags)) return FAULT_NO_ACCESS;
  const isWrite = (flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;
  return touchPages(area, from, to, isWrite);
}

export function touchPages(area: u32, from: u32, to: u32, isWrite: bool): u32 {
  let result: u32 = FAULT_DONE;
  let page = from;
  for (; page < to; page++) {
    result = bringIn(area, page, isWrite);
    if (result != FAULT_DONE) break;
  }
  if (page > from) announce(from, page);
  return result;
}

/** mm_populate: area by area. Stops at the first trouble unless it is to be ignored. */
export function populate(from: u32, to: u32, ignoresErrors: bool): u32 {
  for (let area = areaFrom(from); area; area = nextOf(area)) {
    const start = max(from, load<u32>(area, AREA_START));
    if (start >= to) break;
    const result = populateArea(area, start, min(to, load<u32>(area, AREA_END)));
    if (result != FAULT_DONE && !ignoresErrors) return result;
  }
  return FAULT_DONE;
}

// ------------------------------------------------------------------------------------------------ fork

/** The parent goes on; its child, which shares the pages, lives from now on. */
export function forkAsParent(): void {
  for (let area = firstArea(); area; area = nextOf(area)) {
    const flags = load<u32>(area, AREA_FLAGS);
    if (anonOf(area) && !(flags & (VM_DONTCOPY | VM_WIPEONFORK))) setAnonState(anonOf(area), ANON_PARENT);
  }
}

/** The child goes on: every written area gets an anon_vma of its own, with the parent's behind it. */
export function forkAsChild(): bool {
  let written: u32 = 0;
  for (let area = firstArea(); area; area = nextOf(area)) if (anonOf(area)) written++;
  if (!reserve(0, written)) return false;
  let area = firstArea();
  while (area) {
    const next = nextOf(area);
    const flags = load<u32>(area, AREA_FLAGS);
    if (flags & VM_DONTCOPY) unmapArea(area, OP_FORK);
    else inheritArea(area, flags);
    area = next;
  }
  return true;
}

function inheritArea(area: u32, flags: u32): void {
  const isWiped = (flags & VM_WIPEONFORK) != 0;
  const wasWritten = anonOf(area) != 0;
  dropAnon(area);
  store<u32>(area, flags & ~(VM_LOCKED | VM_LOCKONFAULT), AREA_FLAGS);
  const from = load<u32>(area, AREA_START);
  const to = load<u32>(area, AREA_END);
  if (isWiped) {
    discard(from, to, false);
    announce(from, to);
  } else if (wasWritten) {
    newAnon(area);
    if (!isMutant(25)) setAnonState(anonOf(area), ANON_FORKED);
  }
}
