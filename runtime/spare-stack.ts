// A second place for the program's stack. Redzones make frames larger than the linker foresaw; a frame for which the
// program's own stack has too little room left is taken here, and so is everything that its function calls. Functions put
// the stack pointer back to what it was at entry, which leads back to the program's own stack.
//
//   own stack                                     spare stack, a block of the program's own allocator
//   | kept back | ... spareFrom ... leftAt | ...  | ... limit ... | frames |
//
// Whether the program has used up its stack is decided by what its frames take without redzones: the map of frames has their
// own sizes, whatever else is valid counts as it is. That is added up when the first frame moves here, and again wherever
// `limit` says that the program may be at its end.
import {
  ALLOC_MALLOC,
  ALLOC_RUST,
  ASAN_STACK_LEFT,
  ASAN_STACK_RIGHT,
  FLAG_STACK_MAY_GROW,
  FRAME_OWN_E_SHIFT,
  FRAME_OWN_M,
  FRAME_OWN_SHIFT,
  HEADER_SPARE_HIGH,
  HEADER_SPARE_LEFT_AT,
  HEADER_SPARE_LOW,
  HEADER_SPARE_MAP,
  HEADER_STACK_HIGH,
  HEADER_STACK_LOW,
  HEADER_STACK_MAP,
  STACK_LEFT_REDZONE,
} from './abi';
import { Addr } from './addr';
import { arenaAlloc } from './arena';
import { flag } from './header';
import { shadowOf } from './mapping';
import { rawAlloc, rawFree } from './original';
import { unpoison } from './poison';
import * as program from './program';
import { suppressed } from './thread';

const LEFT: Addr = <Addr>STACK_LEFT_REDZONE;
/** The spare stack has eight times the room of the program's own, up to this; twice the room where that is more. */
const ENOUGH: Addr = 4 << 20;
/** In the place of an allocator's family. */
const OUR_OWN: u32 = 0xff;
const OUTSIDE: u32 = 0;

export let spareLow: Addr = 0;
/** 0 until there is a spare stack. */
export let spareHigh: Addr = 0;
export let spareMap: u32 = 0;
let limit: Addr = 0;
let leftAt: Addr = 0;
let refused: bool = false;

export function isSpare(addr: Addr): bool {
  return spareHigh != 0 && addr - spareLow <= spareHigh - spareLow;
}

/**
 * Where a frame [base, entry) goes that is on the spare stack or finds no room on the program's own; 0 if there is no room
 * for it. `own` bytes of it are the program's.
 */
export function placeFrame(base: Addr, entry: Addr, own: Addr): Addr {
  const need = entry - base + LEFT;
  const stays = isSpare(entry);
  if (stays && need <= entry - limit) return base;
  if (!stays) {
    if (!open()) return 0;
    leftAt = entry;
    store<u32>(HEADER_SPARE_LEFT_AT, <u32>entry);
  }
  const top = stays ? entry : spareHigh;
  const left = ownBytesLeft(top);
  const place = stays ? base : likeBefore(spareHigh - (entry - base), base);
  const below = top - spareLow;
  if (own > left || need > below || place - LEFT < spareLow) return 0;
  limit = left >= below ? spareLow : place - LEFT < top - left ? place - LEFT : top - left;
  return place;
}

/** At or below `at`, and aligned as `base` is. */
function likeBefore(at: Addr, base: Addr): Addr {
  const align = (base & -base) < 4096 ? base & -base : 4096;
  return at & ~(align - 1);
}

/** What the program could still take of its stack if it had no redzones; never less than that. */
function ownBytesLeft(top: Addr): Addr {
  const high = <Addr>load<u32>(HEADER_STACK_HIGH);
  const all = high - <Addr>load<u32>(HEADER_STACK_LOW);
  const used = ownBytes(leftAt, high) + ownBytes(top, spareHigh);
  return all > used ? all - used : 0;
}

/** What [from, to) would be without redzones. */
function ownBytes(from: Addr, to: Addr): Addr {
  let bytes: Addr = 0;
  let within: u32 = OUTSIDE; // the last code seen of a frame in the map
  for (let granule = from >> 3; granule < to >> 3; granule++) {
    const code = shadowOf(granule);
    if (within == ASAN_STACK_RIGHT && code != ASAN_STACK_RIGHT) within = OUTSIDE;
    if (within != OUTSIDE) {
      if (code == ASAN_STACK_RIGHT) within = code;
    } else if (code == ASAN_STACK_LEFT) {
      bytes += frameBytes(mapped(granule << 3));
      within = code;
    } else if (!code) bytes += 8;
    else if (code < 8) bytes += <Addr>code;
  }
  return bytes;
}

/** What the map of frames holds for a left redzone. */
function mapped(at: Addr): u32 {
  const spare = isSpare(at);
  const map = spare ? spareMap : load<u32>(HEADER_STACK_MAP);
  const low = spare ? spareLow : <Addr>load<u32>(HEADER_STACK_LOW);
  return map ? load<u32>(map + ((<u32>(at - low) >> 4) << 2)) : 0;
}

/** A frame without its redzones, or a little less. */
export function frameBytes(frame: u32): Addr {
  return (<Addr>(((frame >> FRAME_OWN_SHIFT) & FRAME_OWN_M) << 4)) << (((frame >> FRAME_OWN_E_SHIFT) & 7) << 1);
}

function open(): bool {
  if (spareHigh || refused) return spareHigh != 0;
  if (suppressed()) return false; // the allocator itself is running: not now
  const own = <Addr>(load<u32>(HEADER_STACK_HIGH) - load<u32>(HEADER_STACK_LOW));
  let bytes = own * 8 < ENOUGH ? own * 8 : own * 2 > ENOUGH ? own * 2 : ENOUGH;
  for (bytes &= ~15; bytes >= own && !spareHigh; bytes = (bytes >> 1) & ~15) takeUp(bytes);
  refused = !spareHigh;
  return !refused;
}

function takeUp(bytes: Addr): void {
  let kind: u32 = ALLOC_MALLOC;
  let at = rawAlloc(bytes, 8, kind); // not every malloc can be asked for more; the bounds are rounded to 16 below
  if (!at) {
    kind = ALLOC_RUST;
    at = rawAlloc(bytes, 16, kind);
  }
  if (!at) {
    kind = OUR_OWN;
    at = grow(bytes);
  }
  if (!at) return;
  spareMap = arenaAlloc(<u32>bytes >> 2);
  if (!spareMap) {
    if (kind != OUR_OWN) rawFree(at, bytes, kind == ALLOC_RUST ? 16 : 8, kind);
    return;
  }
  spareLow = (at + 15) & ~15;
  spareHigh = (at + bytes) & ~15;
  unpoison(spareLow, spareHigh - spareLow);
  store<u32>(HEADER_SPARE_LOW, <u32>spareLow);
  store<u32>(HEADER_SPARE_HIGH, <u32>spareHigh);
  store<u32>(HEADER_SPARE_MAP, spareMap);
}

/** New pages, for a program that neither looks at the size of its memory nor changes it. */
function grow(bytes: Addr): Addr {
  if (!flag(FLAG_STACK_MAY_GROW)) return 0;
  const page = program.grow((bytes + 65535) >> 16);
  return page == <Addr>-1 ? 0 : page << 16;
}
