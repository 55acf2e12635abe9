// Paged mapping: a directory with one entry per 64 KiB of program memory, the address of an 8 KiB chunk of shadow, as the
// kernel's page tables have it. Most pages share one of two chunks; the first change of part of a shared one copies it.
//
//   SHADOW_BASE                         ZERO          WILD          HEADER_ARENA_BASE
//   | directory: ENTRIES x u32          | 8 KiB of 00 | 8 KiB of ff | arena: private chunks, among others
//
//   private chunk:  8 KiB of shadow | bytes that are 00: u32 | bytes that are ff: u32
//   The counts tell when a private chunk has become equal to a shared one; it then goes back to the free list.
import {
  HEADER_ARENA_BASE,
  HEADER_MAPPING,
  HEADER_SHADOW_BASE,
  HEADER_SHADOW_FREE,
  HEADER_SHADOW_LIMIT,
  HEADER_SHADOW_PRIVATE,
  MAPPING_PAGED,
  SHADOW_BASE,
  WILD,
} from './abi';
import { Addr } from './addr';
import { arenaAlloc } from './arena';

const ENTRIES: u32 = sizeof<Addr>() == 4 ? 65536 : 262144; // 4 GiB, 16 GiB: what engines give a memory
const CHUNK: u32 = 8192; // shadow bytes
const ZEROS: u32 = CHUNK;
const WILDS: u32 = CHUNK + 4;
const ZERO_CHUNK: u32 = SHADOW_BASE + ENTRIES * 4;
const WILD_CHUNK: u32 = ZERO_CHUNK + CHUNK;

/** Where things lie is fixed by this file, whatever the linker left in the header. */
export function placeShadow(): void {
  store<u32>(HEADER_MAPPING, MAPPING_PAGED);
  store<u32>(HEADER_SHADOW_BASE, SHADOW_BASE);
  store<u32>(HEADER_SHADOW_LIMIT, ENTRIES);
  store<u32>(HEADER_ARENA_BASE, WILD_CHUNK + CHUNK);
}

/** The shared chunks' contents, once memory 1 reaches that far. Before, all entries are 0 and nobody is judged. */
export function openShadow(): void {
  memory.fill(WILD_CHUNK, <u8>WILD, CHUNK);
  for (let page: u32 = 0; page < ENTRIES; page++) store<u32>(page << 2, ZERO_CHUNK, SHADOW_BASE);
}

/** The shadow byte of a granule; what the directory does not cover is wild. */
export function shadowOf(granule: Addr): u32 {
  const page = granule >> 13;
  if (page >= <Addr>ENTRIES) return WILD;
  return load<u8>(load<u32>((<u32>page) << 2, SHADOW_BASE) + (<u32>granule & (CHUNK - 1)));
}

export function setShadow(granule: Addr, code: u32): void {
  fillShadow(granule, 1, code);
}

export function fillShadow(granule: Addr, count: Addr, code: u32): void {
  while (count && granule >> 13 < <Addr>ENTRIES) {
    const at = <u32>granule & (CHUNK - 1);
    const room = <Addr>(CHUNK - at);
    const part = count < room ? count : room;
    fillPart(<u32>(granule >> 13), at, <u32>part, code);
    granule += part;
    count -= part;
  }
}

/** From granule `first` on: `left` granules of one code, `body` of another, the rest up to `granules` of a third. */
export function drawFew(first: u32, left: u32, body: u32, granules: u32, codes: u32): void {
  fillShadow(<Addr>first, <Addr>left, codes & 255);
  fillShadow(<Addr>(first + left), <Addr>body, (codes >> 8) & 255);
  fillShadow(<Addr>(first + left + body), <Addr>(granules - left - body), codes >> 16);
}

/** 1 to 16 granules of one code, the last of which gets `last` instead where that is not 0. */
export function paintFew(first: u32, granules: u32, code: u32, last: u32): void {
  fillShadow(<Addr>first, <Addr>granules, code);
  if (last) setShadow(<Addr>(first + granules - 1), last);
}

/** Writes `count` bytes of one page's shadow, sharing and unsharing its chunk as the contents ask for. */
function fillPart(page: u32, at: u32, count: u32, code: u32): void {
  const shared = code == 0 ? ZERO_CHUNK : code == WILD ? WILD_CHUNK : 0;
  const chunk = load<u32>(page << 2, SHADOW_BASE);
  if (chunk == shared) return;
  if (count == CHUNK && shared) return share(page, shared);
  const own = isPrivate(chunk) ? chunk : unshare(page, chunk);
  if (!own) return; // memory 1 is full: the page stays as it was, which costs findings and breaks nothing
  recount(own, at, count, -1);
  memory.fill(own + at, <u8>code, count);
  recount(own, at, count, 1);
  if (load<u32>(own, ZEROS) == CHUNK) share(page, ZERO_CHUNK);
  else if (load<u32>(own, WILDS) == CHUNK) share(page, WILD_CHUNK);
}

function isPrivate(chunk: u32): bool {
  return chunk >= WILD_CHUNK + CHUNK;
}

/** Points the page at a shared chunk; its private one, if any, becomes free. */
function share(page: u32, shared: u32): void {
  const chunk = load<u32>(page << 2, SHADOW_BASE);
  store<u32>(page << 2, shared, SHADOW_BASE);
  if (!isPrivate(chunk)) return;
  store<u32>(chunk, load<u32>(HEADER_SHADOW_FREE));
  store<u32>(HEADER_SHADOW_FREE, chunk);
  store<u32>(HEADER_SHADOW_PRIVATE, load<u32>(HEADER_SHADOW_PRIVATE) - 1);
}

/** Gives the page a copy of the shared chunk for itself. */
function unshare(page: u32, shared: u32): u32 {
  let chunk = load<u32>(HEADER_SHADOW_FREE);
  if (chunk) store<u32>(HEADER_SHADOW_FREE, load<u32>(chunk));
  else chunk = arenaAlloc(CHUNK + 8);
  if (!chunk) return 0;
  memory.copy(chunk, shared, CHUNK);
  store<u32>(chunk, shared == ZERO_CHUNK ? CHUNK : 0, ZEROS);
  store<u32>(chunk, shared == WILD_CHUNK ? CHUNK : 0, WILDS);
  store<u32>(HEADER_SHADOW_PRIVATE, load<u32>(HEADER_SHADOW_PRIVATE) + 1);
  store<u32>(page << 2, chunk, SHADOW_BASE);
  return chunk;
}

/** Adds (sign 1) or takes off (sign -1) what [at, at+count) contributes to the chunk's counts. */
function recount(chunk: u32, at: u32, count: u32, sign: i32): void {
  let zeros = 0;
  let wilds = 0;
  for (let byte = chunk + at, end = byte + count; byte < end; byte++) {
    const code = load<u8>(byte);
    zeros += i32(code == 0);
    wilds += i32(code == WILD);
  }
  store<u32>(chunk, load<u32>(chunk, ZEROS) + zeros * sign, ZEROS);
  store<u32>(chunk, load<u32>(chunk, WILDS) + wilds * sign, WILDS);
}

/** Whether every byte of [first, last] is valid. False may mean: look closer. */
export function isPlainlyValid(first: Addr, last: Addr): bool {
  return skipClean(first >> 3, last >> 3) > last >> 3;
}

/** The same for a granule and `more` behind it, of which the last one counts up to its byte `_rest`. */
export function isValidHere(granule: Addr, more: Addr, _rest: u32): bool {
  return skipClean(granule, granule + more) > granule + more;
}

/** The first granule in [granule, last] whose shadow is not 00, or last + 1. */
export function skipClean(granule: Addr, last: Addr): Addr {
  while (granule <= last) {
    const page = granule >> 13;
    if (page >= <Addr>ENTRIES) return granule;
    const chunk = load<u32>((<u32>page) << 2, SHADOW_BASE);
    const pageEnd = (page + 1) << 13;
    const stop = pageEnd <= last ? pageEnd : last + 1;
    if (chunk == ZERO_CHUNK) {
      granule = stop;
      continue;
    }
    while (granule < stop && !load<u8>(chunk + (<u32>granule & (CHUNK - 1)))) granule++;
    if (granule < stop) return granule;
  }
  return granule;
}

/** At start: everything past the end of program memory is wild. */
export function markBeyond(memoryEnd: Addr): void {
  fillShadow(memoryEnd, ((<Addr>ENTRIES) << 13) - memoryEnd, WILD);
}

/** There are no snapshots here. */
export function markFarBeyond(_memoryEnd: Addr): void {}

/** Program memory grew from granule `from` to granule `to`: what it gained is valid. */
export function admit(from: Addr, to: Addr): void {
  fillShadow(from, to - from, 0);
}
