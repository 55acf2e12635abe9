// Is this access bad? KASAN's exact rules: an access is bad if and only if one of its bytes is, whatever its alignment.
// Instrumented code calls these when the shadow byte it looked at is not 00 (inline) or always (outline), so each begins
// with the cheap answer and leaves everything else to slowAccess.
import {
  ACCESS_RANGE,
  ACCESS_READ,
  ACCESS_WRITE,
  ASAN_GLOBAL_REDZONE,
  ASAN_STACK_MID,
  HEADER_STAT_SLOW_CHECKS,
  HEADER_WILD_FROM,
  KIND_NEGATIVE_SIZE,
  KIND_WILD,
  READ_ONLY_DATA,
  VMA_READ_ONLY,
  WILD,
} from './abi';
import { Addr } from './addr';
import { followGrowth } from './as-growth';
import { chunkSize } from './chunks';
import {
  isAmongGlobals,
  isInGap,
  isReadOnly,
  isToldAlready,
  meantBegin,
  meantSize,
  rangeLeavesGlobal,
  writesConstants,
} from './globals';
import { isPlainlyValid, isValidHere, shadowOf, skipClean } from './mapping';
import { healWild, memoryLast } from './poison';
import { redzoneCode } from './redzone';
import { accessesReported, finding, kindOf } from './report';
import { isInStack } from './stack';
import { opensHeader, sizeWordOf } from './tail';
import { SHARED } from './thread';
import { isMappingCode, resolveFault } from './vma-bound';

// ------------------------------------------------------------------------------------------------ the fast predicates

function poisoned1(addr: Addr): bool {
  const code = shadowOf(addr >> 3);
  return code != 0 && <i32>(<u32>addr & 7) >= <i32>(<i8>code);
}

/** 2, 4 or 8 bytes: when they straddle two granules the first must be wholly valid. */
function poisonedFew(addr: Addr, size: u32): bool {
  const last = addr + (size - 1);
  if (addr >> 3 != last >> 3 && shadowOf(addr >> 3)) return true;
  return poisoned1(last);
}

/** 16 bytes: two whole granules when aligned to one, else two and the last byte. */
function poisoned16(addr: Addr): bool {
  const granule = addr >> 3;
  if (shadowOf(granule) | shadowOf(granule + 1)) return true;
  return (<u32>addr & 7) != 0 && poisoned1(addr + 15);
}

// ------------------------------------------------------------------------------------------------ the exact answer

const SHORT: Addr = 56; // bytes that lie in eight granules, wherever they begin

/** Where findBad stopped: the first bad byte. */
let badByte: Addr = 0;

/** Whether a byte of [first, last] is bad for this access; leaves the first one in badByte. */
function findBad(first: Addr, last: Addr, access: u32): bool {
  const lastGranule = last >> 3;
  for (let granule = first >> 3; ; granule++) {
    granule = skipClean(granule, lastGranule);
    if (granule > lastGranule) return false;
    const code = shadowOf(granule);
    const start = granule << 3;
    let bad = start;
    if (code < 0x80) {
      bad = start + code;
      if (last < bad) continue; // the access ends inside the valid prefix
    } else if (!(access & ACCESS_WRITE) && (code == VMA_READ_ONLY || code == READ_ONLY_DATA)) {
      continue;
    }
    badByte = bad > first ? bad : first;
    if (isMappingCode(code) && resolveFault(badByte, (access & ACCESS_WRITE) != 0)) {
      granule--; // the page is in now: look again
      continue;
    }
    return true;
  }
}

/**
 * What changes validity behind the runtime's back: memory that grew, an object that grew. Corrects the shadow. Another
 * thread may have done so since it was looked at.
 */
function shadowWasStale(): bool {
  const grown = healWild();
  return followGrowth(badByte) || grown || SHARED;
}

/** The same question without an access: whether any byte of [first, last] is not valid, for loads and stores alike. */
export function findBadByte(first: Addr, last: Addr): bool {
  return findBad(first, last, ACCESS_WRITE);
}

/** The byte that the last successful search stopped at. */
export function firstBadByte(): Addr {
  return badByte;
}

/** Reports an access that its own code found bad, without asking the shadow whether. */
export function reportAccess(addr: Addr, size: Addr, access: u32, site: u32): void {
  if (!accessesReported() || !size) return;
  if (!findBad(addr, addr + (size - 1), access)) badByte = addr;
  reportBad(addr, size, access, site);
}

/** The shadow byte that names the kind: behind a valid prefix it is the next granule's, unless what follows is valid, too. */
function guiltyCode(addr: Addr): u32 {
  const code = shadowOf(addr >> 3);
  if (code >= 0x80) return code;
  const next = shadowOf((addr >> 3) + 1);
  const behind = next ? 0 : sizeWordOf(addr);
  if (behind) return redzoneCode(chunkSize(behind), true);
  if (next >= 0x80) return next;
  return isInGap(addr) ? <u32>ASAN_GLOBAL_REDZONE : isInStack(addr) ? <u32>ASAN_STACK_MID : next;
}

/** An access the fast predicate did not pass: judge it byte by byte and report it. */
function slowAccess(addr: Addr, offset: Addr, size: u32, access: u32, site: u32): void {
  if (!accessesReported()) return;
  store<u32>(HEADER_STAT_SLOW_CHECKS, load<u32>(HEADER_STAT_SLOW_CHECKS) + 1);
  const first = addr + offset;
  const last = first + (size - 1);
  if (first < addr || last < first) {
    if (isToldAlready(first)) return;
    const whole = <u64>addr + <u64>offset; // 33 bits in a 32-bit program: the engine traps on it by itself
    finding(KIND_WILD, access, whole, size, whole, site, WILD, 0, 0, 0);
    return;
  }
  if (!findBad(first, last, access) || (shadowWasStale() && !findBad(first, last, access))) {
    if (access & ACCESS_WRITE) writesConstants(first, size, access, site);
    return;
  }
  if (opensHeader(badByte, first, size, access)) return;
  reportBad(first, size, access, site);
}

/** Reports the access whose first bad byte is badByte. */
function reportBad(first: Addr, size: u64, access: u32, site: u32): void {
  const beyond = badByte > memoryLast();
  const code = beyond ? <u32>WILD : guiltyCode(badByte);
  const global = code == ASAN_GLOBAL_REDZONE;
  const begin = global ? meantBegin(first) : 0;
  const bytes = global ? meantSize(first) : 0;
  finding(kindOf(code, beyond), access, first, size, badByte, site, code, 0, begin, bytes);
}

/**
 * Whether a range is certainly no finding, whatever the phase: a short one in memory known to be there, where no object's
 * bounds and no constants are to be minded, and that one look at the shadow finds valid. Most ranges are, so this comes first.
 */
export function isHarmless(addr: Addr, size: Addr, access: u32): bool {
  if (size - 1 >= SHORT) return false;
  const last = addr + (size - 1);
  const first = addr >> 3;
  if (first + 8 > <Addr>load<u32>(HEADER_WILD_FROM) || isAmongGlobals(addr)) return false;
  if (access & ACCESS_WRITE && isReadOnly(addr, size)) return false;
  return isValidHere(first, (last >> 3) - first, <u32>last & 7);
}

/** A range operation. Answers whether it is bad (reported or not), so that a caller can refuse it. */
export function rangeIsBad(addr: Addr, size: Addr, access: u32, site: u32): bool {
  return !isHarmless(addr, size, access) && judgeRange(addr, size, access, site);
}

/** The same, of a range that is not harmless at first sight. */
export function judgeRange(addr: Addr, size: Addr, access: u32, site: u32): bool {
  if (!size || !accessesReported()) return false;
  const last = addr + (size - 1);
  if (last < addr) {
    finding(KIND_NEGATIVE_SIZE, access, addr, size, addr, site, 0, 0, 0, 0);
    return true;
  }
  const end = memoryLast();
  if (last <= end && isPlainlyValid(addr, last)) return rangeLeavesGlobal(addr, size, access, site);
  if (addr > end) {
    badByte = addr;
  } else {
    const stop = last < end ? last : end;
    if (!findBad(addr, stop, access) || (shadowWasStale() && !findBad(addr, stop, access))) {
      if (last <= end) return rangeLeavesGlobal(addr, size, access, site);
      badByte = end + 1;
    }
  }
  reportBad(addr, size, access, site);
  return true;
}

// ------------------------------------------------------------------------------------------------ called by programs

export function check_load1(addr: Addr, offset: Addr, site: u32): void {
  const at = addr + offset;
  if (at < addr || poisoned1(at)) slowAccess(addr, offset, 1, ACCESS_READ, site);
}

export function check_load2(addr: Addr, offset: Addr, site: u32): void {
  const at = addr + offset;
  if (at < addr || poisonedFew(at, 2)) slowAccess(addr, offset, 2, ACCESS_READ, site);
}

export function check_load4(addr: Addr, offset: Addr, site: u32): void {
  const at = addr + offset;
  if (at < addr || poisonedFew(at, 4)) slowAccess(addr, offset, 4, ACCESS_READ, site);
}

export function check_load8(addr: Addr, offset: Addr, site: u32): void {
  const at = addr + offset;
  if (at < addr || poisonedFew(at, 8)) slowAccess(addr, offset, 8, ACCESS_READ, site);
}

export function check_load16(addr: Addr, offset: Addr, site: u32): void {
  const at = addr + offset;
  if (at < addr || poisoned16(at)) slowAccess(addr, offset, 16, ACCESS_READ, site);
}

export function check_store1(addr: Addr, offset: Addr, site: u32): void {
  const at = addr + offset;
  if (at < addr || poisoned1(at) || isReadOnly(at, 1)) slowAccess(addr, offset, 1, ACCESS_WRITE, site);
}

export function check_store2(addr: Addr, offset: Addr, site: u32): void {
  const at = addr + offset;
  if (at < addr || poisonedFew(at, 2) || isReadOnly(at, 2)) slowAccess(addr, offset, 2, ACCESS_WRITE, site);
}

export function check_store4(addr: Addr, offset: Addr, site: u32): void {
  const at = addr + offset;
  if (at < addr || poisonedFew(at, 4) || isReadOnly(at, 4)) slowAccess(addr, offset, 4, ACCESS_WRITE, site);
}

export function check_store8(addr: Addr, offset: Addr, site: u32): void {
  const at = addr + offset;
  if (at < addr || poisonedFew(at, 8) || isReadOnly(at, 8)) slowAccess(addr, offset, 8, ACCESS_WRITE, site);
}

export function check_store16(addr: Addr, offset: Addr, site: u32): void {
  const at = addr + offset;
  if (at < addr || poisoned16(at) || isReadOnly(at, 16)) slowAccess(addr, offset, 16, ACCESS_WRITE, site);
}

/** Reads of recognised string functions, which fetch the aligned word an object ends in: one valid byte is enough. */
export function check_loadR4(addr: Addr, offset: Addr, site: u32): void {
  const at = addr + offset;
  if (at >= addr && !(<u32>at & 3)) {
    const code = shadowOf(at >> 3);
    if (code < 0x80 && (!code || code > (<u32>at & 7))) return;
  }
  check_load4(addr, offset, site);
}

export function check_loadR8(addr: Addr, offset: Addr, site: u32): void {
  const at = addr + offset;
  if (at >= addr && !(<u32>at & 7) && shadowOf(at >> 3) < 0x80) return;
  check_load8(addr, offset, site);
}

export function check_loadR16(addr: Addr, offset: Addr, site: u32): void {
  const at = addr + offset;
  if (at >= addr && !(<u32>at & 15)) {
    if (shadowOf(at >> 3) < 0x80 || shadowOf((at >> 3) + 1) < 0x80) return;
  }
  check_load16(addr, offset, site);
}

export function check_range_load(addr: Addr, size: Addr, site: u32): void {
  if (!isHarmless(addr, size, ACCESS_READ)) judgeRange(addr, size, ACCESS_READ | ACCESS_RANGE, site);
}

export function check_range_store(addr: Addr, size: Addr, site: u32): void {
  if (!isHarmless(addr, size, ACCESS_WRITE)) judgeRange(addr, size, ACCESS_WRITE | ACCESS_RANGE, site);
}
