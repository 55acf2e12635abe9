// Area, anon_vma and object records: where they come from, who holds them, and the counts and limits of the space.
// Records are taken from pools that `reserve` fills before an operation changes anything, so that an operation that runs
// out of memory has done nothing.
import {
  ANON_FORKED,
  ANON_PARENT,
  ANON_REFS,
  ANON_SERIAL,
  ANON_STATE,
  AREA_ANON,
  AREA_BYTES,
  AREA_END,
  AREA_FILE,
  AREA_FLAGS,
  AREA_NEXT,
  AREA_PGOFF,
  AREA_SERIAL,
  AREA_STACK,
  AREA_START,
  COUNT_ANONS,
  COUNT_BYTES,
  COUNT_PEAK_AREAS,
  DEFAULT_MAX_MAP_COUNT,
  FILE_PAGES,
  FILE_REFS,
  FILE_SERIAL,
  POLICY_LINUX,
  SMALL_BYTES,
  SMALL_NEXT,
} from './vma-layout';
import { claim } from './vma-seam';
import { insertArea, removeArea } from './vma-set';

const SLAB: u32 = 256; // records claimed at a time

let areaPool: u32 = 0;
let areaPoolCount: u32 = 0;
let smallPool: u32 = 0;
let smallPoolCount: u32 = 0;
let serial: u32 = 0;
let counters: u32 = 0;
let areaCount: u32 = 0;
let otherMaps: u32 = 0;
let maxMapCount: u32 = DEFAULT_MAX_MAP_COUNT;
let policy: u32 = POLICY_LINUX;
let stack: u32 = 0;
let failAfter: u32 = u32.MAX_VALUE; // records that may still be reserved: failure injection

// ------------------------------------------------------------------------------------------------ settings

export function policyNow(): u32 {
  return policy;
}

export function setPolicy(value: u32): void {
  policy = value;
}

/** Id of the call stack of the operation under way, for "mapped by" and "unmapped by". */
export function stackNow(): u32 {
  return stack;
}

export function setStack(id: u32): void {
  stack = id;
}

/** Mappings of the process outside the window, as far as max_map_count is concerned. */
export function setLimits(max: u32, others: u32): void {
  maxMapCount = max;
  otherMaps = others;
}

/** The kernel's mm->map_count. */
export function mapCount(): u32 {
  return areaCount + otherMaps;
}

export function maxMaps(): u32 {
  return maxMapCount;
}

export function areasNow(): u32 {
  return areaCount;
}

export function setFailAfter(records: u32): void {
  failAfter = records;
}

// ------------------------------------------------------------------------------------------------ counters

export function openRecords(): bool {
  counters = claim(COUNT_BYTES);
  return counters != 0;
}

export function countersAt(): u32 {
  return counters;
}

export function count(counter: u32, by: u32): void {
  store<u32>(counters + counter, load<u32>(counters + counter) + by);
}

// ------------------------------------------------------------------------------------------------ pools

/** Makes sure that so many records can be taken without failing. */
export function reserve(areas: u32, smalls: u32): bool {
  if (failAfter != u32.MAX_VALUE) {
    if (failAfter < areas + smalls) return false;
    failAfter -= areas + smalls;
  }
  while (areaPoolCount < areas) if (!fillAreas()) return false;
  while (smallPoolCount < smalls) if (!fillSmalls()) return false;
  return true;
}

function fillAreas(): bool {
  const block = claim(AREA_BYTES * (SLAB + 1));
  if (!block) return false;
  const slab = (block + AREA_BYTES - 1) & ~(AREA_BYTES - 1);
  for (let i: u32 = SLAB; i; i--) {
    const area = slab + (i - 1) * AREA_BYTES;
    store<u32>(area, areaPool, AREA_NEXT);
    areaPool = area;
  }
  areaPoolCount += SLAB;
  return true;
}

function fillSmalls(): bool {
  const slab = claim(SMALL_BYTES * SLAB);
  if (!slab) return false;
  for (let i: u32 = SLAB; i; i--) {
    const small = slab + (i - 1) * SMALL_BYTES;
    store<u32>(small, smallPool, SMALL_NEXT);
    smallPool = small;
  }
  smallPoolCount += SLAB;
  return true;
}

function takeSmall(): u32 {
  const small = smallPool;
  smallPool = load<u32>(small, SMALL_NEXT);
  smallPoolCount--;
  memory.fill(small, 0, SMALL_BYTES);
  return small;
}

function giveSmall(small: u32): void {
  store<u32>(small, smallPool, SMALL_NEXT);
  smallPool = small;
  smallPoolCount++;
}

// ------------------------------------------------------------------------------------------------ areas

/** A new area in the set, behind prev, without anon_vma and object. reserve() came first. */
export function addArea(prev: u32, start: u32, end: u32, flags: u32, pgoff: u32): u32 {
  const area = areaPool;
  areaPool = load<u32>(area, AREA_NEXT);
  areaPoolCount--;
  memory.fill(area, 0, AREA_BYTES);
  store<u32>(area, start, AREA_START);
  store<u32>(area, end, AREA_END);
  store<u32>(area, flags, AREA_FLAGS);
  store<u32>(area, pgoff, AREA_PGOFF);
  store<u32>(area, stack, AREA_STACK);
  store<u32>(area, ++serial, AREA_SERIAL);
  insertArea(area, prev);
  areaCount++;
  if (areaCount > load<u32>(counters, COUNT_PEAK_AREAS)) store<u32>(counters, areaCount, COUNT_PEAK_AREAS);
  return area;
}

export function dropArea(area: u32): void {
  removeArea(area);
  dropAnon(area);
  dropFile(area);
  store<u32>(area, areaPool, AREA_NEXT);
  areaPool = area;
  areaPoolCount++;
  areaCount--;
}

// ------------------------------------------------------------------------------------------------ anon_vma

export function anonOf(area: u32): u32 {
  return load<u32>(area, AREA_ANON);
}

export function isForked(area: u32): bool {
  const anon = anonOf(area);
  return anon != 0 && (load<u32>(anon, ANON_STATE) & ANON_FORKED) != 0;
}

/** Root without children: nobody else can see its pages, so they may be given another place or another anon_vma. */
export function isPrivateAnon(anon: u32): bool {
  return !(load<u32>(anon, ANON_STATE) & (ANON_FORKED | ANON_PARENT));
}

export function setAnonState(anon: u32, state: u32): void {
  store<u32>(anon, load<u32>(anon, ANON_STATE) | state, ANON_STATE);
}

/** Gives an area without anon_vma this one (0 = none: nothing happens). */
export function shareAnon(area: u32, anon: u32): void {
  if (!anon || anonOf(area)) return;
  store<u32>(area, anon, AREA_ANON);
  store<u32>(anon, load<u32>(anon, ANON_REFS) + 1, ANON_REFS);
}

export function newAnon(area: u32): void {
  const anon = takeSmall();
  store<u32>(anon, ++serial, ANON_SERIAL);
  count(COUNT_ANONS, 1);
  shareAnon(area, anon);
}

export function dropAnon(area: u32): void {
  const anon = anonOf(area);
  if (!anon) return;
  store<u32>(area, 0, AREA_ANON);
  const refs = load<u32>(anon, ANON_REFS) - 1;
  store<u32>(anon, refs, ANON_REFS);
  if (refs) return;
  giveSmall(anon);
  count(COUNT_ANONS, u32.MAX_VALUE);
}

// ------------------------------------------------------------------------------------------------ shared objects

export function newFile(area: u32, pages: u32): void {
  const file = takeSmall();
  store<u32>(file, pages, FILE_PAGES);
  store<u32>(file, ++serial, FILE_SERIAL);
  shareFile(area, file);
}

export function shareFile(area: u32, file: u32): void {
  if (!file) return;
  store<u32>(area, file, AREA_FILE);
  store<u32>(file, load<u32>(file, FILE_REFS) + 1, FILE_REFS);
}

function dropFile(area: u32): void {
  const file = load<u32>(area, AREA_FILE);
  if (!file) return;
  const refs = load<u32>(file, FILE_REFS) - 1;
  store<u32>(file, refs, FILE_REFS);
  if (!refs) giveSmall(file);
}
