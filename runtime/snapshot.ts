// Puts a fuzz target back to where it was before a run, by copying only the pages the run wrote. Instrumented stores, the
// program's and the runtime's own, tell the first time they touch a page; `__wasan_snapshot` keeps what the two memories
// and the globals hold, `__wasan_reset` copies back. What a run made of pages that were all zero becomes zero again.
//
//   HEADER_SNAPSHOT + SNAPSHOT_MAP         u8 per page: was it written since the last reset? of the program, then our own
//                   + SNAPSHOT_SAVED       u32 per page: where its copy lies; 0 = it was all zero; of both, too
//                   + SNAPSHOT_LIST        pages written, HEADER_SNAPSHOT_COUNT of them; bit 31: our own
//                   + SNAPSHOT_GLOBALS     values of the mutable globals
//                   + SNAPSHOT_DEPOT       the stack depot, which stays: what it holds is true in every run
//
// A store is marked by its last byte; it may begin in the page before, so each page is copied back with the last bytes of
// that one. A program's memory never shrinks: memory.size and memory.grow are answered from HEADER_PROGRAM_PAGES instead.
import {
  CALL_STACK_BASE,
  FRAME_SHADOWS,
  GLOBALS_BASE,
  HEADER_ARENA_BASE,
  HEADER_ARENA_TOP,
  HEADER_DEPOT,
  HEADER_DEPOT_MASK,
  HEADER_DEPOT_TOP,
  HEADER_PROGRAM_PAGES,
  HEADER_SNAPSHOT,
  HEADER_SNAPSHOT_COUNT,
  HEADER_SNAPSHOT_FULL,
  HEADER_WILD_FROM,
  SHADOW_BASE,
  SNAPSHOT_GLOBALS,
  SNAPSHOT_LIST,
  SNAPSHOT_LIST_ENTRIES,
  SNAPSHOT_MAP,
  SNAPSHOT_PAGE_SHIFT,
  SNAPSHOT_SAVED,
} from './abi';
import { arenaAlloc } from './arena';
import { markFarBeyond } from './mapping';
import * as program from './program';

const PAGE: u32 = 1 << SNAPSHOT_PAGE_SHIFT;
const PAGES: u32 = 1 << (32 - SNAPSHOT_PAGE_SHIFT);
const OWN: u32 = 1 << 31;
/** Bytes of the page before that a store to this one may have written: the widest store but one. */
const OVERLAP: u32 = 16;
const WASM_PAGE_SHIFT: u32 = 16;
const FULL_SHADOW: u32 = 1 << 29;

// ------------------------------------------------------------------------------------------------ marks

/** The first store since the last reset to a page of the program's memory. */
export function snapshot_mark(page: u32): void {
  store<u8>(load<u32>(HEADER_SNAPSHOT) + page, 1, SNAPSHOT_MAP);
  push(page);
}

/** To a page of ours. What learns from run to run, or belongs to the fuzzer, is not reset. */
export function snapshot_mark_own(page: u32): void {
  store<u8>(load<u32>(HEADER_SNAPSHOT) + page, 1, SNAPSHOT_MAP + PAGES);
  if (!stays(page)) push(page | OWN);
}

function stays(page: u32): bool {
  const at = page << SNAPSHOT_PAGE_SHIFT;
  if (at >= <u32>GLOBALS_BASE && at < <u32>FRAME_SHADOWS) return true; // slots of global accesses
  return at >= <u32>SHADOW_BASE + FULL_SHADOW && at < load<u32>(HEADER_ARENA_BASE);
}

function push(entry: u32): void {
  const count = load<u32>(HEADER_SNAPSHOT_COUNT);
  if (count == SNAPSHOT_LIST_ENTRIES) {
    store<u32>(HEADER_SNAPSHOT_FULL, 1); // the host makes a new instance
    return;
  }
  store<u32>(load<u32>(HEADER_SNAPSHOT) + (count << 2), entry, SNAPSHOT_LIST);
  store<u32>(HEADER_SNAPSHOT_COUNT, count + 1);
}

/** [addr, addr+size) of the program's memory is being written. */
export function snapshot_range(addr: u32, size: u32): void {
  if (!size) return;
  const map = load<u32>(HEADER_SNAPSHOT);
  const last = addr + size - 1 < addr ? u32.MAX_VALUE : addr + size - 1;
  for (let page = addr >> SNAPSHOT_PAGE_SHIFT; page <= last >> SNAPSHOT_PAGE_SHIFT; page++) {
    if (!load<u8>(map + page, SNAPSHOT_MAP)) snapshot_mark(page);
  }
}

/** Of memory 1. */
export function snapshot_range_own(addr: u32, size: u32): void {
  if (!size) return;
  const map = load<u32>(HEADER_SNAPSHOT);
  for (let page = addr >> SNAPSHOT_PAGE_SHIFT; page <= (addr + size - 1) >> SNAPSHOT_PAGE_SHIFT; page++) {
    if (!load<u8>(map + page, SNAPSHOT_MAP + PAGES)) snapshot_mark_own(page);
  }
}

/** The host is about to write there, or has written. */
export function __wasan_touch(addr: u32, size: u32): void {
  if (load<u32>(HEADER_SNAPSHOT)) snapshot_range(addr, size);
}

/** memory.grow of the program's memory: pages that earlier runs made are there already, all zero. */
export function snapshot_grow(pages: u32): u32 {
  const old = load<u32>(HEADER_PROGRAM_PAGES);
  const wanted = old + pages;
  if (wanted < old || wanted > 65536) return u32.MAX_VALUE;
  const real = program.real_pages();
  if (wanted > real && program.real_grow(wanted - real) == u32.MAX_VALUE) return u32.MAX_VALUE;
  store<u32>(HEADER_PROGRAM_PAGES, wanted);
  if (pages) snapshot_range_own(HEADER_PROGRAM_PAGES, 4);
  return old;
}

// ------------------------------------------------------------------------------------------------ keeping

/** Keeps the present state. Answers 0 if there is no room for it, or none is kept in this build. */
export function __wasan_snapshot(): u32 {
  const base = load<u32>(HEADER_SNAPSHOT);
  if (!base) return 0;
  if (!arenaAlloc(PAGE - (load<u32>(HEADER_ARENA_TOP) & (PAGE - 1)))) return 0; // no copy shares a page with anything
  markFarBeyond(load<u32>(HEADER_WILD_FROM));
  const end = load<u32>(HEADER_PROGRAM_PAGES) << (WASM_PAGE_SHIFT - SNAPSHOT_PAGE_SHIFT);
  for (let page: u32 = 0; page < end; page++) if (!keepProgram(base, page)) return 0;
  for (let page: u32 = 1; page < <u32>CALL_STACK_BASE >> SNAPSHOT_PAGE_SHIFT; page++)
    if (!keepOwn(base, page)) return 0;
  const count = load<u32>(HEADER_SNAPSHOT_COUNT);
  for (let i: u32 = 0; i < count; i++) {
    const entry = load<u32>(base + (i << 2), SNAPSHOT_LIST);
    if (entry & OWN && entry != OWN && !keepOwn(base, entry & ~OWN)) return 0;
  }
  const first = arenaAlloc(PAGE); // the header's page comes last: making room changes it
  if (!first || load<u32>(HEADER_SNAPSHOT_FULL)) return 0;
  clearMarks(base);
  memory.copy(first, 0, PAGE);
  store<u32>(base, first, SNAPSHOT_SAVED + (PAGES << 2));
  program.globals_save(base + SNAPSHOT_GLOBALS);
  return 1;
}

function keepProgram(base: u32, page: u32): bool {
  const at = page << SNAPSHOT_PAGE_SHIFT;
  let any: u64 = 0;
  for (let i: u32 = 0; i < PAGE && !any; i += 8) any = program.load64(at + i);
  if (!any) return true;
  const copy = arenaAlloc(PAGE);
  if (!copy) return false;
  program.save(copy, at, PAGE);
  store<u32>(base + (page << 2), copy, SNAPSHOT_SAVED);
  return true;
}

function keepOwn(base: u32, page: u32): bool {
  const entry = base + (page << 2);
  const at = page << SNAPSHOT_PAGE_SHIFT;
  if (load<u32>(entry, SNAPSHOT_SAVED + (PAGES << 2)) || stays(page)) return true;
  let any: u64 = 0;
  for (let i: u32 = 0; i < PAGE && !any; i += 8) any = load<u64>(at + i);
  if (!any) return true;
  const copy = arenaAlloc(PAGE);
  if (!copy) return false;
  memory.copy(copy, at, PAGE);
  store<u32>(entry, copy, SNAPSHOT_SAVED + (PAGES << 2));
  return true;
}

function clearMarks(base: u32): void {
  const count = load<u32>(HEADER_SNAPSHOT_COUNT);
  for (let i: u32 = 0; i < count; i++) {
    const entry = load<u32>(base + (i << 2), SNAPSHOT_LIST);
    store<u8>(base + (entry & ~OWN) + (entry & OWN ? PAGES : 0), 0, SNAPSHOT_MAP);
  }
  store<u32>(HEADER_SNAPSHOT_COUNT, 0);
}

// ------------------------------------------------------------------------------------------------ putting back

/** Undoes everything since __wasan_snapshot. */
export function __wasan_reset(): void {
  const base = load<u32>(HEADER_SNAPSHOT);
  const depot = load<u32>(HEADER_DEPOT);
  const mask = load<u32>(HEADER_DEPOT_MASK);
  const top = load<u32>(HEADER_DEPOT_TOP);
  const count = load<u32>(HEADER_SNAPSHOT_COUNT);
  for (let i: u32 = 0; i < count; i++) {
    const entry = load<u32>(base + (i << 2), SNAPSHOT_LIST);
    if (entry & OWN) resetOwn(base, entry & ~OWN);
    else resetProgram(base, entry);
  }
  store<u32>(HEADER_SNAPSHOT_COUNT, 0);
  store<u32>(HEADER_DEPOT, depot);
  store<u32>(HEADER_DEPOT_MASK, mask);
  store<u32>(HEADER_DEPOT_TOP, top);
  program.globals_restore(base + SNAPSHOT_GLOBALS);
}

function resetProgram(base: u32, page: u32): void {
  store<u8>(base + page, 0, SNAPSHOT_MAP);
  if (page >= program.real_pages() << (WASM_PAGE_SHIFT - SNAPSHOT_PAGE_SHIFT)) return; // marked, then the store trapped
  const at = page << SNAPSHOT_PAGE_SHIFT;
  const copy = load<u32>(base + (page << 2), SNAPSHOT_SAVED);
  const before = page ? load<u32>(base + ((page - 1) << 2), SNAPSHOT_SAVED) : 0;
  const joined = page && copy == (before ? before + PAGE : 0) ? OVERLAP : 0;
  if (copy) program.restore(at - joined, copy - joined, PAGE + joined);
  else program.clear(at - joined, PAGE + joined);
  if (joined || !page) return;
  if (before) program.restore(at - OVERLAP, before + PAGE - OVERLAP, OVERLAP);
  else program.clear(at - OVERLAP, OVERLAP);
}

function resetOwn(base: u32, page: u32): void {
  store<u8>(base + page, 0, SNAPSHOT_MAP + PAGES);
  const saved = base + (page << 2);
  const at = page << SNAPSHOT_PAGE_SHIFT;
  const copy = load<u32>(saved, SNAPSHOT_SAVED + (PAGES << 2));
  if (copy) memory.copy(at, copy, PAGE);
  else memory.fill(at, 0, PAGE);
}
