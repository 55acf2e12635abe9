// The shadow of the program's stack. Instrumented functions tell when they take a frame, give it back, or move the stack
// pointer; whatever takes stack memory sets the shadow of all it takes, so that frames left by a throw or a longjmp need no
// cleaning up. Below the stack pointer nothing is valid.
//
//   HEADER_STACK_LOW                       stack pointer                                       HEADER_STACK_HIGH
//   | never used: F1 | returned from: F5   | F1 | objects and F2 | F3 | F1 | the caller's ...  |
//
// A frame that finds too little room goes to the spare stack (spare-stack.ts), where the same holds.
// Frames on any other stack (threads, fibers) are left as they are: that memory may become something else at any time.
import {
  ACCESS_WRITE,
  ASAN_ALLOCA_LEFT,
  ASAN_ALLOCA_RIGHT,
  ASAN_STACK_AFTER_RETURN,
  ASAN_STACK_AFTER_SCOPE,
  ASAN_STACK_LEFT,
  ASAN_STACK_RIGHT,
  FLAG_STACK_AFTER_RETURN,
  FLAG_STACK_EXACT,
  FRAME_ALLOCA,
  FRAME_NUMBER,
  HEADER_NULL_LIMIT,
  HEADER_SCHEME,
  HEADER_SPARE_FROM,
  HEADER_STACK_HIGH,
  HEADER_STACK_LOW,
  HEADER_STACK_MAP,
  KASAN_STACK_AFTER_SCOPE,
  KIND_STACK_OVERFLOW,
  NULL_PAGE,
  SCHEME_KASAN,
  STACK_INLINE_BYTES,
  STACK_LEFT_REDZONE,
} from './abi';
import { Addr } from './addr';
import { arenaAlloc } from './arena';
import { flag } from './header';
import { fillShadow, setShadow } from './mapping';
import { accessesReported, finding } from './report';
import { frameBytes, isSpare, placeFrame, spareHigh, spareLow, spareMap } from './spare-stack';

const LEFT: Addr = <Addr>STACK_LEFT_REDZONE;
const LEFT_GRANULES: Addr = <Addr>(STACK_LEFT_REDZONE >> 3);
/** Stacks larger than this get no map: their frames have no names in reports. */
const MAP_LIMIT: u32 = 64 << 20;
/** A stack pointer that leaves the stack by more than this goes to another stack. */
const OVERFLOW_LIMIT: Addr = 256 << 20;

/** 0 bytes until openStack: before, and where no bounds are known, nothing here does anything. */
let stackBytes: Addr = 0;
let stackLow: Addr = 0;
let nullLimit: Addr = 0;
/** Frames reach no lower than this, but go to the spare stack; 0 if there may be none. */
let spareFrom: Addr = 0;
let frameMap: u32 = 0;
/** Shadow of what was given back. */
let dead: u32 = 0;
let exact: bool = false;
let overflowed: bool = false;

/**
 * For frames that write their shadow by themselves: one that ends at `stack_floor` or up to `stack_span` bytes above lies
 * inside the stack, however large it may be for that. `stack_map` is where the number of a frame at address 0 would go.
 */
export let stack_floor: u32 = 0;
export let stack_span: u32 = 0;
export let stack_map: u32 = 0;

/** Whether a byte lies in the stack that the linker laid out. Any thread may ask: the header is everybody's. */
export function isInStack(addr: Addr): bool {
  const low = load<u32>(HEADER_STACK_LOW);
  return addr - <Addr>low < <Addr>(load<u32>(HEADER_STACK_HIGH) - low);
}

/** Once, when the shadow is made: frames taken before are not known, and none is live then. */
export function openStack(): void {
  const low = load<u32>(HEADER_STACK_LOW);
  const high = load<u32>(HEADER_STACK_HIGH);
  if (high <= low) return;
  exact = flag(FLAG_STACK_EXACT);
  dead = flag(FLAG_STACK_AFTER_RETURN) ? ASAN_STACK_AFTER_RETURN : 0;
  nullLimit = <Addr>(load<u32>(HEADER_NULL_LIMIT) & ~7);
  stackLow = <Addr>low;
  spareFrom = <Addr>load<u32>(HEADER_SPARE_FROM);
  stackBytes = <Addr>(high - low);
  if (high - low <= MAP_LIMIT) frameMap = arenaAlloc((high - low) >> 2);
  store<u32>(HEADER_STACK_MAP, frameMap);
  if (frameMap && !dead) openInline(<Addr>high);
  if (!dead || !exact) return; // what else may lie below, nobody knows
  const from = stackLow > nullLimit ? stackLow : nullLimit;
  if (<Addr>high <= from) return;
  fillShadow(from >> 3, (<Addr>high - from) >> 3, ASAN_STACK_LEFT);
}

function openInline(high: Addr): void {
  let lowest = stackLow > nullLimit ? stackLow : nullLimit;
  if (spareFrom > lowest) lowest = spareFrom;
  lowest += LEFT;
  const least = (lowest + 15) & ~15;
  const floor = least + <Addr>STACK_INLINE_BYTES;
  if (high <= floor) return;
  stack_floor = <u32>floor;
  stack_span = <u32>(high - floor);
  stack_map = frameMap + ((<u32>((least - LEFT - stackLow) >> 4)) << 2) - <u32>(least >> 2);
}

/** Whether a stack pointer is that of the same stack: where that is empty, it stands just behind the last byte. */
function isOwn(pointer: Addr): bool {
  return pointer - stackLow <= stackBytes && stackBytes != 0;
}

function isStack(addr: Addr): bool {
  return isOwn(addr) || isSpare(addr);
}

/** Makes [from, to) what is below the stack pointer. If they are on two stacks, all of the first one from there on. */
function bury(from: Addr, to: Addr): void {
  const spare = isSpare(from);
  if (!spare && isSpare(to)) return; // back to where it was interrupted
  if (spare && !isSpare(to)) to = spareHigh;
  if (to <= from) return;
  fillShadow(from >> 3, (to - from) >> 3, dead);
  if (!spare && from < nullLimit) fillShadow(from >> 3, ((to < nullLimit ? to : nullLimit) - from) >> 3, NULL_PAGE);
}

/**
 * Where the frame [base, entry) goes, of which `bytes` are the program's own; 0 if it is on no stack that is known. Says so
 * once if the stack is used up.
 */
function placed(base: Addr, entry: Addr, bytes: Addr): Addr {
  const own = isOwn(entry);
  const need = entry - base + LEFT;
  if (own && need <= entry - stackLow && (!spareFrom || base - LEFT >= spareFrom)) return base;
  if (!own && !isSpare(entry)) return 0;
  if (!own || spareFrom) {
    const at = placeFrame(base, entry, bytes);
    if (at) return at;
  }
  if (own && need <= entry - stackLow) return base;
  overflow(base, need);
  return 0;
}

function overflow(to: Addr, bytes: Addr): void {
  if (overflowed || !accessesReported()) return;
  overflowed = true;
  finding(KIND_STACK_OVERFLOW, ACCESS_WRITE, to, bytes, to, 0, 0, 0, 0, 0);
}

function rememberFrame(base: Addr, frame: u32): void {
  const spare = isSpare(base);
  const at = base - LEFT;
  const map = spare ? spareMap : frameMap;
  if (map) store<u32>(map + ((<u32>(at - (spare ? spareLow : stackLow)) >> 4) << 2), frame);
}

/** The end of what lies above a frame that was placed: `entry`, or the end of the stack it went to. */
function endAbove(base: Addr, entry: Addr): Addr {
  return isSpare(base) && !isSpare(entry) ? spareHigh : entry;
}

// ------------------------------------------------------------------------------------------------ understood functions

/**
 * A frame of `size` bytes, all valid; whatever lies between it and the old stack pointer is its right redzone. Answers where
 * it is: `base`, or a place on the spare stack.
 */
export function stack_enter(base: Addr, entry: Addr, frame: u32, size: u32): Addr {
  const at = placed(base, entry, <Addr>size);
  if (!at) return base;
  const granule = at >> 3;
  fillShadow(granule - LEFT_GRANULES, LEFT_GRANULES, ASAN_STACK_LEFT);
  fillShadow(granule, <Addr>(size >> 3), 0);
  const end = granule + <Addr>(size >> 3);
  fillShadow(end, (endAbove(at, entry) >> 3) - end, ASAN_STACK_RIGHT);
  rememberFrame(at, frame);
  return at;
}

/** The same for a frame whose shadow is drawn at `drawing`. */
export function stack_enter_drawn(base: Addr, entry: Addr, frame: u32, drawing: u32): Addr {
  const at = placed(base, entry, frameBytes(frame));
  if (!at) return base;
  let granule = (at - LEFT) >> 3;
  const end = drawing + (load<u32>(drawing) << 2);
  while (drawing != end) {
    drawing += 4;
    const run = load<u32>(drawing);
    const code = run & 0xff;
    if (run >> 8 == 1) setShadow(granule, code);
    else fillShadow(granule, <Addr>(run >> 8), code);
    granule += <Addr>(run >> 8);
  }
  const top = endAbove(at, entry) >> 3;
  if (top > granule) fillShadow(granule, top - granule, ASAN_STACK_RIGHT);
  rememberFrame(at, frame);
  return at;
}

/** The function gives back everything between its stack pointer and the one it was entered with. */
export function stack_leave(from: Addr, entry: Addr): void {
  if (isStack(from) && isStack(entry)) bury(from, entry);
}

/**
 * A dynamic allocation: `size` bytes at `addr`, then a redzone up to `end`. Below it lies what the pointer is kept lower by.
 * Answers where it is.
 */
export function stack_alloca(addr: Addr, size: Addr, end: Addr, frame: u32): Addr {
  const at = placed(addr, end, size);
  if (!at) return addr;
  const granule = at >> 3;
  fillShadow(granule - LEFT_GRANULES, LEFT_GRANULES, ASAN_ALLOCA_LEFT);
  fillShadow(granule, size >> 3, 0);
  let from = granule + (size >> 3);
  if (<u32>size & 7) setShadow(from++, <u32>size & 7);
  const top = endAbove(at, end) >> 3;
  if (top > from) fillShadow(from, top - from, ASAN_ALLOCA_RIGHT);
  rememberFrame(at, (frame & FRAME_NUMBER) | FRAME_ALLOCA);
  return at;
}

/** A variable's block begins: it is valid. */
export function stack_scope_begin(addr: Addr, size: u32): void {
  if (!isStack(addr)) return;
  fillShadow(addr >> 3, <Addr>(size >> 3), 0);
  if (size & 7) setShadow((addr >> 3) + <Addr>(size >> 3), size & 7);
}

/** A variable's block has ended. */
export function stack_scope_end(addr: Addr, size: u32): void {
  if (!isStack(addr)) return;
  const kasan = load<u32>(HEADER_SCHEME) == SCHEME_KASAN;
  fillShadow(addr >> 3, <Addr>((size + 7) >> 3), kasan ? KASAN_STACK_AFTER_SCOPE : ASAN_STACK_AFTER_SCOPE);
}

// ------------------------------------------------------------------------------------------------ other functions

/** The stack pointer goes from `from` to `to`. */
export function stack_moved(to: Addr, from: Addr): void {
  if (!isStack(from)) return;
  const own = isOwn(from);
  const low = own ? stackLow : spareLow;
  if (!isStack(to)) {
    if ((exact || !own) && from - to > from - low && from - to < OVERFLOW_LIMIT) overflow(to, from - to);
    return;
  }
  if (isOwn(to) == own && to < from) fillShadow(to >> 3, ((from + 7) >> 3) - (to >> 3), 0);
  else bury(from, to);
}

/** A function that reads the stack pointer `at` and never moves it may use so many bytes right below. */
export function stack_borrowed(at: Addr, bytes: u32): void {
  if (!isStack(at)) return;
  const low = isOwn(at) ? stackLow : spareLow;
  const from = at - low < <Addr>bytes ? low : at - <Addr>bytes;
  fillShadow(from >> 3, (at - from) >> 3, 0);
}

/**
 * A function that may take room without moving the stack pointer computed `addr`: room, if it lies below `end` on the same
 * stack, and not in the null page. What optimisers keep in a local that held a pointer before are mostly small numbers.
 */
export function stack_room_below(addr: Addr, end: Addr): void {
  if (addr >= end || !isStack(addr) || !isStack(end) || isOwn(addr) != isOwn(end)) return;
  if (addr < nullLimit && isOwn(addr)) return;
  fillShadow(addr >> 3, (end >> 3) - (addr >> 3), 0);
}
