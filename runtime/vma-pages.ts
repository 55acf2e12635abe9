// The pages under the areas: which have bytes of their own, how bytes move and vanish, and what each page may be used
// for, told to the seam. A page without bytes of its own reads zero because it is zeroed when it loses them, not when it
// is faulted: memory written behind our back into a fresh mapping is never wiped.
//
//   one byte per page of the window: PAGE_PRESENT | PAGE_ZERO | PAGE_GUARD

import { count } from './vma-area';
import {
  AREA_END,
  AREA_FLAGS,
  AREA_START,
  AREA_TAIL,
  COUNT_COPIED,
  PAGE_GUARD,
  PAGE_PRESENT,
  PAGE_ZERO,
  STATE_NO_ACCESS,
  STATE_OK,
  STATE_READ_ONLY,
  STATE_UNFAULTED,
  STATE_UNMAPPED,
  VM_EXEC,
  VM_HEAP,
  VM_READ,
  VM_WRITE,
} from './vma-layout';
import { claim, clearPages, copyPages, tellState } from './vma-seam';
import { areaFrom, nextOf } from './vma-set';

let states: u32 = 0; // address of the state of page 0: claimed block minus the window's first page
let isWatched: bool = false;

export function openPages(startPage: u32, pages: u32): bool {
  const block = claim(pages + 8); // the scans below read eight states at a time
  states = block - startPage;
  return block != 0;
}

export function watch(on: bool): void {
  isWatched = on;
}

export function pageAt(page: u32): u32 {
  return load<u8>(states + page);
}

export function setPage(page: u32, state: u32): void {
  store<u8>(states + page, state);
}

/** First page >= from whose state has none (wanted = 0) or some (wanted = 1) of the bits; `to` when there is none. */
function scan(from: u32, to: u32, bits: u32, wanted: bool): u32 {
  const pattern = <u64>bits * 0x0101010101010101;
  while (from < to) {
    if (wanted && from + 8 <= to && !(load<u64>(states + from) & pattern)) {
      from += 8;
      continue;
    }
    if (((load<u8>(states + from) & bits) != 0) == wanted) return from;
    from++;
  }
  return to;
}

export function presentIn(from: u32, to: u32): u32 {
  let total: u32 = 0;
  for (let page = scan(from, to, PAGE_PRESENT, true); page < to; page = scan(page + 1, to, PAGE_PRESENT, true)) total++;
  return total;
}

/** The pages lose their bytes and, unless kept, their guards. */
export function discard(from: u32, to: u32, keepGuards: bool): void {
  let page = scan(from, to, PAGE_PRESENT, true);
  while (page < to) {
    const after = scan(page, to, PAGE_PRESENT, false);
    clearPages(page, after - page);
    page = scan(after, to, PAGE_PRESENT, true);
  }
  if (!keepGuards) memory.fill(states + from, 0, to - from);
  else for (let at = from; at < to; at++) setPage(at, pageAt(at) & PAGE_GUARD);
}

/** The page table entries and bytes of [from, to) go to `target`; nothing is left behind. */
export function movePages(from: u32, to: u32, target: u32): void {
  copyOver(from, to, target);
  discard(from, to, false);
}

/** A second view of shared memory at `target`, with its own copy of the bytes. Guards go along, or stay. */
export function aliasPages(from: u32, to: u32, target: u32, guardsMove: bool): void {
  copyOver(from, to, target);
  const bare = guardsMove ? from : target;
  for (let page = bare; page < bare + (to - from); page++) setPage(page, pageAt(page) & ~PAGE_GUARD);
}

function copyOver(from: u32, to: u32, target: u32): void {
  memory.copy(states + target, states + from, to - from);
  let page = scan(from, to, PAGE_PRESENT, true);
  while (page < to) {
    const after = scan(page, to, PAGE_PRESENT, false);
    copyPages(target + (page - from), page, after - page);
    count(COUNT_COPIED, after - page);
    page = scan(after, to, PAGE_PRESENT, true);
  }
}

export function isAccessible(flags: u32): bool {
  return (flags & (VM_READ | VM_WRITE | VM_EXEC)) != 0;
}

function stateOf(flags: u32, page: u32): u32 {
  if (!isAccessible(flags) || page & PAGE_GUARD) return STATE_NO_ACCESS;
  if (page & PAGE_PRESENT) return flags & VM_WRITE ? STATE_OK : STATE_READ_ONLY;
  return page & PAGE_ZERO ? STATE_READ_ONLY : STATE_UNFAULTED;
}

/** Tells the seam what [from, to) may be used for now, run by run. */
export function announce(from: u32, to: u32): void {
  if (!isWatched) return;
  let page = from;
  for (let area = areaFrom(from); area && page < to; area = nextOf(area)) {
    const start = load<u32>(area, AREA_START);
    if (start >= to) break;
    if (page < start) tellState(page, start - page, STATE_UNMAPPED, 0);
    page = announceArea(area, max(page, start), min(to, load<u32>(area, AREA_END)));
  }
  if (page < to) tellState(page, to - page, STATE_UNMAPPED, 0);
}

function announceArea(area: u32, from: u32, to: u32): u32 {
  const flags = load<u32>(area, AREA_FLAGS);
  let page = from;
  while (page < to) {
    const state = stateOf(flags, pageAt(page));
    let after = page + 1;
    while (after < to && stateOf(flags, pageAt(after)) == state) after++;
    tellState(
      page,
      after - page,
      state,
      after == load<u32>(area, AREA_END) ? load<u32>(area, AREA_TAIL) | (flags & VM_HEAP) : 0,
    );
    page = after;
  }
  return to;
}
