// Large heap chunks on mappings of their own (option mmap_threshold): whole pages of the window, grown by mremap, given
// back by munmap. Their records are ordinary chunk records; that a chunk is one of these follows from its address,
// because the allocator never hands out memory inside the window.
//
//   page nobody has | begin ... begin+size | rest of the last page | page nobody gets |
//   left redzone    | touched 00, else E1  | right redzone         | right redzone    |      freed: FD, FC behind it
import {
  ALLOC_MALLOC,
  ALLOC_NEW_ARRAY,
  CHUNK_ALLOC_KIND,
  CHUNK_ALLOC_STACK,
  EVENT_ALLOCATE,
  EVENT_FREE,
  EVENT_RELEASE,
  FLAG_POISON_HEAP,
  HEADER_MMAP_THRESHOLD,
  HEADER_PHASE,
  HEADER_STAT_REDZONE_BYTES,
  PHASE_ON,
} from './abi';
import { Addr } from './addr';
import { captureStack } from './call-stack';
import { countLive, describe, markFreed } from './chunk-life';
import { addChunk, chunkBegin, chunkSize, dropChunk, findChunk, setChunkSize } from './chunks';
import { count, flag } from './header';
import { logHeap } from './heap-log';
import { bury, forgetFreed, pagesOf } from './mapped-freed';
import { writeShadow } from './poison';
import { redzoneCode } from './redzone';
import { SHARED } from './thread';
import { setStack } from './vma-area';
import { isOurs, open } from './vma-bound';
import { AREA_END, AREA_FLAGS, AREA_START, MREMAP_MAYMOVE, PAGE_PRESENT, VM_HEAP } from './vma-layout';
import { mapBytes, munmap, resizeBytes } from './vma-map';
import { pageAt, setPage } from './vma-pages';
import { mremap } from './vma-remap';
import { loadWord } from './vma-seam';
import { areaAt, areaFrom } from './vma-set';
import { NOWHERE, pageOf, setChoice, windowEnd, windowStart } from './vma-window';

const LEAST: Addr = 16384; // smaller chunks would waste most of their pages
const PAGE: Addr = 4096;
const PAGE_GRANULES: Addr = 512;

let isRefused: bool = false; // no memory for a window: not asked for again at every malloc
let cursor: u32 = 0; // the next chunk goes here or behind, so that freed addresses come last

export function isMapped(ptr: Addr): bool {
  return load<u32>(HEADER_MMAP_THRESHOLD) != 0 && isOurs(ptr);
}

function isLarge(size: Addr, align: Addr, kind: u32): bool {
  const threshold = <Addr>load<u32>(HEADER_MMAP_THRESHOLD);
  // The areas are one instance's own: threads would not see each other's.
  if (SHARED || !threshold || size < threshold || size < LEAST || size > (<Addr>1) << 31) return false;
  if (align > PAGE || kind < <u32>ALLOC_MALLOC || kind > <u32>ALLOC_NEW_ARRAY) return false;
  return load<u32>(HEADER_PHASE) == PHASE_ON && flag(FLAG_POISON_HEAP);
}

function addressOf(page: u32): Addr {
  return (<Addr>page) << 12;
}

// ------------------------------------------------------------------------------------------------ places

/** The first place at `page` or behind for so many pages with one to spare on either side. */
function placeFrom(page: u32, pages: u32): u32 {
  while (page + pages < windowEnd()) {
    const area = areaFrom(page - 1);
    if (!area || load<u32>(area, AREA_START) > page + pages) return page;
    page = load<u32>(area, AREA_END) + 1;
  }
  return NOWHERE;
}

/** Nothing is known any more about chunks freed there. */
function claimPlace(pages: u32): u32 {
  let page = placeFrom(max(cursor, windowStart() + 1), pages);
  if (page == NOWHERE) page = placeFrom(windowStart() + 1, pages);
  if (page != NOWHERE) forgetFreed(page - 1, page + pages + 1);
  return page;
}

/** The pages around a chunk. What it no longer needs of `had` pages becomes redzone, too. */
function guard(from: u32, pages: u32, had: u32, size: Addr): void {
  writeShadow((<Addr>(from - 1)) << 9, areaAt(from - 1) ? 0 : PAGE_GRANULES, redzoneCode(size, true));
  const behind = <Addr>(max(pages, had) - pages + 1);
  writeShadow((<Addr>(from + pages)) << 9, behind << 9, redzoneCode(size, false));
}

// ------------------------------------------------------------------------------------------------ allocating, growing

/** A chunk of pages that read zero, or 0: not large, or no room. */
export function mapChunk(size: Addr, align: Addr, kind: u32): Addr {
  if (isRefused || !isLarge(size, align, kind)) return 0;
  const pages = pagesOf(size);
  isRefused = !open(pages);
  const from = isRefused ? NOWHERE : claimPlace(pages);
  if (from == NOWHERE) return 0;
  setStack(captureStack());
  setChoice(from);
  const mapped = mapBytes(size);
  setChoice(NOWHERE);
  if (mapped <= 0) return 0;
  const begin = addressOf(from);
  const chunk = addChunk(begin, size);
  if (!chunk) {
    munmap(begin, size);
    return 0;
  }
  describe(chunk, kind, align, 0);
  const area = areaAt(from);
  store<u32>(area, load<u32>(area, AREA_FLAGS) | VM_HEAP, AREA_FLAGS);
  guard(from, pages, pages, size);
  count(HEADER_STAT_REDZONE_BYTES, <u32>(addressOf(pages + 1) - size));
  cursor = from + pages + 1;
  return begin;
}

/** realloc from large to large, in place or moved page by page; 0 when it must be done in the ordinary way. */
export function remapChunk(begin: Addr, size: Addr, kind: u32): Addr {
  if (!isMapped(begin) || !isLarge(size, 8, kind)) return 0;
  const chunk = findChunk(begin);
  if (load<u8>(chunk, CHUNK_ALLOC_KIND) != kind) return 0;
  const from = pageOf(begin);
  const had = pagesOf(chunkSize(chunk));
  const area = areaAt(from);
  // A program may have unmapped or split the pages under its own chunk.
  if (!area || load<u32>(area, AREA_START) != from || load<u32>(area, AREA_END) != from + had) return 0;
  setStack(captureStack());
  const pages = pagesOf(size);
  salvage(from + min(pages, had), from + had);
  if (resizeBytes(begin, size) <= 0) return moveChunk(begin, had, size, kind);
  if (pages > had) forgetFreed(from + had, from + pages + 1);
  guard(from, pages, had, size);
  countLive(<u32>(size - chunkSize(chunk)));
  logHeap(EVENT_FREE, begin, chunkSize(chunk));
  logHeap(EVENT_RELEASE, begin, chunkSize(chunk));
  logHeap(EVENT_ALLOCATE, begin, size);
  setChunkSize(chunk, size);
  store<u32>(chunk, captureStack(), CHUNK_ALLOC_STACK);
  cursor = max(cursor, from + pages + 1);
  return begin;
}

function moveChunk(begin: Addr, had: u32, size: Addr, kind: u32): Addr {
  const pages = pagesOf(size);
  const to = claimPlace(pages);
  if (to == NOWHERE) return 0;
  const copy = addChunk(addressOf(to), size);
  if (!copy) return 0;
  salvage(pageOf(begin), pageOf(begin) + had);
  setChoice(to);
  const moved = mremap(begin, addressOf(had), addressOf(pages), MREMAP_MAYMOVE, 0);
  setChoice(NOWHERE);
  if (moved <= 0) {
    dropChunk(copy);
    return 0;
  }
  resizeBytes(moved, size);
  describe(copy, kind, 8, 0);
  guard(to, pages, pages, size);
  const old = findChunk(begin); // records may have moved when one was added
  markFreed(old, kind);
  giveUp(old);
  cursor = to + 2 * pages; // what grew once will grow again
  return <Addr>moved;
}

/**
 * Pages that were written although no check saw it (by the host, by code that is not instrumented) have bytes, too: they
 * must be copied when the chunk moves, and cleared when it goes.
 */
function salvage(from: u32, to: u32): void {
  for (let page = from; page < to; page++) {
    if (pageAt(page) & PAGE_PRESENT) continue;
    for (let offset: u32 = 0; offset < 4096; offset += 8) {
      if (!loadWord(page, offset)) continue;
      setPage(page, pageAt(page) | PAGE_PRESENT);
      break;
    }
  }
}

// ------------------------------------------------------------------------------------------------ freeing

/** Gives the pages back at once. The record stays until somebody else gets the addresses. */
export function unmapChunk(chunk: u32): void {
  const begin = chunkBegin(chunk);
  const pages = pagesOf(chunkSize(chunk));
  setStack(captureStack());
  salvage(pageOf(begin), pageOf(begin) + pages);
  munmap(begin, addressOf(pages));
  giveUp(chunk);
}

/** Its pages are gone already; the record stays for reports. */
function giveUp(chunk: u32): void {
  logHeap(EVENT_RELEASE, chunkBegin(chunk), chunkSize(chunk));
  bury(chunk);
}
