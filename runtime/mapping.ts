// Flat mapping: the shadow byte of granule g (program address >> 3) is memory 1's byte SHADOW_BASE + g.
// build.mts reads mapping-paged.ts, which answers the same calls, in the place of this file for the paged runtime.
//
//   SHADOW_BASE                                        + HEADER_SHADOW_LIMIT = HEADER_ARENA_BASE
//   | 1 byte per 8 program bytes ... untouched = 00 ... | arena
import {
  HEADER_ARENA_BASE,
  HEADER_MAPPING,
  HEADER_SHADOW_BASE,
  HEADER_SHADOW_LIMIT,
  MAPPING_FLAT,
  SHADOW_BASE,
  WILD,
} from './abi';
import { Addr } from './addr';
import { SHARED } from './thread';

const FULL_SHADOW: u32 = 1 << 29; // 4 GiB of program memory
// Poisoning everything past the end of memory would touch up to 512 MiB of shadow. A window right behind it catches
// running off the end; one at the very top catches small negative pointers. Between them the engine's own trap speaks.
const WILD_WINDOW: u32 = (1 << 20) >> 3;
const FAR_WINDOW: u32 = (16 << 20) >> 3; // where memory shrinks again after every run
const EACH_BYTE: u64 = 0x0101010101010101;
const SMALL: u32 = 64; // granules; below this a loop is faster than the engine's memory.fill

/** Fills in what the linker left at 0. */
export function placeShadow(): void {
  store<u32>(HEADER_MAPPING, MAPPING_FLAT);
  if (!load<u32>(HEADER_SHADOW_BASE)) store<u32>(HEADER_SHADOW_BASE, SHADOW_BASE);
  if (!load<u32>(HEADER_SHADOW_LIMIT)) store<u32>(HEADER_SHADOW_LIMIT, FULL_SHADOW);
  if (!load<u32>(HEADER_ARENA_BASE)) store<u32>(HEADER_ARENA_BASE, SHADOW_BASE + load<u32>(HEADER_SHADOW_LIMIT));
}

/** Nothing to lay out: fresh memory reads 00. */
export function openShadow(): void {}

/** The shadow byte of a granule; what no shadow covers is wild. */
export function shadowOf(granule: Addr): u32 {
  if (granule >= <Addr>load<u32>(HEADER_SHADOW_LIMIT)) return WILD;
  return load<u8>(<u32>granule, SHADOW_BASE);
}

export function setShadow(granule: Addr, code: u32): void {
  if (granule < <Addr>load<u32>(HEADER_SHADOW_LIMIT)) store<u8>(<u32>granule, code, SHADOW_BASE);
}

export function fillShadow(granule: Addr, count: Addr, code: u32): void {
  const limit = <Addr>load<u32>(HEADER_SHADOW_LIMIT);
  if (granule >= limit) return;
  if (count > limit - granule) count = limit - granule;
  if (count > SMALL) {
    memory.fill(SHADOW_BASE + <u32>granule, <u8>code, <u32>count);
    return;
  }
  fillFew(<u32>granule, <u32>granule + <u32>count, <u64>code * EACH_BYTE);
}

/**
 * From granule `first` on: `left` granules of one code, `body` of another, the rest up to `granules` (5 to 16) of a third. As
 * two words that may overlap, put together without a branch: sizes change from call to call, and no guess would be right.
 * `codes`: of the left part, the body and the right part, a byte each.
 */
export function drawFew(first: u32, left: u32, body: u32, granules: u32, codes: u32): void {
  if (first + granules > load<u32>(HEADER_SHADOW_LIMIT)) return;
  const right = <u64>(codes >> 16) * EACH_BYTE;
  const rightToBody = (<u64>((codes >> 8) & 255) * EACH_BYTE) ^ right;
  const bodyToLeft = (<u64>(codes & 255) * EACH_BYTE) ^ right ^ rightToBody;
  const bodyEnd = left + body;
  // The first eight granules: neither part begins before them, either may end behind them.
  const inLeft = lowest(select<u32>(left, 8, left < 8));
  const inBody = lowest(select<u32>(bodyEnd, 8, bodyEnd < 8));
  const word = right ^ (rightToBody & inBody) ^ (bodyToLeft & inLeft);
  if (granules < 8) {
    store<u32>(first, <u32>word, SHADOW_BASE);
    store<u32>(first + granules - 4, <u32>(word >> ((<u64>(granules - 4)) << 3)), SHADOW_BASE);
    return;
  }
  store<u64>(first, word, SHADOW_BASE);
  // The last eight: either may end in front of them.
  const at = granules - 8;
  const inLeftToo = lowest(select<u32>(left - at, 0, left > at));
  const inBodyToo = lowest(select<u32>(bodyEnd - at, 0, bodyEnd > at));
  store<u64>(first + at, right ^ (rightToBody & inBodyToo) ^ (bodyToLeft & inLeftToo), SHADOW_BASE);
}

/**
 * 1 to 16 granules of one code, the last of which gets `last` instead where that is not 0 (the code is 0 then). Up to eight are
 * mixed into one word: a branch on how many they are would often be guessed wrongly. Threads may not write what others own.
 */
export function paintFew(first: u32, granules: u32, code: u32, last: u32): void {
  if (first + granules > load<u32>(HEADER_SHADOW_LIMIT)) return;
  const pattern = <u64>code * EACH_BYTE;
  if (granules > 8) {
    store<u64>(first, pattern, SHADOW_BASE);
    store<u64>(first + granules - 8, pattern | ((<u64>last) << 56), SHADOW_BASE);
  } else if (SHARED) {
    fillFew(first, first + granules, pattern);
    if (last) store<u8>(first + granules - 1, last, SHADOW_BASE);
  } else {
    const outside = (<u64>-2) << (((<u64>granules) << 3) - 1);
    const ending = (<u64>last) << ((<u64>granules - 1) << 3);
    store<u64>(first, (load<u64>(first, SHADOW_BASE) & outside) | (pattern & ~outside) | ending, SHADOW_BASE);
  }
}

/** Ones in so many of the lowest bytes, 0 to 8. Shifted twice: a shift by 64 would be none. */
function lowest(bytes: u32): u64 {
  const half = (<u64>bytes) << 2;
  return (((<u64>1) << half) << half) - 1;
}

/** By the widest stores that fit, the last of which may overlap the one before. */
function fillFew(at: u32, end: u32, pattern: u64): void {
  const bytes = end - at;
  if (bytes >= 8) {
    for (; at + 8 < end; at += 8) store<u64>(at, pattern, SHADOW_BASE);
    store<u64>(end - 8, pattern, SHADOW_BASE);
  } else if (bytes >= 4) {
    store<u32>(at, <u32>pattern, SHADOW_BASE);
    store<u32>(end - 4, <u32>pattern, SHADOW_BASE);
  } else if (bytes >= 2) {
    store<u16>(at, <u32>pattern, SHADOW_BASE);
    store<u16>(end - 2, <u32>pattern, SHADOW_BASE);
  } else if (bytes) {
    store<u8>(at, <u32>pattern, SHADOW_BASE);
  }
}

/** Whether every byte of [first, last] is valid, by one look at a short range's shadow. False may mean: look closer. */
export function isPlainlyValid(first: Addr, last: Addr): bool {
  const granule = first >> 3;
  const more = (last >> 3) - granule;
  if (more > 7) return skipClean(granule, last >> 3) > last >> 3;
  if (granule + 8 > <Addr>load<u32>(HEADER_SHADOW_LIMIT)) return false;
  return isValidHere(granule, more, <u32>last & 7);
}

/** The same for a granule and 0 to 7 more, the last of them up to its byte `rest`. The shadow covers eight granules from here. */
export function isValidHere(granule: Addr, more: Addr, rest: u32): bool {
  if (more < 2) {
    // Bytes: a word that was just written byte by byte is slow to read.
    if (more && load<u8>(<u32>granule, SHADOW_BASE)) return false;
    const code = <u32>load<u8>(<u32>(granule + more), SHADOW_BASE);
    return !code || (code < 0x80 && rest < code);
  }
  const codes = load<u64>(<u32>granule, SHADOW_BASE) << ((<u64>(7 - more)) << 3); // the last granule's on top
  if (!codes) return true;
  const code = <u32>(codes >> 56);
  return !(codes << 8) && code < 0x80 && rest < code; // it ends inside a valid prefix
}

/** The first granule in [granule, last] whose shadow is not 00, or last + 1. */
export function skipClean(granule: Addr, last: Addr): Addr {
  const limit = <Addr>load<u32>(HEADER_SHADOW_LIMIT);
  const stop = last < limit ? last : limit - 1;
  if (granule > stop) return granule;
  let at = <u32>granule;
  const end = <u32>stop + 1;
  while (at < end && at & 7) {
    if (load<u8>(at, SHADOW_BASE)) return at;
    at++;
  }
  while (at + 8 <= end && !load<u64>(at, SHADOW_BASE)) at += 8;
  while (at < end && !load<u8>(at, SHADOW_BASE)) at++;
  return at;
}

/** At start: marks what lies past the end of program memory, and where small negative pointers land. */
export function markBeyond(memoryEnd: Addr): void {
  fillShadow(memoryEnd, WILD_WINDOW, WILD);
  const top = <Addr>(FULL_SHADOW - WILD_WINDOW);
  const from = memoryEnd > top ? memoryEnd : top;
  if (from < <Addr>FULL_SHADOW) fillShadow(from, <Addr>FULL_SHADOW - from, WILD);
}

/** A longer window, so that memory that grows again and again finds it there. */
export function markFarBeyond(memoryEnd: Addr): void {
  fillShadow(memoryEnd, FAR_WINDOW, WILD);
}

/** Program memory grew from granule `from` to granule `to`: what it gained is valid, the window moves behind it. */
export function admit(from: Addr, to: Addr): void {
  heal(from, to);
  const top = <Addr>(FULL_SHADOW - WILD_WINDOW);
  if (to > top) heal(from > top ? from : top, to);
  if (!windowStands(to)) fillShadow(to, WILD_WINDOW, WILD);
}

/** Window by window: behind them the shadow is 00 already, and writing that would take memory for it. */
function heal(from: Addr, to: Addr): void {
  for (let at = from; at < to && (at == from || shadowOf(at) == WILD); at += WILD_WINDOW) {
    fillShadow(at, to - at < WILD_WINDOW ? to - at : WILD_WINDOW, 0);
  }
}

/** Whether the window is there. In front of the one at the top there may be a gap. */
function windowStands(memoryEnd: Addr): bool {
  const last = memoryEnd + WILD_WINDOW - 1;
  return last < <Addr>(FULL_SHADOW - WILD_WINDOW) && shadowOf(memoryEnd) == WILD && shadowOf(last) == WILD;
}
