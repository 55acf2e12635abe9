// mmap and its family as a program calls them, and the page-fault handler that the checks call on a poisoned page of the
// window. The window is a block of the program's own allocator, taken at the first mapping; a request that it cannot
// hold, or for a file, goes to the program's own mmap if it has one.
//
//   block of the allocator   | up to a page | window: pages that areas lie in ... | one page nobody gets |
import { HEADER_PHASE, HEADER_VMA, PHASE_EARLY, VMA_NO_ACCESS, VMA_TAIL, VMA_UNFAULTED, WILD } from './abi';
import { Addr } from './addr';
import { arenaAlloc } from './arena';
import { takeBlock } from './as-original';
import { captureStack } from './call-stack';
import { forgetFreed } from './mapped-freed';
import { shadowOf } from './mapping';
import { writeShadow } from './poison';
import * as program from './program';
import { allow, suppress } from './thread';
import { madvise } from './vma-advise';
import { areasNow, countersAt, setPolicy, setStack } from './vma-area';
import { faultPage } from './vma-fault';
import {
  AREA_END,
  AREA_FLAGS,
  AREA_START,
  DIRECTORY_AREAS,
  DIRECTORY_BYTES,
  DIRECTORY_COUNTERS,
  DIRECTORY_END,
  DIRECTORY_FIRST,
  DIRECTORY_PAST,
  DIRECTORY_PAST_COUNT,
  DIRECTORY_START,
  EBADF,
  ENOMEM,
  FAULT_DONE,
  FAULT_READ_ONLY,
  MAP_ANONYMOUS,
  MAP_POPULATE,
  MREMAP_DONTUNMAP,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  VM_EXACT,
  VM_HEAP,
} from './vma-layout';
import { mapBytes, mmap, munmap, resizeBytes } from './vma-map';
import { watch } from './vma-pages';
import { mprotect } from './vma-protect';
import { mremap } from './vma-remap';
import { areaAt, firstArea } from './vma-set';
import { openSpace } from './vma-space';
import { pastAt, pastTotal } from './vma-unmap';
import { pageOf, windowEnd, windowStart } from './vma-window';

const FIRST_PAGES: u32 = 4096; // 16 MiB: what the first mapping asks the allocator for, if it will do
const LEAST_PAGES: u32 = 16;
const FAILED: Addr = -1;

/** dlmalloc and its like keep a block's size in the word in front of it, with flags in the low bits. */
const FLAGS: u32 = 7;

let isOpen: bool = false;
/** The block of the program's malloc that the window is; 0 if it came from elsewhere. */
let block: Addr = 0;
let blockHeader: u32 = 0;
let errno: i32 = 0;

// ------------------------------------------------------------------------------------------------ the window

/** Makes sure there is a window; one that holds a first request of so many pages several times, if possible, and once at least. */
export function open(pages: u32): bool {
  if (isOpen && isLost()) close();
  if (isOpen) return true;
  let wanted = FIRST_PAGES;
  while (wanted >> 2 < pages && wanted < 1 << 23) wanted <<= 1;
  for (; wanted >= LEAST_PAGES && wanted > pages; wanted >>= 1) {
    const old = program.pages() << 16;
    const block = claimBlock((<Addr>(wanted + 1)) << 12);
    if (block) return furnish(block, wanted, old);
  }
  return false;
}

/** A block of whichever allocator the program has; nothing that happens in there is judged. */
function claimBlock(size: Addr): Addr {
  suppress();
  block = program.malloc(size);
  if (block) blockHeader = program.load32(block - 4);
  let claimed = block;
  if (!claimed) claimed = program.rust_alloc(size, 4096);
  if (!claimed) claimed = takeBlock(size);
  allow();
  return claimed;
}

/** The host has put the program's memory back to what it was before (put-back.ts): the allocator knows of no such block. */
function isLost(): bool {
  return block != 0 && (program.load32(block - 4) ^ blockHeader) > FLAGS;
}

function close(): void {
  const pages = windowEnd() - windowStart() + 1;
  writeShadow((<Addr>windowStart()) << 9, (<Addr>pages) << 9, 0);
  store<u32>(HEADER_VMA, 0);
  watch(false);
  isOpen = false;
}

/** `fresh`: memory from here on is younger than the program's last growth, and so zero already. */
function furnish(claimed: Addr, pages: u32, fresh: Addr): bool {
  const start = (claimed + 4095) & ~4095;
  const end = start + ((<Addr>(pages - 1)) << 12);
  if (start < fresh) program.fill(start, 0, (fresh < end ? fresh : end) - start);
  writeShadow(start >> 3, (<Addr>pages) << 9, WILD);
  const directory = arenaAlloc(DIRECTORY_BYTES);
  if (!directory || openSpace(<u32>(start >> 12), pages - 1, sizeof<Addr>() == 4)) return false;
  store<u32>(directory, countersAt(), DIRECTORY_COUNTERS);
  store<u32>(HEADER_VMA, directory);
  watch(true);
  isOpen = true;
  return true;
}

export function isOurs(addr: Addr): bool {
  return isOpen && pageOf(addr) >= windowStart() && pageOf(addr) < windowEnd();
}

// ------------------------------------------------------------------------------------------------ results

function began(): void {
  setStack(captureStack());
}

/** The address of a mapping of so many bytes, or failure. */
function address(result: i64, length: Addr): Addr {
  if (result >= 0) {
    forgetFreed(pageOf(result), pageOf(<u64>result + length + 4095));
    return <Addr>result;
  }
  errno = <i32>-result;
  return FAILED;
}

function status(result: i64): i32 {
  if (result >= 0) return 0;
  errno = <i32>-result;
  return -1;
}

// ------------------------------------------------------------------------------------------------ called by programs

export function __sanitizer_mmap(addr: Addr, length: Addr, prot: i32, flags: i32, fd: i32, offset: i64): Addr {
  if (!(flags & MAP_ANONYMOUS)) return elsewhere(addr, length, prot, flags, fd, offset, EBADF);
  const pages = length >> 12 < 1 << 23 ? <u32>(length >> 12) + 1 : 1 << 23;
  if (!open(pages)) return elsewhere(addr, length, prot, flags, fd, offset, ENOMEM);
  began();
  // Constructors run before the checks that would fault pages in.
  if (load<u32>(HEADER_PHASE) == PHASE_EARLY) flags |= MAP_POPULATE;
  const result = mmap(addr, length, prot, flags);
  if (result == -(<i64>ENOMEM)) return elsewhere(addr, length, prot, flags, fd, offset, ENOMEM);
  return address(result, length);
}

/** The program's own mmap; without one, glue that answers 0. */
function elsewhere(addr: Addr, length: Addr, prot: i32, flags: i32, fd: i32, offset: i64, error: i32): Addr {
  const mapped = program.mmap(addr, length, prot, flags, fd, offset);
  if (mapped) return mapped;
  errno = error;
  return FAILED;
}

export function __sanitizer_munmap(addr: Addr, length: Addr): i32 {
  if (!isOurs(addr)) return program.munmap(addr, length);
  began();
  return status(munmap(addr, length));
}

export function __sanitizer_mprotect(addr: Addr, length: Addr, prot: i32): i32 {
  if (!isOurs(addr)) return 0; // the rest of a linear memory has no rights to change
  began();
  return status(mprotect(addr, length, prot));
}

export function __sanitizer_madvise(addr: Addr, length: Addr, advice: i32): i32 {
  if (!isOurs(addr)) return 0; // advice to memory without pages is void
  began();
  return status(madvise(addr, length, advice));
}

export function __sanitizer_mremap(addr: Addr, oldLength: Addr, newLength: Addr, flags: i32, target: Addr): Addr {
  if (!open(1)) return address(-(<i64>ENOMEM), 0);
  began();
  return address(mremap(addr, oldLength, newLength, flags, target), newLength);
}

/** mremap as C declares it: the target is the first of its variable arguments. */
export function vma_mremap_variadic(addr: Addr, oldLength: Addr, newLength: Addr, flags: i32, rest: Addr): Addr {
  const hasTarget = flags & (MREMAP_FIXED | MREMAP_DONTUNMAP) && rest;
  return __sanitizer_mremap(
    addr,
    oldLength,
    newLength,
    flags,
    hasTarget ? <Addr>(sizeof<Addr>() == 8 ? program.load64(rest) : program.load32(rest)) : 0,
  );
}

export function __sanitizer_vma_errno(): i32 {
  return errno;
}

/** 0 linux, 1 relocate, 2 merge-friendly. */
export function __sanitizer_vma_policy(policy: i32): void {
  setPolicy(policy);
}

// ------------------------------------------------------------------------------------------------ byte-sized mappings

export function __sanitizer_vmalloc(length: Addr): Addr {
  if (!open(<u32>(length >> 12) + 1)) return 0;
  began();
  const result = mapBytes(length);
  return result > 0 ? address(result, length) : 0;
}

/** In place, or elsewhere with the bytes moved page by page; 0 leaves the old mapping as it is. */
export function __sanitizer_vrealloc(ptr: Addr, length: Addr): Addr {
  if (!ptr) return __sanitizer_vmalloc(length);
  const area = isOurs(ptr) ? areaAt(pageOf(ptr)) : 0;
  if (!area || !length || !(load<u32>(area, AREA_FLAGS) & VM_EXACT)) return 0;
  began();
  if (resizeBytes(ptr, length) > 0) return address(ptr, length);
  const size = (<Addr>(load<u32>(area, AREA_END) - load<u32>(area, AREA_START))) << 12;
  const moved = mremap(ptr, size, length, MREMAP_MAYMOVE, 0);
  return moved > 0 ? address(resizeBytes(moved, length), length) : 0;
}

export function __sanitizer_vfree(ptr: Addr): void {
  const area = isOurs(ptr) ? areaAt(pageOf(ptr)) : 0;
  if (!area) return;
  began();
  munmap(ptr, (<u64>(load<u32>(area, AREA_END) - load<u32>(area, AREA_START))) << 12);
}

// ------------------------------------------------------------------------------------------------ the fault handler

/** Is this one of the codes that a page of the window can have? */
export function isMappingCode(code: u32): bool {
  const first: u32 = VMA_UNFAULTED;
  const last: u32 = VMA_TAIL;
  return code >= first && code <= last;
}

/**
 * A check stopped at a byte with a mapping code: true when the page is now in and the byte must be looked at again. False
 * leaves the shadow saying why not, and the areas where the host finds them.
 */
export function resolveFault(addr: Addr, isWrite: bool): bool {
  if (!isOurs(addr)) return false;
  const before = shadowOf(addr >> 3);
  const area = areaAt(pageOf(addr));
  // A page of the heap is brought in as a whole: with the zero page, reads behind the chunk's end would pass.
  if (area && load<u32>(area, AREA_FLAGS) & VM_HEAP) isWrite = true;
  const result = faultPage(pageOf(addr), isWrite);
  // A page of a read-only area that was never touched: say so in the shadow, where the kind is read.
  if (result == FAULT_READ_ONLY && before == VMA_UNFAULTED) faultPage(pageOf(addr), false);
  if (result == FAULT_DONE && shadowOf(addr >> 3) != before) return true;
  if (before == VMA_UNFAULTED && result != FAULT_READ_ONLY) writeShadow(addr >> 3, 1, VMA_NO_ACCESS);
  publish();
  return false;
}

/** Leaves the way to areas and history in memory, for a host that may only have a copy of it. */
function publish(): void {
  const directory = load<u32>(HEADER_VMA);
  store<u32>(directory, firstArea(), DIRECTORY_FIRST);
  store<u32>(directory, areasNow(), DIRECTORY_AREAS);
  store<u32>(directory, pastAt(), DIRECTORY_PAST);
  store<u32>(directory, pastTotal(), DIRECTORY_PAST_COUNT);
  store<u32>(directory, windowStart(), DIRECTORY_START);
  store<u32>(directory, windowEnd(), DIRECTORY_END);
}
