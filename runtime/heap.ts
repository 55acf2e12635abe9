// The allocator's wrapper: every family's allocation becomes one of the original allocator's, with redzones around it,
// a record in memory 1 and, when it is freed, a stay in the quarantine.
//
//   raw                     begin                 begin+size
//   | left redzone          | user region         | pad to 8 | right redzone | what the original rounded up |
//   FA (kasan FC/FE)        00 .. 00 or prefix               FC (kasan FC/FE)
import {
  ALLOC_ASSEMBLYSCRIPT,
  ASAN_HEAP_FREED,
  ASAN_HEAP_LEFT_REDZONE,
  ASAN_HEAP_RIGHT_REDZONE,
  CHUNK_ALIGN_LOG2,
  CHUNK_ALLOC_KIND,
  CHUNK_ALLOC_STACK,
  CHUNK_ALLOC_THREAD,
  CHUNK_FREE_KIND,
  CHUNK_FREE_STACK,
  CHUNK_FREE_THREAD,
  CHUNK_LEFT,
  CHUNK_LIVE,
  CHUNK_NEXT,
  CHUNK_STATE,
  CHUNK_TAG,
  FLAG_ALLOCATOR_MAY_RETURN_NULL,
  FLAG_POISON_HEAP,
  HEADER_MAX_ALLOCATION,
  HEADER_SCHEME,
  HEADER_STAT_LIVE_BYTES,
  HEADER_STAT_MALLOCS,
  HEADER_STAT_PEAK_BYTES,
  HEADER_STAT_REDZONE_BYTES,
  KASAN_MAX_CACHE_SIZE,
  KASAN_PAGE_FREE,
  KASAN_PAGE_REDZONE,
  KASAN_SLAB_FREE,
  KASAN_SLAB_FREE_META,
  KASAN_SLAB_REDZONE,
  KIND_ALLOCATION_TOO_BIG,
  KIND_OUT_OF_MEMORY,
  SCHEME_KASAN,
} from './abi';
import { Addr } from './addr';
import { prepare } from './arena';
import { captureStack } from './call-stack';
import { addChunk, chunkSize } from './chunks';
import { count, flag } from './header';
import { bodySize, failAsOriginal, rawAlloc, rawFree, rawSize } from './original';
import { poisonInside, unpoison, writeShadow } from './poison';
import { drainQuarantine } from './quarantine';
import { sideRedzone } from './redzone';
import { heapFinding } from './report';
import { lock, thread, unlock } from './thread';

/** A chunk of `size` bytes at a multiple of `align` (a power of two), or 0 as the original answers. */
export function allocate(size: Addr, align: Addr, kind: u32): Addr {
  prepare();
  if (align < 8) align = 8;
  const side = <Addr>sideRedzone(size);
  const left = leftRedzone(side, align, kind);
  const total = rawSize(size, side, left, align, kind);
  const most = <Addr>load<u32>(HEADER_MAX_ALLOCATION);
  if (total < size || (most && size > most)) return refuse(size, align, kind, KIND_ALLOCATION_TOO_BIG);
  let raw = rawAlloc(total, align, kind);
  if (!raw && drained()) raw = rawAlloc(total, align, kind);
  if (!raw) return refuse(size, align, kind, KIND_OUT_OF_MEMORY);
  const begin = (raw + left + (align - 1)) & ~(align - 1);
  lock();
  const chunk = addChunk(begin, size);
  if (chunk) {
    describe(chunk, kind, align, <u32>(begin - raw));
    if (flag(FLAG_POISON_HEAP)) layOut(raw, begin, size, raw + total, kind);
    count(HEADER_STAT_REDZONE_BYTES, <u32>(total - size));
  }
  unlock();
  if (chunk) return begin;
  rawFree(raw, total, align, kind);
  return 0;
}

function drained(): bool {
  lock();
  const any = drainQuarantine();
  unlock();
  return any;
}

/** Records a chunk that carries no redzones, because there was no memory left for them. */
export function adopt(begin: Addr, size: Addr, kind: u32): void {
  lock();
  const chunk = addChunk(begin, size);
  if (chunk) {
    describe(chunk, kind, 8, 0);
    unpoison(begin, size);
  }
  unlock();
}

function describe(chunk: u32, kind: u32, align: Addr, left: u32): void {
  store<u32>(chunk, left, CHUNK_LEFT);
  store<u32>(chunk, captureStack(), CHUNK_ALLOC_STACK);
  store<u32>(chunk, 0, CHUNK_FREE_STACK);
  store<u32>(chunk, 0, CHUNK_NEXT);
  store<u8>(chunk, CHUNK_LIVE, CHUNK_STATE);
  store<u8>(chunk, kind, CHUNK_ALLOC_KIND);
  store<u8>(chunk, 0, CHUNK_FREE_KIND);
  store<u8>(chunk, <u32>ctz(align), CHUNK_ALIGN_LOG2);
  store<u8>(chunk, 0, CHUNK_TAG);
  store<u8>(chunk, thread(), CHUNK_ALLOC_THREAD);
  store<u8>(chunk, 0, CHUNK_FREE_THREAD);
  count(HEADER_STAT_MALLOCS, 1);
  const live = load<u32>(HEADER_STAT_LIVE_BYTES) + <u32>chunkSize(chunk);
  store<u32>(HEADER_STAT_LIVE_BYTES, live);
  if (live > load<u32>(HEADER_STAT_PEAK_BYTES)) store<u32>(HEADER_STAT_PEAK_BYTES, live);
}

/** AssemblyScript keeps its block header right before the payload and reads it: nothing may be put between. */
function leftRedzone(side: Addr, align: Addr, kind: u32): Addr {
  if (kind == ALLOC_ASSEMBLYSCRIPT) return 0;
  return (side + (align - 1)) & ~(align - 1);
}

/** No memory: report if asked to. A size that we refuse fails in the original's own way (errno, an abort) all the same. */
function refuse(size: Addr, align: Addr, kind: u32, why: u32): Addr {
  if (!flag(FLAG_ALLOCATOR_MAY_RETURN_NULL)) heapFinding(why, 0, 0, size, 0, 0, 0);
  if (why == KIND_ALLOCATION_TOO_BIG) failAsOriginal(align, kind);
  return 0;
}

// ------------------------------------------------------------------------------------------------ shadow of a chunk

function layOut(raw: Addr, begin: Addr, size: Addr, rawEnd: Addr, kind: u32): void {
  let left: u32 = ASAN_HEAP_LEFT_REDZONE;
  let right: u32 = ASAN_HEAP_RIGHT_REDZONE;
  if (load<u32>(HEADER_SCHEME) == SCHEME_KASAN) {
    left = size > <Addr>KASAN_MAX_CACHE_SIZE ? KASAN_PAGE_REDZONE : KASAN_SLAB_REDZONE;
    right = left;
  }
  if (kind != ALLOC_ASSEMBLYSCRIPT) poisonInside(raw, begin - raw, left);
  unpoison(begin, size);
  const bodyEnd = begin + ((size + 7) & ~7);
  poisonInside(bodyEnd, rawEnd - bodyEnd, right);
}

/** The user region turns into freed memory, its last granule included. */
export function poisonFreed(begin: Addr, size: Addr): void {
  if (!flag(FLAG_POISON_HEAP)) return;
  const granules = bodySize(size) >> 3;
  if (load<u32>(HEADER_SCHEME) != SCHEME_KASAN) {
    writeShadow(begin >> 3, granules, ASAN_HEAP_FREED);
  } else if (size > <Addr>KASAN_MAX_CACHE_SIZE) {
    writeShadow(begin >> 3, granules, KASAN_PAGE_FREE);
  } else {
    writeShadow(begin >> 3, 1, KASAN_SLAB_FREE_META); // the free track exists
    writeShadow((begin >> 3) + 1, granules - 1, KASAN_SLAB_FREE);
  }
}
