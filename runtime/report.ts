// Turns a bad access or a bad free into the REPORT record: gates (phase, depth, once per site), names the kind by the
// shadow byte as KASAN and ASan do, then hands over to the host.
import {
  ACCESS_FREE,
  ASAN_ALLOCA_LEFT,
  ASAN_ALLOCA_RIGHT,
  ASAN_ARRAY_COOKIE,
  ASAN_CONTAINER,
  ASAN_GLOBAL_REDZONE,
  ASAN_HEAP_FREED,
  ASAN_HEAP_LEFT_REDZONE,
  ASAN_HEAP_RIGHT_REDZONE,
  ASAN_INIT_ORDER,
  ASAN_INTRA_OBJECT,
  ASAN_STACK_AFTER_RETURN,
  ASAN_STACK_AFTER_SCOPE,
  ASAN_STACK_LEFT,
  ASAN_STACK_MID,
  ASAN_STACK_RIGHT,
  ASAN_USER_POISON,
  FLAG_EVERY_TIME,
  HEADER_HALT,
  HEADER_PHASE,
  HEADER_REPORTS,
  HEADER_SCHEME,
  HEADER_SITE_COUNT,
  HEADER_SITES_SEEN,
  KASAN_CONTAINER,
  KASAN_PAGE_FREE,
  KASAN_PAGE_REDZONE,
  KASAN_SLAB_FREE,
  KASAN_SLAB_FREE_META,
  KASAN_SLAB_REDZONE,
  KASAN_STACK_AFTER_SCOPE,
  KASAN_VMALLOC_INVALID,
  KIND_ALLOCA_OOB,
  KIND_CONTAINER,
  KIND_GLOBAL_OOB,
  KIND_HEAP_OOB,
  KIND_HEAP_UAF,
  KIND_INIT_ORDER,
  KIND_INTRA_OBJECT,
  KIND_NULL,
  KIND_PAGE_UAF,
  KIND_PROT_NONE,
  KIND_RODATA_WRITE,
  KIND_STACK_AFTER_RETURN,
  KIND_STACK_AFTER_SCOPE,
  KIND_STACK_OOB,
  KIND_STACK_UNDERFLOW,
  KIND_UNKNOWN,
  KIND_USE_AFTER_MUNMAP,
  KIND_USER_POISON,
  KIND_VMALLOC_OOB,
  KIND_WILD,
  KIND_WRITE_TO_READ_ONLY,
  NULL_PAGE,
  PHASE_ON,
  READ_ONLY_DATA,
  REPORT_ACCESS,
  REPORT_ADDR,
  REPORT_CHUNK,
  REPORT_COUNT,
  REPORT_EXTRA0,
  REPORT_EXTRA1,
  REPORT_FIRST_BAD,
  REPORT_KIND,
  REPORT_SHADOW_BYTE,
  REPORT_SITE,
  REPORT_SIZE,
  REPORT_STACK,
  REPORT_THREAD,
  SCHEME_KASAN,
  VMA_NO_ACCESS,
  VMA_READ_ONLY,
  VMA_TAIL,
  VMA_UNMAPPED,
  WILD,
} from './abi';
import { arenaAlloc } from './arena';
import { captureStack, innermostSite } from './call-stack';
import { died, findingBegins, findingEnds, findingTold, isTelling } from './callbacks';
import { flag } from './header';
import { report } from './host';
import { abandonLock, lock, suppressed, thread, unlock } from './thread';

/** Accesses are judged only in phase P and outside the allocator. */
export function accessesReported(): bool {
  return load<u32>(HEADER_PHASE) == PHASE_ON && !suppressed();
}

/** Fills the record and calls the host. Does nothing for a site that has reported before. */
export function finding(
  kind: u32,
  access: u32,
  addr: u64,
  size: u64,
  firstBad: u64,
  site: u32,
  shadowByte: u32,
  chunk: u32,
  extra0: u64,
  extra1: u64,
): void {
  lock();
  if (seenBefore(site) && !flag(FLAG_EVERY_TIME)) return unlock();
  const serial = load<u32>(HEADER_REPORTS) + 1;
  store<u32>(HEADER_REPORTS, serial);
  store<u32>(REPORT_KIND, kind);
  store<u32>(REPORT_ACCESS, access);
  store<u64>(REPORT_ADDR, addr);
  store<u64>(REPORT_SIZE, size);
  store<u64>(REPORT_FIRST_BAD, firstBad);
  store<u32>(REPORT_SITE, site);
  store<u32>(REPORT_STACK, captureStack());
  store<u32>(REPORT_CHUNK, chunk);
  store<u64>(REPORT_EXTRA0, extra0);
  store<u64>(REPORT_EXTRA1, extra1);
  store<u32>(REPORT_COUNT, serial);
  store<u32>(REPORT_SHADOW_BYTE, shadowByte);
  store<u32>(REPORT_THREAD, thread());
  if (told()) {
    abandonLock();
    died();
    unreachable();
  }
  unlock();
}

function handOver(): bool {
  return report() != 0 || load<u32>(HEADER_HALT) != 0;
}

/** Hands over, between the program's callbacks. Answers whether to stop the program. */
function told(): bool {
  if (isTelling()) return handOver();
  findingBegins();
  const stops = handOver();
  findingTold();
  if (!stops) findingEnds();
  return stops;
}

/** A finding of the allocator: no shadow byte decides it, and the site is the call into the allocator. */
export function heapFinding(kind: u32, access: u32, addr: u64, size: u64, chunk: u32, extra0: u64, extra1: u64): void {
  // Like KASAN, a bad free is told even while reports are suppressed by depth.
  if (access & ACCESS_FREE ? load<u32>(HEADER_PHASE) != PHASE_ON : !accessesReported()) return;
  finding(kind, access, addr, size, addr, innermostSite(), 0, chunk, extra0, extra1);
}

/** Marks the site in the bitmap. Site 0 (not known) always reports. */
function seenBefore(site: u32): bool {
  const sites = load<u32>(HEADER_SITE_COUNT);
  if (!site || site > sites) return false;
  let map = load<u32>(HEADER_SITES_SEEN);
  if (!map) {
    map = arenaAlloc((sites >> 3) + 1);
    if (!map) return false;
    store<u32>(HEADER_SITES_SEEN, map);
  }
  const at = map + (site >> 3);
  const bit = (<u32>1) << (site & 7);
  const old = <u32>load<u8>(at);
  store<u8>(at, old | bit);
  return (old & bit) != 0;
}

/** The kind a shadow byte stands for; `beyond` says that the byte lies past the end of memory. */
export function kindOf(code: u32, beyond: bool): u32 {
  if (beyond) return KIND_WILD;
  const kind = load<u32>(HEADER_SCHEME) == SCHEME_KASAN ? kindOfKasan(code) : kindOfAsan(code);
  return kind ? kind : kindOfBoth(code);
}

function kindOfAsan(code: u32): u32 {
  switch (code) {
    case ASAN_HEAP_LEFT_REDZONE:
    case ASAN_HEAP_RIGHT_REDZONE:
      return KIND_HEAP_OOB;
    case ASAN_HEAP_FREED:
      return KIND_HEAP_UAF;
    case ASAN_STACK_AFTER_SCOPE:
      return KIND_STACK_AFTER_SCOPE;
    case ASAN_CONTAINER:
      return KIND_CONTAINER;
    case WILD:
      return KIND_WILD;
    default:
      return 0;
  }
}

function kindOfKasan(code: u32): u32 {
  switch (code) {
    case KASAN_PAGE_FREE:
      return KIND_PAGE_UAF;
    case KASAN_PAGE_REDZONE:
    case KASAN_SLAB_REDZONE:
      return KIND_HEAP_OOB;
    case KASAN_SLAB_FREE:
    case KASAN_SLAB_FREE_META:
      return KIND_HEAP_UAF;
    case KASAN_VMALLOC_INVALID:
      return KIND_VMALLOC_OOB;
    case KASAN_STACK_AFTER_SCOPE:
      return KIND_STACK_AFTER_SCOPE;
    case KASAN_CONTAINER:
      return KIND_CONTAINER;
    default:
      return 0;
  }
}

function kindOfBoth(code: u32): u32 {
  switch (code) {
    case NULL_PAGE:
      return KIND_NULL;
    case ASAN_STACK_LEFT:
      return KIND_STACK_UNDERFLOW;
    case ASAN_STACK_MID:
    case ASAN_STACK_RIGHT:
      return KIND_STACK_OOB;
    case ASAN_STACK_AFTER_RETURN:
      return KIND_STACK_AFTER_RETURN;
    case ASAN_GLOBAL_REDZONE:
      return KIND_GLOBAL_OOB;
    case ASAN_INIT_ORDER:
      return KIND_INIT_ORDER;
    case ASAN_USER_POISON:
      return KIND_USER_POISON;
    case ASAN_ARRAY_COOKIE:
      return KIND_HEAP_OOB;
    case ASAN_INTRA_OBJECT:
      return KIND_INTRA_OBJECT;
    case ASAN_ALLOCA_LEFT:
    case ASAN_ALLOCA_RIGHT:
      return KIND_ALLOCA_OOB;
    case VMA_UNMAPPED:
      return KIND_USE_AFTER_MUNMAP;
    case VMA_TAIL:
      return KIND_VMALLOC_OOB;
    case VMA_NO_ACCESS:
      return KIND_PROT_NONE;
    case VMA_READ_ONLY:
      return KIND_WRITE_TO_READ_ONLY;
    case READ_ONLY_DATA:
      return KIND_RODATA_WRITE;
    default:
      return KIND_UNKNOWN;
  }
}
