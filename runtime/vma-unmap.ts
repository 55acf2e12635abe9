// munmap, and what remembers it: the history that answers "who unmapped this page".

import { dropArea, mapCount, maxMaps, reserve, stackNow } from './vma-area';
import {
  AREA_END,
  AREA_FLAGS,
  AREA_STACK,
  AREA_START,
  ENOMEM,
  EPERM,
  PAST_BYTES,
  PAST_COUNT,
  PAST_END,
  PAST_KIND,
  PAST_MAP_STACK,
  PAST_SERIAL,
  PAST_START,
  PAST_UNMAP_STACK,
  VM_SEALED,
} from './vma-layout';
import { split } from './vma-merge';
import { announce, discard } from './vma-pages';
import { claim } from './vma-seam';
import { areaFrom, nextOf } from './vma-set';

let past: u32 = 0;
let pastCount: u32 = 0;

export function openHistory(): bool {
  past = claim(PAST_BYTES * PAST_COUNT);
  return past != 0;
}

function remember(area: u32, kind: u32): void {
  const entry = past + (pastCount % PAST_COUNT) * PAST_BYTES;
  pastCount++;
  store<u32>(entry, load<u32>(area, AREA_START), PAST_START);
  store<u32>(entry, load<u32>(area, AREA_END), PAST_END);
  store<u32>(entry, load<u32>(area, AREA_STACK), PAST_MAP_STACK);
  store<u32>(entry, stackNow(), PAST_UNMAP_STACK);
  store<u32>(entry, kind, PAST_KIND);
  store<u32>(entry, pastCount, PAST_SERIAL);
}

export function pastAt(): u32 {
  return past;
}

/** Areas ever unmapped; the last PAST_COUNT of them are in the ring. */
export function pastTotal(): u32 {
  return pastCount;
}

/** The newest history entry for a page, or 0: the last PAST_COUNT unmapped areas are known. */
export function unmappedBy(page: u32): u32 {
  const known = min(pastCount, <u32>PAST_COUNT);
  for (let age: u32 = 1; age <= known; age++) {
    const entry = past + ((pastCount - age) % PAST_COUNT) * PAST_BYTES;
    if (page >= load<u32>(entry, PAST_START) && page < load<u32>(entry, PAST_END)) return entry;
  }
  return 0;
}

/** One whole area and its pages go. */
export function unmapArea(area: u32, kind: u32): void {
  const from = load<u32>(area, AREA_START);
  const to = load<u32>(area, AREA_END);
  remember(area, kind);
  dropArea(area);
  discard(from, to, false);
  announce(from, to);
}

function hasSealed(from: u32, to: u32): bool {
  for (let area = areaFrom(from); area && load<u32>(area, AREA_START) < to; area = nextOf(area)) {
    if (load<u32>(area, AREA_FLAGS) & VM_SEALED) return true;
  }
  return false;
}

/** 0, or the errno that unmapping [from, to) would give. Only a hole punched into one area adds to the count. */
export function unmapError(from: u32, to: u32): u32 {
  const area = areaFrom(from);
  if (!area || load<u32>(area, AREA_START) >= to) return 0;
  const isPunch = load<u32>(area, AREA_START) < from && load<u32>(area, AREA_END) > to;
  if (isPunch && mapCount() >= maxMaps()) return ENOMEM;
  return hasSealed(from, to) ? EPERM : 0;
}

/** Unmaps [from, to); unmapError() said 0 and reserve() came first. */
export function unmapPages(from: u32, to: u32, kind: u32): void {
  let area = areaFrom(from);
  if (area && load<u32>(area, AREA_START) < from) area = split(area, from);
  while (area && load<u32>(area, AREA_START) < to) {
    const next = nextOf(area);
    if (load<u32>(area, AREA_END) > to) split(area, to);
    unmapArea(area, kind);
    area = next;
  }
}

export function unmapRange(from: u32, to: u32, kind: u32): u32 {
  const error = unmapError(from, to);
  if (error) return error;
  if (!reserve(2, 0)) return ENOMEM;
  unmapPages(from, to, kind);
  return 0;
}
