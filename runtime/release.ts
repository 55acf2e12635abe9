// Freeing, for every family: what the pointer is decides between the quarantine and a report.
import {
  ACCESS_FREE,
  ACCESS_READ,
  ALLOC_RUST,
  ALLOC_WBINDGEN,
  ASAN_HEAP_FREED,
  ASAN_HEAP_LEFT_REDZONE,
  CHUNK_ALLOC_KIND,
  CHUNK_QUARANTINED,
  CHUNK_STATE,
  FLAG_ALLOC_DEALLOC_MISMATCH,
  FLAG_HOOKS,
  FLAG_NEW_DELETE_TYPE_MISMATCH,
  HEADER_SCHEME,
  KASAN_MAX_CACHE_SIZE,
  KASAN_SLAB_FREE_META,
  KASAN_SLAB_REDZONE,
  KIND_ALLOC_DEALLOC_MISMATCH,
  KIND_BAD_FREE,
  KIND_DOUBLE_FREE,
  KIND_HEAP_UAF,
  KIND_NEW_DELETE_SIZE_MISMATCH,
  KIND_PAGE_UAF,
  SCHEME_KASAN,
} from './abi';
import { Addr } from './addr';
import { innermostSite } from './call-stack';
import { ignoresFree } from './callbacks';
import { markFreed, poisonFreed } from './chunk-life';
import { chunkAround, chunkSize, findChunk, liveChunk } from './chunks';
import { flag } from './header';
import { shadowOf } from './mapping';
import { rawFree } from './original';
import { enqueue } from './quarantine';
import { accessesReported, finding, heapFinding } from './report';
import { isForeign, isTailOnly, trimOpen } from './tail';
import { lock, unlock } from './thread';
import { isMapped, unmapChunk } from './vma-heap';

/** Frees a chunk of `kind`. A pointer that is not a live chunk is reported and left alone. */
export function release(ptr: Addr, kind: u32): void {
  if (!ptr || (flag(FLAG_HOOKS) && ignoresFree(ptr))) return;
  lock();
  releaseAlone(ptr, kind);
  unlock();
}

function releaseAlone(ptr: Addr, kind: u32): void {
  const chunk = findChunk(ptr);
  if (!chunk) return unknownPointer(ptr, kind);
  if (load<u8>(chunk, CHUNK_STATE) == CHUNK_QUARANTINED) {
    return heapFinding(KIND_DOUBLE_FREE, ACCESS_FREE, ptr, 0, chunk, 0, 0);
  }
  if (
    load<u8>(chunk, CHUNK_ALLOC_KIND) != kind &&
    mismatch(load<u8>(chunk, CHUNK_ALLOC_KIND), kind) &&
    flag(FLAG_ALLOC_DEALLOC_MISMATCH)
  ) {
    heapFinding(KIND_ALLOC_DEALLOC_MISMATCH, ACCESS_FREE, ptr, 0, chunk, kind, 0);
  }
  markFreed(chunk, kind);
  if (isMapped(ptr)) return unmapChunk(chunk);
  trimOpen(chunk);
  poisonFreed(ptr, chunkSize(chunk));
  enqueue(chunk);
}

/** wasm-bindgen's buffers are Rust's: JavaScript allocates them, a Rust String or Vec frees them, and the other way. */
function mismatch(allocated: u32, freed: u32): bool {
  if (allocated == ALLOC_WBINDGEN) allocated = ALLOC_RUST;
  return allocated != (freed == ALLOC_WBINDGEN ? ALLOC_RUST : freed);
}

/**
 * As release, for the families that say how large they believe the chunk is: of one that another family allocated the
 * size says nothing (an array is larger than its element).
 */
export function releaseSized(ptr: Addr, size: Addr, kind: u32): void {
  lock();
  const chunk = ptr ? liveChunk(ptr) : 0;
  if (chunk && chunkSize(chunk) != size) {
    if (!mismatch(load<u8>(chunk, CHUNK_ALLOC_KIND), kind) && flag(FLAG_NEW_DELETE_TYPE_MISMATCH)) {
      heapFinding(KIND_NEW_DELETE_SIZE_MISMATCH, ACCESS_FREE, ptr, 0, chunk, size, 0);
    }
  }
  release(ptr, kind);
  unlock();
}

/**
 * No chunk begins here. Everything the program got from an allocator went through the wrapper, so the pointer is wrong;
 * except where not every function of the allocator is known (tail.ts).
 */
function unknownPointer(ptr: Addr, kind: u32): void {
  if (isTailOnly(kind) && isForeign(ptr)) return rawFree(ptr, 0, 0, kind);
  const doubly = wasOnceChunk(ptr);
  heapFinding(doubly ? KIND_DOUBLE_FREE : KIND_BAD_FREE, ACCESS_FREE, ptr, 0, chunkAround(ptr), 0, 0);
}

/** A chunk that left the quarantine has no record any more, but its shadow still shows freed bytes behind a redzone. */
function wasOnceChunk(ptr: Addr): bool {
  if (<u32>ptr & 7 || ptr < 8) return false;
  const code = shadowOf(ptr >> 3);
  const before = shadowOf((ptr >> 3) - 1);
  if (load<u32>(HEADER_SCHEME) != SCHEME_KASAN) return code == ASAN_HEAP_FREED && before == ASAN_HEAP_LEFT_REDZONE;
  return code == KASAN_SLAB_FREE_META && before == KASAN_SLAB_REDZONE;
}

/**
 * realloc, or a size query, of a chunk already freed. KASAN calls it a read of freed memory; ASan has names of its own,
 * of which the caller passes the one that fits.
 */
export function staleChunk(chunk: u32, ptr: Addr, access: u32, asanKind: u32): void {
  if (load<u32>(HEADER_SCHEME) != SCHEME_KASAN) return heapFinding(asanKind, access, ptr, 0, chunk, 0, 0);
  if (!accessesReported()) return;
  const code = shadowOf(ptr >> 3);
  const kind = chunkSize(chunk) > <Addr>KASAN_MAX_CACHE_SIZE ? KIND_PAGE_UAF : KIND_HEAP_UAF;
  finding(kind, ACCESS_READ, ptr, 1, ptr, innermostSite(), code, chunk, 0, 0);
}
