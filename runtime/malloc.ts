// The C family: malloc and its relatives, as the program sees them. The linker replaces the originals by these.
import {
  ACCESS_FREE,
  ACCESS_READ,
  ALLOC_MALLOC,
  CHUNK_QUARANTINED,
  CHUNK_STATE,
  FLAG_ALLOCATOR_MAY_RETURN_NULL,
  FLAG_REALLOC_ZERO_FREES,
  HEADER_STAT_REALLOCS,
  KIND_BAD_ALIGNMENT,
  KIND_BAD_FREE,
  KIND_BAD_USABLE_SIZE,
  KIND_CALLOC_OVERFLOW,
  KIND_DOUBLE_FREE,
  KIND_REALLOCARRAY_OVERFLOW,
} from './abi';
import { Addr } from './addr';
import { chunkAround, chunkSize, findChunk } from './chunks';
import { count, flag } from './header';
import { allocate } from './heap';
import { failAsOriginal, rawRealloc } from './original';
import * as program from './program';
import { release, staleChunk } from './release';
import { heapFinding } from './report';
import { isForeign, isTailOnly, letGo } from './tail';
import { lock, unlock } from './thread';
import { isMapped, remapChunk } from './vma-heap';

const EINVAL: i32 = 28; // WASI's numbers, which musl and Emscripten share
const ENOMEM: i32 = 48;
const NOTHING: Addr = <Addr>-1; // no chunk is this large

export function asan_malloc(size: Addr): Addr {
  return allocate(size, 8, ALLOC_MALLOC);
}

export function asan_free(ptr: Addr): void {
  release(ptr, ALLOC_MALLOC);
}

export function asan_calloc(items: Addr, size: Addr): Addr {
  if (overflows(items, size, KIND_CALLOC_OVERFLOW)) return 0;
  const ptr = allocate(items * size, 8, ALLOC_MALLOC);
  if (ptr && !isMapped(ptr)) program.fill(ptr, 0, items * size); // fresh pages read zero
  return ptr;
}

export function asan_realloc(ptr: Addr, size: Addr): Addr {
  if (!ptr) return allocate(size, 8, ALLOC_MALLOC);
  if (!size && flag(FLAG_REALLOC_ZERO_FREES)) {
    release(ptr, ALLOC_MALLOC);
    return 0;
  }
  if (isTailOnly(ALLOC_MALLOC) && (letGo(ptr) || (!findChunk(ptr) && isForeign(ptr)))) return rawRealloc(ptr, size);
  return resize(ptr, size, 8, ALLOC_MALLOC);
}

export function asan_reallocarray(ptr: Addr, items: Addr, size: Addr): Addr {
  return overflows(items, size, KIND_REALLOCARRAY_OVERFLOW) ? 0 : asan_realloc(ptr, items * size);
}

export function asan_memalign(align: Addr, size: Addr): Addr {
  return badAlignment(align, 1, size) ? 0 : allocate(size, align, ALLOC_MALLOC);
}

export function asan_aligned_alloc(align: Addr, size: Addr): Addr {
  return asan_memalign(align, size);
}

export function asan_posix_memalign(out: Addr, align: Addr, size: Addr): i32 {
  if (badAlignment(align, sizeof<Addr>(), size)) return EINVAL;
  const ptr = allocate(size, align, ALLOC_MALLOC);
  if (!ptr) return ENOMEM;
  program.store_ptr(out, ptr);
  return 0;
}

/** What was asked for: the rest of the block is redzone. Of blocks that unknown functions handed out, what the original says. */
export function asan_malloc_usable_size(ptr: Addr): Addr {
  if (!ptr) return 0;
  lock();
  const size = usableSize(ptr);
  unlock();
  return size;
}

function usableSize(ptr: Addr): Addr {
  const chunk = findChunk(ptr);
  if (!chunk) {
    if (isTailOnly(ALLOC_MALLOC) && isForeign(ptr)) return program.usable_size(ptr);
    heapFinding(KIND_BAD_USABLE_SIZE, ACCESS_READ, ptr, 0, chunkAround(ptr), 0, 0);
    return 0;
  }
  if (load<u8>(chunk, CHUNK_STATE) == CHUNK_QUARANTINED) {
    staleChunk(chunk, ptr, ACCESS_READ, KIND_BAD_USABLE_SIZE);
    return 0;
  }
  return chunkSize(chunk);
}

/** Always moves, unless both sizes are large: a pointer kept across realloc then points into the quarantine. */
export function resize(ptr: Addr, size: Addr, align: Addr, kind: u32): Addr {
  lock();
  const oldSize = sizeToMove(ptr);
  unlock();
  if (oldSize == NOTHING) return 0;
  count(HEADER_STAT_REALLOCS, 1);
  const remapped = remapChunk(ptr, size, kind);
  if (remapped) return remapped;
  const moved = allocate(size, align, kind);
  if (!moved) return 0;
  program.copy(moved, ptr, size < oldSize ? size : oldSize);
  release(ptr, kind);
  return moved;
}

/** The size of the live chunk that begins here. Reports a pointer that has none, and answers NOTHING. */
function sizeToMove(ptr: Addr): Addr {
  const chunk = findChunk(ptr);
  if (!chunk) {
    heapFinding(KIND_BAD_FREE, ACCESS_FREE, ptr, 0, chunkAround(ptr), 0, 0);
    return NOTHING;
  }
  if (load<u8>(chunk, CHUNK_STATE) == CHUNK_QUARANTINED) {
    staleChunk(chunk, ptr, ACCESS_FREE, KIND_DOUBLE_FREE);
    return NOTHING;
  }
  return chunkSize(chunk);
}

/** items * size does not fit: reported, unless the allocator may return null, and failed. */
function overflows(items: Addr, size: Addr, kind: u32): bool {
  if (!size || items <= <Addr>-1 / size) return false;
  if (!flag(FLAG_ALLOCATOR_MAY_RETURN_NULL)) heapFinding(kind, 0, 0, 0, 0, items, size);
  failAsOriginal(8, ALLOC_MALLOC);
  return true;
}

/** Not a power of two, or not a multiple of `least`. */
function badAlignment(align: Addr, least: Addr, size: Addr): bool {
  if (align >= least && !(align & (align - 1)) && align) return false;
  if (!flag(FLAG_ALLOCATOR_MAY_RETURN_NULL)) heapFinding(KIND_BAD_ALIGNMENT, 0, 0, size, 0, align, 0);
  return true;
}
