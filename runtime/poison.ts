// Changes the shadow by program addresses, in every phase: requests that come before init() are logged and replayed
// there in order; memory that the program grew into loses its wild mark before anything else is written to it.
//
//   log entry:  address u64 | bytes u64 | code u32 | unused u32        HEADER_LOG: entries, one block that doubles
import {
  GRANULE_SHIFT,
  HEADER_LOG,
  HEADER_LOG_COUNT,
  HEADER_PHASE,
  HEADER_SCRIBBLES,
  HEADER_WILD_FROM,
  PHASE_EARLY,
} from './abi';
import { Addr } from './addr';
import { arenaEntry } from './arena';
import { admit, drawFew, fillShadow, paintFew, setShadow, shadowOf } from './mapping';
import { pages } from './program';
import { lock, unlock } from './thread';
import { tick } from './tick';

const ENTRY: u32 = 24;
/** What drawFew can draw, in granules; paintFew draws fewer, too. */
const FEWEST: Addr = 5;
const MOST: Addr = 16;
const FIRST_LOG: u32 = 64; // entries
const MERELY_PREFIX: u32 = 8; // codes below are "first k bytes are valid"

/** Bytes of program memory. A 4 GiB memory32 gives 0xffffffff: its last byte can never be told apart anyway. */
export function memoryLast(): Addr {
  return (pages() << 16) - 1;
}

/** Drops the wild mark from memory that exists by now. Answers whether there was any. */
export function healWild(): bool {
  lock();
  const from = <Addr>load<u32>(HEADER_WILD_FROM);
  const now = memoryGranules();
  const grown = now > from;
  if (grown) {
    admit(from, now);
    store<u32>(HEADER_WILD_FROM, <u32>now);
  }
  unlock();
  if (grown) tick();
  return grown;
}

/** Granules in program memory. */
export function memoryGranules(): Addr {
  return pages() << (16 - GRANULE_SHIFT);
}

/** Sets the shadow of whole granules: the start and the size are rounded inwards to granules. */
export function poisonInside(addr: Addr, size: Addr, code: u32): void {
  const first = (addr + 7) >> 3;
  const end = (addr + size) >> 3;
  if (end > first) writeShadow(first, end - first, code);
}

/** Makes [addr, addr+size) valid; addr is granule-aligned, a rest of 1..7 bytes becomes a prefix. */
export function unpoison(addr: Addr, size: Addr): void {
  writeShadow(addr >> 3, size >> 3, 0);
  const rest = <u32>size & 7;
  if (rest) writeShadow((addr + size) >> 3, 1, rest);
}

/**
 * The shadow of a chunk: [from, begin) is its left redzone, then come `size` valid bytes, and from the granule after them
 * on to `end` its right redzone. `begin` is granule-aligned; the outer ends are rounded inwards.
 */
export function drawChunk(from: Addr, begin: Addr, size: Addr, end: Addr, left: u32, right: u32): void {
  const bodyEnd = begin + ((size + 7) & ~7);
  if (load<u32>(HEADER_PHASE) == PHASE_EARLY || end >> 3 > <Addr>load<u32>(HEADER_WILD_FROM)) {
    poisonInside(from, begin - from, left);
    unpoison(begin, size);
    poisonInside(bodyEnd, end - bodyEnd, right);
    return;
  }
  const first = (from + 7) >> 3;
  const granules = (end >> 3) - first;
  if (granules - FEWEST <= MOST - FEWEST && end >> 3 >= bodyEnd >> 3) {
    drawFew(
      <u32>first,
      <u32>((begin >> 3) - first),
      <u32>((bodyEnd - begin) >> 3),
      <u32>granules,
      left | (right << 16),
    );
    if (<u32>size & 7) setShadow((begin + size) >> 3, <u32>size & 7);
    return;
  }
  if (begin >> 3 > first) fillShadow(first, (begin >> 3) - first, left);
  fillShadow(begin >> 3, size >> 3, 0);
  if (<u32>size & 7) setShadow((begin + size) >> 3, <u32>size & 7);
  if (end >> 3 > bodyEnd >> 3) fillShadow(bodyEnd >> 3, (end >> 3) - (bodyEnd >> 3), right);
}

/**
 * A chunk changes hands: its body gets one code; around it all is as it was. `last` is the valid prefix of its last granule,
 * 0 if there is none.
 */
export function drawBody(begin: Addr, body: Addr, code: u32, last: u32): void {
  const granule = begin >> 3;
  const granules = body >> 3;
  if (granules <= MOST && load<u32>(HEADER_PHASE) != PHASE_EARLY) {
    paintFew(<u32>granule, <u32>granules, code, last);
    return;
  }
  writeShadow(granule, granules, code);
  if (last) writeShadow(granule + granules - 1, 1, last);
}

export function writeShadow(granule: Addr, count: Addr, code: u32): void {
  if (!count) return;
  if (load<u32>(HEADER_PHASE) == PHASE_EARLY) {
    logRequest(granule << 3, count << 3, code);
    return;
  }
  if (granule + count > <Addr>load<u32>(HEADER_WILD_FROM)) healWild();
  fillShadow(granule, count, code);
}

/**
 * __asan_poison_memory_region's rule for the ends, as in LLVM: a first or last granule that is only partly covered
 * keeps its other bytes valid when the encoding can say so (a valid prefix), and is poisoned no further than that.
 */
export function poisonRegion(addr: Addr, size: Addr, code: u32): void {
  if (!size) return;
  const last = addr + size - 1;
  if (last < addr) return;
  if (load<u32>(HEADER_PHASE) == PHASE_EARLY) {
    logRequest(addr, size, code);
    return;
  }
  if (last >> 3 >= <Addr>load<u32>(HEADER_WILD_FROM)) healWild();
  const first = (addr + 7) >> 3;
  const end = (last + 1) >> 3; // granules wholly covered: [first, end)
  const head = <u32>addr & 7;
  if (head) poisonPart(addr >> 3, head, addr >> 3 == last >> 3 ? (<u32>last & 7) + 1 : 8, code);
  if (end > first) fillShadow(first, end - first, code);
  const tail = (<u32>last + 1) & 7;
  if (tail && (last >> 3 != addr >> 3 || !head)) poisonPart(last >> 3, 0, tail, code);
}

/** Poisons bytes [from, to) of one granule as far as a prefix can express it. */
function poisonPart(granule: Addr, from: u32, to: u32, code: u32): void {
  const old = shadowOf(granule);
  if (old >= MERELY_PREFIX) return;
  const valid = old ? old : 8;
  if (to < valid) return; // bytes behind the hole stay valid, and only a prefix can be told
  if (from < valid) setShadow(granule, from ? from : code);
}

/** __asan_unpoison_memory_region: bytes before a partly covered last granule's end become a valid prefix. */
export function unpoisonRegion(addr: Addr, size: Addr): void {
  if (!size) return;
  const last = addr + size - 1;
  if (last < addr) return;
  if (load<u32>(HEADER_PHASE) == PHASE_EARLY) {
    logRequest(addr, size, 0);
    return;
  }
  if (last >> 3 >= <Addr>load<u32>(HEADER_WILD_FROM)) healWild();
  const first = addr >> 3;
  const end = (last + 1) >> 3;
  if (end > first) fillShadow(first, end - first, 0);
  const tail = (<u32>last + 1) & 7;
  if (!tail) return;
  const old = shadowOf(last >> 3);
  if (old >= MERELY_PREFIX || (old && old < tail)) setShadow(last >> 3, tail);
}

// ------------------------------------------------------------------------------------------------ the phase E log

function logRequest(addr: Addr, size: Addr, code: u32): void {
  lock();
  const entry = arenaEntry(HEADER_LOG, HEADER_LOG_COUNT, ENTRY, FIRST_LOG);
  // With memory 1 full the region stays valid, which costs a finding and breaks nothing.
  if (entry) {
    store<u64>(entry, addr);
    store<u64>(entry, size, 8);
    store<u32>(entry, code, 16);
    store<u32>(HEADER_SCRIBBLES, load<u32>(HEADER_SCRIBBLES) + 1);
  }
  unlock();
}

/** Replays the log in order; the phase is past EARLY, so that requests reach the shadow. */
export function replayLog(): void {
  const count = load<u32>(HEADER_LOG_COUNT);
  let entry = load<u32>(HEADER_LOG);
  for (let i: u32 = 0; i < count; i++, entry += ENTRY) {
    const addr = <Addr>load<u64>(entry);
    const size = <Addr>load<u64>(entry, 8);
    const code = load<u32>(entry, 16);
    if (!code) unpoisonRegion(addr, size);
    else if (code < MERELY_PREFIX) writeShadow(addr >> 3, size >> 3, code);
    else poisonRegion(addr, size, code);
  }
}
