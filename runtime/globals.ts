// Objects with static storage. The shadow can only say that a gap between them is nobody's; where objects touch, the
// instrumenter bakes in what debug information tells of their bounds, and the checks here compare with that.
//
//   HEADER_GLOBALS  | begin u32 | size u32 | begin | size | ...    HEADER_GLOBAL_COUNT objects by address, disjoint
//   HEADER_GAPS     | begin u32 | size u32 | ...                   HEADER_GAP_COUNT ranges that nobody owns
//   slots           u32 each, one per access whose address is a constant plus something: what it has touched so far
import {
  ACCESS_RANGE,
  ACCESS_WRITE,
  ASAN_GLOBAL_REDZONE,
  HEADER_GAP_COUNT,
  HEADER_GAPS,
  HEADER_GLOBAL_COUNT,
  HEADER_GLOBALS,
  HEADER_GLOBALS_LOW,
  HEADER_GLOBALS_SPAN,
  HEADER_RODATA,
  HEADER_RODATA_SIZE,
  KIND_GLOBAL_OOB,
  KIND_RODATA_WRITE,
  READ_ONLY_DATA,
} from './abi';
import { Addr } from './addr';
import { arenaAlloc } from './arena';
import { shadowOf } from './mapping';
import { memoryLast, poisonRegion } from './poison';
import { accessesReported, finding } from './report';

const ENTRY: u32 = 8;

/** The last access that was found to leave an object for a redzone, which its own check is about to report. */
let toldAddr: Addr = 0;
let leavingAddr: Addr = 0;
let leavingObject: u32 = 0;

/** Objects that ranges began in, by address: MET slots; 0 in an instance that did not make the shadow. */
let met: u32 = 0;
const MET: u32 = 128;

/** A bit beside ACCESS_*: address + offset exceeded 32 bits, so the engine will trap. */
const WRAPPED: u32 = 256;

/** In the place of a base: no other object can be meant. */
const CERTAIN: u32 = 0xffffffff;

// What a slot holds: one of these, or the entry of the object that the access touched.
const UNTOUCHED: u32 = 0;
const INSIDE: u32 = 1; // the object that its constant lies in
const ELSEWHERE: u32 = 2; // something without a name

/** Phase I: gaps between objects become redzones. */
export function poisonGaps(): void {
  if (load<u32>(HEADER_GLOBAL_COUNT)) openObjects();
  const end = load<u32>(HEADER_GAPS) + load<u32>(HEADER_GAP_COUNT) * ENTRY;
  for (let gap = load<u32>(HEADER_GAPS); gap < end; gap += ENTRY) {
    poisonRegion(beginOf(gap), sizeOf(gap), ASAN_GLOBAL_REDZONE);
  }
}

function openObjects(): void {
  const first = load<u32>(HEADER_GLOBALS);
  const last = first + (load<u32>(HEADER_GLOBAL_COUNT) - 1) * ENTRY;
  store<u32>(HEADER_GLOBALS_LOW, <u32>beginOf(first));
  store<u32>(HEADER_GLOBALS_SPAN, <u32>(beginOf(last) + sizeOf(last) - beginOf(first)));
  met = arenaAlloc(MET << 2);
}

/** Whether an address lies in a gap that shares its granule with what follows: the shadow has no room for the reason. */
export function isInGap(addr: Addr): bool {
  const end = load<u32>(HEADER_GAPS) + load<u32>(HEADER_GAP_COUNT) * ENTRY;
  for (let gap = load<u32>(HEADER_GAPS); gap < end; gap += ENTRY) {
    if (addr - beginOf(gap) < sizeOf(gap)) return true;
  }
  return false;
}

function beginOf(entry: u32): Addr {
  return <Addr>load<u32>(entry);
}

function sizeOf(entry: u32): Addr {
  return <Addr>load<u32>(entry, 4);
}

/** The entry of the object that holds an address, or 0. */
function objectAt(addr: Addr): u32 {
  const table = load<u32>(HEADER_GLOBALS);
  let low: u32 = 0;
  let high = load<u32>(HEADER_GLOBAL_COUNT);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (beginOf(table + middle * ENTRY) <= addr) low = middle + 1;
    else high = middle;
  }
  if (!low) return 0;
  const entry = table + (low - 1) * ENTRY;
  return addr - beginOf(entry) < sizeOf(entry) ? entry : 0;
}

/** Between the first object's beginning and the last one's end: spares most ranges, on the heap or the stack, the search. */
export function isAmongGlobals(addr: Addr): bool {
  return addr - <Addr>load<u32>(HEADER_GLOBALS_LOW) < <Addr>load<u32>(HEADER_GLOBALS_SPAN);
}

/** objectAt, for programs that ask for the same few objects over and over. */
function objectMetBefore(addr: Addr): u32 {
  if (!met) return objectAt(addr);
  const slot = met + ((<u32>(addr >> 2) & (MET - 1)) << 2);
  const before = load<u32>(slot);
  if (before && addr - beginOf(before) < sizeOf(before)) return before;
  const object = objectAt(addr);
  if (object) store<u32>(slot, object);
  return object;
}

// ------------------------------------------------------------------------------------------------ ranges

/** A range that the shadow finds valid, but that runs out of the object it begins in, or writes to constants. */
export function rangeLeavesGlobal(addr: Addr, size: Addr, access: u32, site: u32): bool {
  if (access & ACCESS_WRITE && writesConstants(addr, size, access, site)) return true;
  const object = isAmongGlobals(addr) ? objectMetBefore(addr) : 0;
  if (!object || size <= sizeOf(object) - (addr - beginOf(object))) return false;
  outside(addr, size, access, object, site);
  return true;
}

// ------------------------------------------------------------------------------------------------ constants

/** Whether one of `size` (not 0) bytes is read-only data: the last one is, or lies behind it by less than the size. */
export function isReadOnly(addr: Addr, size: Addr): bool {
  const more = size - 1;
  const distance = addr + more - <Addr>load<u32>(HEADER_RODATA);
  return <u64>distance < <u64>load<u32>(HEADER_RODATA_SIZE) + more;
}

/** Reports a store into read-only data. */
export function writesConstants(addr: Addr, size: Addr, access: u32, site: u32): bool {
  if (!isReadOnly(addr, size)) return false;
  const begin = <Addr>load<u32>(HEADER_RODATA);
  finding(KIND_RODATA_WRITE, access, addr, size, addr > begin ? addr : begin, site, READ_ONLY_DATA, 0, 0, 0);
  return true;
}

// ------------------------------------------------------------------------------------------------ single accesses

/** An access outside the object whose address it was computed from, in code that was not optimised. */
export function global_exact(addr: Addr, size: u32, access: u32, begin: u32, base: u32, slot: u32, site: u32): void {
  const object = objectAt(<Addr>begin);
  if (!object) return;
  if (!shadowIsClean(addr, size)) return leaveTo(addr, object);
  const inside = addr - <Addr>begin < sizeOf(object);
  // The constant may be the end of the object in front, which is then the one that is meant.
  const certain = base == CERTAIN || access & WRAPPED;
  const decided = !inside && (certain || !(endsAt(addr, begin) || isOneBased(addr, base, size)));
  if (!decided) global_slot(addr, size, access, begin, slot, site);
  else if (accessesReported()) outside(addr, size, access, object, site);
}

/** Whether the constant may stand for element 0 of an array that is counted from 1: `(array - 1)[i]`. */
function isOneBased(addr: Addr, base: u32, size: u32): bool {
  const other = objectAt(addr);
  return other != 0 && beginOf(other) > <Addr>base && beginOf(other) - <Addr>base <= <Addr>size;
}

/** Whether the address lies in an object that ends where `begin` is. */
function endsAt(addr: Addr, begin: u32): bool {
  const other = addr < <Addr>begin ? objectAt(addr) : 0;
  return other != 0 && beginOf(other) + sizeOf(other) == <Addr>begin;
}

/**
 * An access of optimised code: a constant that lies in one object may be another's address with part of the index folded
 * in (`a[i - 1]`). But one instruction means one object: the second object it touches is one too many, whichever was meant.
 */
export function global_slot(addr: Addr, size: u32, access: u32, begin: u32, slot: u32, site: u32): void {
  const object = objectAt(<Addr>begin);
  if (!object) return;
  const before = load<u32>(slot);
  if (!shadowIsClean(addr, size)) return leaveTo(addr, before == INSIDE ? object : 0);
  const inside = addr - <Addr>begin < sizeOf(object);
  const touched = inside ? 0 : objectAt(addr);
  const now = inside ? INSIDE : touched ? touched : ELSEWHERE;
  if (before == UNTOUCHED) store<u32>(slot, now);
  const meant = before == INSIDE || before == UNTOUCHED ? object : before;
  const leaves = access & WRAPPED || (before != UNTOUCHED && before != now && before != ELSEWHERE);
  // An access that begins in an object and ends behind it is wrong without any history.
  const crosses = inside && <Addr>size > sizeOf(object) - (addr - <Addr>begin);
  if ((leaves || crosses) && accessesReported()) outside(addr, size, access, meant, site);
}

/** Poison, low memory and the end of memory are for the access's own check to report. */
function shadowIsClean(addr: Addr, size: u32): bool {
  const last = addr + (size - 1);
  return last >= addr && last <= memoryLast() && isValid(addr) && isValid(last);
}

function leaveTo(addr: Addr, object: u32): void {
  leavingAddr = addr;
  leavingObject = object;
}

/** The object that the access at `addr` was meant for, begin and size; 0 if that is not known. */
export function meantBegin(addr: Addr): Addr {
  return addr == leavingAddr && leavingObject ? beginOf(leavingObject) : 0;
}

export function meantSize(addr: Addr): Addr {
  return addr == leavingAddr && leavingObject ? sizeOf(leavingObject) : 0;
}

function isValid(addr: Addr): bool {
  const code = shadowOf(addr >> 3);
  return !code || (<u32>addr & 7) < (code < 8 ? code : 0);
}

/** Whether the access at `addr`, past the end of the address space, has just been reported as one outside a global. */
export function isToldAlready(addr: Addr): bool {
  return toldAddr == addr && addr != 0;
}

/** EXTRA0 and EXTRA1: the object that was meant. */
function outside(addr: Addr, size: Addr, access: u32, object: u32, site: u32): void {
  const begin = beginOf(object);
  const end = begin + sizeOf(object);
  const firstBad = addr >= begin && addr < end ? end : addr;
  const kind = access & ACCESS_RANGE ? access : access & ACCESS_WRITE;
  toldAddr = access & WRAPPED ? addr : 0;
  finding(KIND_GLOBAL_OOB, kind, addr, size, firstBad, site, ASAN_GLOBAL_REDZONE, 0, begin, sizeOf(object));
}
