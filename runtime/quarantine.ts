// Freed chunks wait here, oldest first out, until their bytes exceed the limit; only then may an
// allocation of the same size (ready.ts) or the original allocator reuse the memory. So a use after free finds poison, not somebody else's object.
import {
  CHUNK_NEXT,
  CHUNK_QUARANTINED,
  CHUNK_STATE,
  EVENT_RELEASE,
  HEADER_QUARANTINE_BYTES,
  HEADER_QUARANTINE_HEAD,
  HEADER_QUARANTINE_LIMIT,
  HEADER_QUARANTINE_TAIL,
  HEADER_STAT_EVICTED,
} from './abi';
import { chunkBegin, chunkSize, dropChunk } from './chunks';
import { count } from './header';
import { logHeap } from './heap-log';
import { giveBack, heldBytes } from './original';
import { dropReady, keepReady } from './ready';
import { forgetTail } from './tail';

export function enqueue(chunk: u32): void {
  store<u8>(chunk, CHUNK_QUARANTINED, CHUNK_STATE);
  store<u32>(chunk, 0, CHUNK_NEXT);
  const tail = load<u32>(HEADER_QUARANTINE_TAIL);
  if (tail) store<u32>(tail, chunk, CHUNK_NEXT);
  else store<u32>(HEADER_QUARANTINE_HEAD, chunk);
  store<u32>(HEADER_QUARANTINE_TAIL, chunk);
  count(HEADER_QUARANTINE_BYTES, heldBytes(chunk));
  while (load<u32>(HEADER_QUARANTINE_BYTES) > load<u32>(HEADER_QUARANTINE_LIMIT)) evictOldest();
}

/** Gives everything back. Answers whether there was anything. */
export function drainQuarantine(): bool {
  const any = load<u32>(HEADER_QUARANTINE_HEAD) != 0;
  while (load<u32>(HEADER_QUARANTINE_HEAD)) evictOldest();
  return dropReady() || any;
}

/** What waits is not given back: the original has it already. The chunks keep their records. */
export function abandonQuarantine(): void {
  store<u32>(HEADER_QUARANTINE_HEAD, 0);
  store<u32>(HEADER_QUARANTINE_TAIL, 0);
  store<u32>(HEADER_QUARANTINE_BYTES, 0);
}

/**
 * The shadow stays poisoned: nobody owns the memory until the original allocator hands it out again; unless functions that
 * the wrapper does not know may hand it out (forgetTail, FLAG_SHARED_HEAP).
 */
function evictOldest(): void {
  const chunk = load<u32>(HEADER_QUARANTINE_HEAD);
  const next = load<u32>(chunk, CHUNK_NEXT);
  store<u32>(HEADER_QUARANTINE_HEAD, next);
  if (!next) store<u32>(HEADER_QUARANTINE_TAIL, 0);
  count(HEADER_QUARANTINE_BYTES, -heldBytes(chunk));
  logHeap(EVENT_RELEASE, chunkBegin(chunk), chunkSize(chunk));
  count(HEADER_STAT_EVICTED, 1);
  if (keepReady(chunk)) return;
  forgetTail(chunk);
  giveBack(chunk);
  dropChunk(chunk);
}
