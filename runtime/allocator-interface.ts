// <sanitizer/allocator_interface.h>: what the heap holds, and who wants to know of every allocation.
import {
  ACCESS_READ,
  CHUNK_QUARANTINED,
  CHUNK_STATE,
  HEADER_READY_BYTES,
  HEADER_STAT_LIVE_BYTES,
  KIND_BAD_ALLOCATED_SIZE,
} from './abi';
import { Addr } from './addr';
import { addHooks } from './callbacks';
import { chunkAt, chunkBegin, chunkSize, liveChunk } from './chunks';
import * as program from './program';
import { drainQuarantine } from './quarantine';
import { heapFinding } from './report';
import { lock, unlock } from './thread';

export function __sanitizer_get_estimated_allocated_size(size: Addr): Addr {
  return size;
}

export function __sanitizer_get_ownership(ptr: Addr): i32 {
  lock();
  const owned = liveChunk(ptr) != 0;
  unlock();
  return owned ? 1 : 0;
}

export function __sanitizer_get_allocated_begin(ptr: Addr): Addr {
  lock();
  const chunk = chunkAt(ptr);
  const begin = chunk && load<u8>(chunk, CHUNK_STATE) != CHUNK_QUARANTINED ? chunkBegin(chunk) : 0;
  unlock();
  return begin;
}

export function __sanitizer_get_allocated_size(ptr: Addr): Addr {
  if (!ptr) return 0;
  lock();
  if (!liveChunk(ptr)) heapFinding(KIND_BAD_ALLOCATED_SIZE, ACCESS_READ, ptr, 0, chunkAt(ptr), 0, 0);
  const size = __sanitizer_get_allocated_size_fast(ptr);
  unlock();
  return size;
}

export function __sanitizer_get_allocated_size_fast(ptr: Addr): Addr {
  lock();
  const chunk = liveChunk(ptr);
  const size = chunk ? chunkSize(chunk) : 0;
  unlock();
  return size;
}

export function __sanitizer_get_current_allocated_bytes(): Addr {
  return <Addr>load<u32>(HEADER_STAT_LIVE_BYTES);
}

/** The program's memory: what of it the allocator has taken, it alone knows. */
export function __sanitizer_get_heap_size(): Addr {
  return program.pages() << 16;
}

export function __sanitizer_get_free_bytes(): Addr {
  return <Addr>load<u32>(HEADER_READY_BYTES);
}

export function __sanitizer_get_unmapped_bytes(): Addr {
  return 0;
}

export function __sanitizer_purge_allocator(): void {
  lock();
  drainQuarantine();
  unlock();
}

export function __sanitizer_install_malloc_and_free_hooks(mallocHook: Addr, freeHook: Addr): i32 {
  return addHooks(mallocHook, freeHook);
}

/** There are no profiles of the heap: what it holds, __asan_print_accumulated_stats and print_stats tell. */
export function __sanitizer_print_memory_profile(_percent: Addr, _contexts: Addr): void {}
