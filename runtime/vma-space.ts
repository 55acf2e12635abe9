// Opening a space: everything it needs, in one go.

import { openRecords } from './vma-area';
import { EINVAL, ENOMEM } from './vma-layout';
import { openBrk } from './vma-map';
import { openPages } from './vma-pages';
import { openSet } from './vma-set';
import { openHistory } from './vma-unmap';
import { openWindow, PAGE_SHIFT } from './vma-window';

const MOST_PAGES: u32 = 0xffffff; // what the ordered set can tell apart: just under 64 GiB

/** Opens a window of `pages` pages from `startPage` on. 0, or an errno: EINVAL (too large), ENOMEM. Once per instance. */
export function openSpace(startPage: u32, pages: u32, isNarrow: bool): u32 {
  if (!pages || pages > MOST_PAGES || startPage > u32.MAX_VALUE - pages) return EINVAL;
  openWindow(startPage, pages, isNarrow);
  if (!openRecords() || !openSet(startPage, pages) || !openPages(startPage, pages) || !openHistory()) return ENOMEM;
  openBrk((<u64>startPage) << PAGE_SHIFT);
  return 0;
}
