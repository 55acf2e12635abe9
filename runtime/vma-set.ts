// The ordered set of areas: find, insert, remove, neighbours and "highest gap of at least n pages". Nothing about what
// an area means. A 64-ary tree of bitmaps over the window's page numbers, so every call costs at most four steps,
// however many areas there are (1,000,000 of them included); neighbours are linked.
//
//   key = page - window start, < 2^24 (64 GiB window)       keys[key] -> area record
//   level 3   1 word         each bit: a word of level 2 is not empty        gaps: largest gap below each bit
//   level 2   2^6 words      each bit: a word of level 1 is not empty
//   level 1   2^12 words     each bit: a word of level 0 is not empty
//   level 0   2^18 words     each bit: an area starts at this page           gap of an area: free pages before it
//
// An end record behind the last page holds the last gap; it is never handed out.
import { AREA_BYTES, AREA_END, AREA_GAP, AREA_NEXT, AREA_PREV, AREA_START } from './vma-layout';
import { claim } from './vma-seam';

const LEVELS: u32 = 4;
let base: u32 = 0; // first page of the window
let keys: u32 = 0; // u32 per page and one more
let endRecord: u32 = 0;
let first: u32 = 0;
let bits0: u32 = 0;
let bits1: u32 = 0;
let bits2: u32 = 0;
let bits3: u32 = 0;
let gaps0: u32 = 0;
let gaps1: u32 = 0;
let gaps2: u32 = 0;
let gaps3: u32 = 0;

function bitsOf(level: u32): u32 {
  return level == 0 ? bits0 : level == 1 ? bits1 : level == 2 ? bits2 : bits3;
}

/** Array of the largest gap under each word of a level. */
function gapsOf(level: u32): u32 {
  return level == 0 ? gaps0 : level == 1 ? gaps1 : level == 2 ? gaps2 : gaps3;
}

/** Makes an empty set over [startPage, startPage + pages). False when there is no memory for it. */
export function openSet(startPage: u32, pages: u32): bool {
  const words0 = (pages >> 6) + 1;
  const words1 = (words0 >> 6) + 1;
  const words2 = (words1 >> 6) + 1;
  keys = claim((pages + 1) << 2);
  bits0 = claim(words0 << 3);
  bits1 = claim(words1 << 3);
  bits2 = claim(words2 << 3);
  bits3 = claim(8);
  gaps0 = claim(words0 << 2);
  gaps1 = claim(words1 << 2);
  gaps2 = claim(words2 << 2);
  gaps3 = claim(4);
  endRecord = claim(AREA_BYTES);
  if (!keys || !bits0 || !bits1 || !bits2 || !bits3 || !gaps0 || !gaps1 || !gaps2 || !gaps3 || !endRecord) return false;
  base = startPage;
  first = endRecord;
  store<u32>(endRecord, startPage + pages, AREA_START);
  store<u32>(endRecord, startPage + pages, AREA_END);
  mark(pages, endRecord);
  setGap(endRecord, pages);
  return true;
}

function mark(key: u32, area: u32): void {
  store<u32>(keys + (key << 2), area);
  let index = key;
  for (let level: u32 = 0; level < LEVELS; level++) {
    const word = bitsOf(level) + ((index >> 6) << 3);
    const old = load<u64>(word);
    store<u64>(word, old | ((<u64>1) << (<u64>(index & 63))));
    if (old) return;
    index >>= 6;
  }
}

function unmark(key: u32): void {
  let index = key;
  for (let level: u32 = 0; level < LEVELS; level++) {
    const word = bitsOf(level) + ((index >> 6) << 3);
    const left = load<u64>(word) & ~((<u64>1) << (<u64>(index & 63)));
    store<u64>(word, left);
    if (left) return;
    index >>= 6;
  }
}

/** The greatest key <= key that is marked, or -1. */
function floorKey(key: u32): i32 {
  let index = key;
  let upTo = ((<u64>2) << (<u64>(index & 63))) - 1; // at level 0 the key itself counts; shifting out of the word is fine
  for (let level: u32 = 0; level < LEVELS; level++) {
    const word = index >> 6;
    const found = load<u64>(bitsOf(level) + (word << 3)) & upTo;
    if (found) return <i32>descend(level, (word << 6) | (63 - <u32>clz(found)));
    index = word;
    upTo = ((<u64>1) << (<u64>(index & 63))) - 1;
  }
  return -1;
}

/** From a marked bit of a level down to the greatest key below it. */
function descend(level: u32, index: u32): u32 {
  while (level) {
    level--;
    index = (index << 6) | (63 - <u32>clz(load<u64>(bitsOf(level) + (index << 3))));
  }
  return index;
}

function gapUnder(level: u32, index: u32): u32 {
  if (level) return load<u32>(gapsOf(level - 1) + (index << 2));
  return load<u32>(load<u32>(keys + (index << 2)), AREA_GAP);
}

/** The largest gap in one word, or `enough` as soon as one reaches it. */
function largestIn(level: u32, word: u32, enough: u32): u32 {
  let rest = load<u64>(bitsOf(level) + (word << 3));
  let largest: u32 = 0;
  while (rest) {
    const gap = gapUnder(level, (word << 6) | <u32>ctz(rest));
    if (gap >= enough) return enough;
    if (gap > largest) largest = gap;
    rest &= rest - 1;
  }
  return largest;
}

/** A gap at `key` went from `before` to `after`: repairs the maxima above it. */
function repair(key: u32, before: u32, after: u32): void {
  let index = key;
  for (let level: u32 = 0; level < LEVELS; level++) {
    const word = index >> 6;
    const slot = gapsOf(level) + (word << 2);
    const old = load<u32>(slot);
    let now = old;
    if (after >= old) now = after;
    else if (before == old) now = largestIn(level, word, old);
    if (now == old) return;
    store<u32>(slot, now);
    before = old;
    after = now;
    index = word;
  }
}

function setGap(area: u32, gap: u32): void {
  const before = load<u32>(area, AREA_GAP);
  if (before == gap) return;
  store<u32>(area, gap, AREA_GAP);
  repair(load<u32>(area, AREA_START) - base, before, gap);
}

function endBefore(area: u32): u32 {
  const prev = load<u32>(area, AREA_PREV);
  return prev ? load<u32>(prev, AREA_END) : base;
}

function fixGap(area: u32): void {
  setGap(area, load<u32>(area, AREA_START) - endBefore(area));
}

// ------------------------------------------------------------------------------------------------ what others call

export function firstArea(): u32 {
  return first == endRecord ? 0 : first;
}

export function nextOf(area: u32): u32 {
  const next = load<u32>(area, AREA_NEXT);
  return next == endRecord ? 0 : next;
}

export function prevOf(area: u32): u32 {
  return load<u32>(area, AREA_PREV);
}

/** The area with the greatest start <= page, or 0. */
export function areaAtOrBefore(page: u32): u32 {
  if (page < base) return 0;
  const key = floorKey(page - base);
  if (key < 0) return 0;
  const area = load<u32>(keys + ((<u32>key) << 2));
  return area == endRecord ? load<u32>(area, AREA_PREV) : area;
}

/** The area that holds page, or 0. */
export function areaAt(page: u32): u32 {
  const area = areaAtOrBefore(page);
  return area && load<u32>(area, AREA_END) > page ? area : 0;
}

/** The first area that ends after page, or 0: it holds page or lies behind it. */
export function areaFrom(page: u32): u32 {
  const area = areaAtOrBefore(page);
  if (!area) return firstArea();
  return load<u32>(area, AREA_END) > page ? area : nextOf(area);
}

/** Puts an area with its start and end set behind prev (0 = in front of all). */
export function insertArea(area: u32, prev: u32): void {
  const next = prev ? load<u32>(prev, AREA_NEXT) : first;
  store<u32>(area, prev, AREA_PREV);
  store<u32>(area, next, AREA_NEXT);
  store<u32>(area, 0, AREA_GAP);
  store<u32>(next, area, AREA_PREV);
  if (prev) store<u32>(prev, area, AREA_NEXT);
  else first = area;
  mark(load<u32>(area, AREA_START) - base, area);
  fixGap(area);
  fixGap(next);
}

export function removeArea(area: u32): void {
  const prev = load<u32>(area, AREA_PREV);
  const next = load<u32>(area, AREA_NEXT);
  setGap(area, 0);
  unmark(load<u32>(area, AREA_START) - base);
  store<u32>(next, prev, AREA_PREV);
  if (prev) store<u32>(prev, next, AREA_NEXT);
  else first = next;
  fixGap(next);
}

/** Moves an area's end; its start, and so its place, stays. */
export function setEnd(area: u32, end: u32): void {
  store<u32>(area, end, AREA_END);
  fixGap(load<u32>(area, AREA_NEXT));
}

/** Moves an area's start without passing a neighbour. */
export function setStart(area: u32, start: u32): void {
  setGap(area, 0);
  unmark(load<u32>(area, AREA_START) - base);
  store<u32>(area, start, AREA_START);
  mark(start - base, area);
  fixGap(area);
}

/** First page of the highest place with `pages` free pages, at its upper end; 0xffffffff when there is none. */
export function highestGap(pages: u32): u32 {
  if (load<u32>(gaps3) < pages) return u32.MAX_VALUE;
  let index: u32 = 0;
  let level: u32 = LEVELS;
  while (level) {
    level--;
    index = highestChild(level, index, pages);
  }
  return load<u32>(load<u32>(keys + (index << 2)), AREA_START) - pages;
}

function highestChild(level: u32, word: u32, pages: u32): u32 {
  let rest = load<u64>(bitsOf(level) + (word << 3));
  while (rest) {
    const bit = 63 - <u32>clz(rest);
    const index = (word << 6) | bit;
    if (gapUnder(level, index) >= pages) return index;
    rest ^= (<u64>1) << (<u64>bit);
  }
  return unreachable();
}
