// What the VMA model exports: set-up, one function per call of the kernel, the fault handler, and a batch that runs many
// calls without crossing the boundary each time. Addresses are bytes (u64); results are addresses or -errno.

import { madvise } from './vma-advise';
import { areasNow, countersAt, setFailAfter, setLimits, setPolicy, setStack } from './vma-area';
import { faultPage, forkAsChild, forkAsParent } from './vma-fault';
import {
  BATCH_A,
  BATCH_B,
  BATCH_BYTES,
  BATCH_C,
  BATCH_D,
  BATCH_FLAGS,
  BATCH_OP,
  BATCH_RESULT,
  EFAULT,
  EINVAL,
  ENOMEM,
  FAULT_DONE,
  FAULT_NO_MEMORY,
  FAULT_OUTSIDE,
  OP_BRK,
  OP_FORK,
  OP_MADVISE,
  OP_MLOCK,
  OP_MMAP,
  OP_MPROTECT,
  OP_MREMAP,
  OP_MSEAL,
  OP_MUNLOCK,
  OP_MUNMAP,
  OP_READ,
  OP_RESET,
  OP_WRITE,
} from './vma-layout';
import { mlock, munlock, setLockLimit } from './vma-lock';
import { brk, mapBytes, mmap, munmap, openBrk, resizeBytes } from './vma-map';
import { pageAt, watch } from './vma-pages';
import { mprotect, mseal } from './vma-protect';
import { mremap } from './vma-remap';
import { claim, loadWord, storeWord } from './vma-seam';
import { areaAt, firstArea } from './vma-set';
import { openSpace } from './vma-space';
import { unmapArea, unmappedBy } from './vma-unmap';
import { failure, pageOf, setChoice, taskSize, windowStart } from './vma-window';

/** Opens the window; 0 or an errno. */
export function vma_open(startPage: u32, pages: u32, isNarrow: bool): u32 {
  return openSpace(startPage, pages, isNarrow);
}

export function vma_mmap(addr: u64, length: u64, prot: u32, flags: u32): i64 {
  return mmap(addr, length, prot, flags);
}

export function vma_munmap(addr: u64, length: u64): i64 {
  return munmap(addr, length);
}

export function vma_mprotect(addr: u64, length: u64, prot: u32): i64 {
  return mprotect(addr, length, prot);
}

export function vma_madvise(addr: u64, length: u64, advice: u32): i64 {
  return madvise(addr, length, advice);
}

export function vma_mremap(addr: u64, oldLength: u64, newLength: u64, flags: u32, target: u64): i64 {
  return mremap(addr, oldLength, newLength, flags, target);
}

export function vma_mlock(addr: u64, length: u64, flags: u32): i64 {
  return mlock(addr, length, flags);
}

export function vma_munlock(addr: u64, length: u64): i64 {
  return munlock(addr, length);
}

export function vma_mseal(addr: u64, length: u64, flags: u32): i64 {
  return mseal(addr, length, flags);
}

export function vma_brk(addr: u64): i64 {
  return brk(addr);
}

/** The heap of brk starts here, empty. */
export function vma_set_brk(addr: u64): void {
  openBrk(addr);
}

/** Go on as the child, or as the parent of a living child. */
export function vma_fork(isParent: bool): i64 {
  if (!isParent) return forkAsChild() ? 0 : failure(ENOMEM);
  forkAsParent();
  return 0;
}

/** A byte-sized mapping; its resizing. */
export function vma_map_bytes(length: u64): i64 {
  return mapBytes(length);
}

export function vma_resize_bytes(addr: u64, length: u64): i64 {
  return resizeBytes(addr, length);
}

/** The page-fault handler: FAULT_DONE when the access may go on, else why not. */
export function vma_fault(addr: u64, isWrite: bool): u32 {
  if (addr >= taskSize() || pageOf(addr) < windowStart()) return FAULT_OUTSIDE;
  return faultPage(pageOf(addr), isWrite);
}

// ------------------------------------------------------------------------------------------------ settings and views

export function vma_set_policy(policy: u32): void {
  setPolicy(policy);
}

export function vma_set_limits(maxMapCount: u32, otherMaps: u32, lockedPages: u32): void {
  setLimits(maxMapCount, otherMaps);
  setLockLimit(lockedPages);
}

export function vma_set_stack(id: u32): void {
  setStack(id);
}

export function vma_set_choice(page: u32): void {
  setChoice(page);
}

export function vma_set_fail_after(records: u32): void {
  setFailAfter(records);
}

export function vma_watch(on: bool): void {
  watch(on);
}

export function vma_first(): u32 {
  return firstArea();
}

export function vma_area_at(page: u32): u32 {
  return areaAt(page);
}

export function vma_area_count(): u32 {
  return areasNow();
}

export function vma_page(page: u32): u32 {
  return pageAt(page);
}

export function vma_unmapped_by(page: u32): u32 {
  return unmappedBy(page);
}

export function vma_counters(): u32 {
  return countersAt();
}

export function vma_reset(): void {
  for (let area = firstArea(); area; area = firstArea()) unmapArea(area, OP_RESET);
}

// ------------------------------------------------------------------------------------------------ batches

/** Room for so many batch entries. */
export function vma_batch_room(entries: u32): u32 {
  return claim(entries * BATCH_BYTES);
}

/** Runs the entries in order; every result is written back into its entry. */
export function vma_batch(entry: u32, entries: u32): void {
  for (let end = entry + entries * BATCH_BYTES; entry < end; entry += BATCH_BYTES) {
    store<i64>(entry, run(entry), BATCH_RESULT);
  }
}

function run(entry: u32): i64 {
  const a = load<u64>(entry, BATCH_A);
  const b = load<u64>(entry, BATCH_B);
  const c = load<u64>(entry, BATCH_C);
  const flags = load<u32>(entry, BATCH_FLAGS);
  switch (load<u32>(entry, BATCH_OP)) {
    case OP_MMAP:
      return mmap(a, b, <u32>c, flags);
    case OP_MUNMAP:
      return munmap(a, b);
    case OP_MPROTECT:
      return mprotect(a, b, <u32>c);
    case OP_MADVISE:
      return madvise(a, b, <u32>c);
    case OP_MREMAP:
      return mremap(a, b, c, flags, load<u64>(entry, BATCH_D));
    case OP_MLOCK:
      return mlock(a, b, flags);
    case OP_MUNLOCK:
      return munlock(a, b);
    case OP_BRK:
      return brk(a);
    case OP_FORK:
      return vma_fork(c != 0);
    case OP_MSEAL:
      return mseal(a, b, flags);
    case OP_RESET:
      vma_reset();
      return 0;
    default:
      return access(entry, a, b);
  }
}

function access(entry: u32, addr: u64, value: u64): i64 {
  const isWrite = load<u32>(entry, BATCH_OP) == OP_WRITE;
  if (!isWrite && load<u32>(entry, BATCH_OP) != OP_READ) return failure(EINVAL);
  const fault = vma_fault(addr, isWrite);
  if (fault != FAULT_DONE) return failure(fault == FAULT_NO_MEMORY ? ENOMEM : EFAULT);
  if (isWrite) storeWord(pageOf(addr), <u32>addr & 4095, value);
  else store<u64>(entry, loadWord(pageOf(addr), <u32>addr & 4095), BATCH_B);
  return 0;
}
