// What a chunk's record and the statistics say when it is allocated and freed, and the shadow of what was freed; the same
// for chunks of the original allocator and for those on pages of their own.
import {
  ASAN_HEAP_FREED,
  CHUNK_ALLOC_STACK,
  CHUNK_FREE_KIND,
  CHUNK_FREE_STACK,
  CHUNK_FREE_THREAD,
  CHUNK_LEFT,
  CHUNK_LIVE,
  CHUNK_NEXT,
  CHUNK_SIZE_HIGH,
  EVENT_ALLOCATE,
  EVENT_FREE,
  FLAG_POISON_HEAP,
  HEADER_SCHEME,
  HEADER_STAT_FREES,
  HEADER_STAT_LIVE_BYTES,
  HEADER_STAT_MALLOCS,
  HEADER_STAT_PEAK_BYTES,
  KASAN_MAX_CACHE_SIZE,
  KASAN_PAGE_FREE,
  KASAN_SLAB_FREE,
  KASAN_SLAB_FREE_META,
  SCHEME_KASAN,
} from './abi';
import { Addr } from './addr';
import { captureStack } from './call-stack';
import { chunkBegin, chunkSize } from './chunks';
import { count, flag } from './header';
import { isHeapLogged, logHeap } from './heap-log';
import { bodySize } from './original';
import { drawBody, writeShadow } from './poison';
import { leaksOff, thread } from './thread';

export function describe(chunk: u32, kind: u32, align: Addr, left: u32): void {
  store<u32>(chunk, left, CHUNK_LEFT);
  store<u64>(chunk, captureStack(), CHUNK_ALLOC_STACK); // and 0 as the one that frees it
  // Behind CHUNK_NEXT, which is 0, come state, kinds and alignment in a byte each; behind them the size's high byte,
  // whether leaks of it are ignored, and the threads.
  store<u64>(chunk, (<u64>(CHUNK_LIVE | (kind << 8) | ((<u32>ctz(align)) << 24))) << 32, CHUNK_NEXT);
  store<u32>(
    chunk,
    <u32>load<u8>(chunk, CHUNK_SIZE_HIGH) | (leaksOff() ? 256 : 0) | ((thread() & 255) << 16),
    CHUNK_SIZE_HIGH,
  );
  count(HEADER_STAT_MALLOCS, 1);
  countLive(<u32>chunkSize(chunk));
  if (isHeapLogged()) logHeap(EVENT_ALLOCATE, chunkBegin(chunk), chunkSize(chunk));
}

/** So many bytes more are in use (fewer, as a two's complement). */
export function countLive(bytes: u32): void {
  const live = load<u32>(HEADER_STAT_LIVE_BYTES) + bytes;
  store<u32>(HEADER_STAT_LIVE_BYTES, live);
  if (live > load<u32>(HEADER_STAT_PEAK_BYTES)) store<u32>(HEADER_STAT_PEAK_BYTES, live);
}

/** By whom and how the chunk is freed, in its record and in the statistics. */
export function markFreed(chunk: u32, kind: u32): void {
  store<u8>(chunk, kind, CHUNK_FREE_KIND);
  store<u32>(chunk, captureStack(), CHUNK_FREE_STACK);
  store<u8>(chunk, thread(), CHUNK_FREE_THREAD);
  count(HEADER_STAT_FREES, 1);
  count(HEADER_STAT_LIVE_BYTES, -(<u32>chunkSize(chunk)));
  if (isHeapLogged()) logHeap(EVENT_FREE, chunkBegin(chunk), chunkSize(chunk));
}

/** The user region turns into freed memory, its last granule included. */
export function poisonFreed(begin: Addr, size: Addr): void {
  if (!flag(FLAG_POISON_HEAP)) return;
  const granules = bodySize(size) >> 3;
  if (load<u32>(HEADER_SCHEME) != SCHEME_KASAN) {
    drawBody(begin, bodySize(size), ASAN_HEAP_FREED, 0);
  } else if (size > <Addr>KASAN_MAX_CACHE_SIZE) {
    writeShadow(begin >> 3, granules, KASAN_PAGE_FREE);
  } else {
    writeShadow(begin >> 3, 1, KASAN_SLAB_FREE_META); // the free track exists
    writeShadow((begin >> 3) + 1, granules - 1, KASAN_SLAB_FREE);
  }
}
