// Records for blocks of an allocator not known whole (tail.ts), which may hand out what this runtime believes to be in use: a
// block may have been freed behind the wrapper's back, and the host may have put the program's memory back to what it was.
import {
  CHUNK_ALLOC_KIND,
  CHUNK_QUARANTINED,
  CHUNK_RECORD,
  CHUNK_STATE,
  CHUNK_UNUSED,
  HEADER_CHUNK_COUNT,
  HEADER_CHUNKS,
} from './abi';
import { Addr } from './addr';
import { addChunk, chunkInPlace, dropChunk } from './chunks';
import { abandonQuarantine } from './quarantine';
import { forgetTail, isTailOnly } from './tail';

/**
 * A record for a block; 0 if there is no room. A block that waits in the quarantine cannot come from the original, unless the
 * host put memory back: PGlite does so, for want of fork(). Then nothing holds any more that is known of the heap.
 */
export function claimChunk(begin: Addr, size: Addr): u32 {
  const stale = chunkInPlace(begin);
  if (stale && load<u8>(stale, CHUNK_STATE) == CHUNK_QUARANTINED) forgetHeap();
  else if (stale) dropChunk(stale);
  return addChunk(begin, size);
}

/** Every block becomes one that some unknown function handed out. */
function forgetHeap(): void {
  abandonQuarantine();
  const records = load<u32>(HEADER_CHUNKS);
  const end = records + load<u32>(HEADER_CHUNK_COUNT) * CHUNK_RECORD;
  for (let chunk = records; chunk < end; chunk += CHUNK_RECORD) {
    if (load<u8>(chunk, CHUNK_STATE) == CHUNK_UNUSED || !isTailOnly(load<u8>(chunk, CHUNK_ALLOC_KIND))) continue;
    forgetTail(chunk);
    dropChunk(chunk);
  }
}
