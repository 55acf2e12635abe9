// The window of the program's memory that the model manages, and the arithmetic of byte addresses on it. The window's
// end plays the kernel's TASK_SIZE, its start mmap_min_addr.
import { highestGap } from './vma-set';

export const PAGE_SHIFT: u64 = 12;
export const PAGE_REST: u64 = 4095;
export const NOWHERE: u32 = u32.MAX_VALUE;

let first: u32 = 0;
let last: u32 = 0; // exclusive
let isNarrow: bool = false; // 32-bit program addresses: sums wrap at 4 GiB
let choice: u32 = NOWHERE;

export function openWindow(startPage: u32, pages: u32, narrow: bool): void {
  first = startPage;
  last = startPage + pages;
  isNarrow = narrow;
}

export function windowStart(): u32 {
  return first;
}

export function windowEnd(): u32 {
  return last;
}

/** First byte behind the window: TASK_SIZE. */
export function taskSize(): u64 {
  return (<u64>last) << PAGE_SHIFT;
}

/** Wraps a sum as the program's own address arithmetic would; 4 GiB itself is still the end of the last page. */
export function wrap(sum: u64): u64 {
  return isNarrow && sum > 0x100000000 ? sum & 0xffffffff : sum;
}

/** PAGE_ALIGN: up to a whole page, 0 when that wraps. */
export function alignUp(length: u64): u64 {
  const aligned = (length + PAGE_REST) & ~PAGE_REST;
  return isNarrow ? aligned & 0xffffffff : aligned;
}

export function pageOf(addr: u64): u32 {
  return <u32>(addr >> PAGE_SHIFT);
}

/** The page of an address, the window's end for everything behind it. */
export function pageWithin(addr: u64): u32 {
  return addr >= taskSize() ? last : pageOf(addr);
}

/** The next search for a free place answers this page instead (the differential hands over the kernel's choice). */
export function setChoice(page: u32): void {
  choice = page;
}

/** A free place for so many pages: the highest one, as in the kernel's top-down search. NOWHERE when there is none. */
export function searchPlace(pages: u32): u32 {
  if (choice != NOWHERE) {
    const chosen = choice;
    choice = NOWHERE;
    return chosen;
  }
  return pages > last - first ? NOWHERE : highestGap(pages);
}

/** An errno as the result of a call. */
export function failure(errno: u32): i64 {
  return -(<i64>errno);
}
