// Freed chunks wait here, oldest first out, until their bytes exceed the limit; only then may an allocation of the same size
// (ready.ts) or the original allocator reuse the memory. So a use after free finds poison, not somebody else's object.
//
// Chunk number n waits in lane n % QUARANTINE_LANES, a list by CHUNK_NEXT. What is about to leave has long left the CPU's
// caches, and one list would say where the next chunk is only after the last one has been fetched; the lanes' heads can be
// fetched side by side.
//
//   QUARANTINE_HEADS | chunk 32 | chunk 17 | chunk 18 | ...     HEADER_QUARANTINE_GONE = 17
//   QUARANTINE_TAILS | chunk 96 | chunk 97 | chunk 82 | ...     HEADER_QUARANTINE_COME = 98
import {
  CHUNK_NEXT,
  CHUNK_QUARANTINED,
  CHUNK_STATE,
  EVENT_RELEASE,
  HEADER_QUARANTINE_BYTES,
  HEADER_QUARANTINE_COME,
  HEADER_QUARANTINE_GONE,
  HEADER_QUARANTINE_LIMIT,
  HEADER_STAT_EVICTED,
  QUARANTINE_HEADS,
  QUARANTINE_LANES,
  QUARANTINE_TAILS,
} from './abi';
import { chunkBegin, chunkSize, dropChunk } from './chunks';
import { count } from './header';
import { isHeapLogged, logHeap } from './heap-log';
import { shadowOf } from './mapping';
import { giveBack, heldBytes } from './original';
import * as program from './program';
import { dropReady, keepReady } from './ready';
import { forgetTail } from './tail';

export function enqueue(chunk: u32): void {
  store<u8>(chunk, CHUNK_QUARANTINED, CHUNK_STATE);
  store<u32>(chunk, 0, CHUNK_NEXT);
  const lane = laneOf(HEADER_QUARANTINE_COME);
  if (load<u32>(lane, QUARANTINE_HEADS)) store<u32>(load<u32>(lane, QUARANTINE_TAILS), chunk, CHUNK_NEXT);
  else store<u32>(lane, chunk, QUARANTINE_HEADS);
  store<u32>(lane, chunk, QUARANTINE_TAILS);
  count(HEADER_QUARANTINE_COME, 1);
  count(HEADER_QUARANTINE_BYTES, heldBytes(chunk));
  while (load<u32>(HEADER_QUARANTINE_BYTES) > load<u32>(HEADER_QUARANTINE_LIMIT)) evictOldest();
}

/** Gives everything back. Answers whether there was anything. */
export function drainQuarantine(): bool {
  const any = isWaiting();
  while (isWaiting()) evictOldest();
  return dropReady() || any;
}

/** What waits is not given back: the original has it already. The chunks keep their records. */
export function abandonQuarantine(): void {
  for (let lane: u32 = 0; lane < <u32>(QUARANTINE_LANES << 2); lane += 4) store<u32>(lane, 0, QUARANTINE_HEADS);
  store<u32>(HEADER_QUARANTINE_GONE, load<u32>(HEADER_QUARANTINE_COME));
  store<u32>(HEADER_QUARANTINE_BYTES, 0);
}

function isWaiting(): bool {
  return load<u32>(HEADER_QUARANTINE_COME) != load<u32>(HEADER_QUARANTINE_GONE);
}

/** How far from the first lane the one is that this counter has come to, in bytes. */
function laneOf(counter: u32): u32 {
  return (load<u32>(counter) & (QUARANTINE_LANES - 1)) << 2;
}

/**
 * The shadow stays poisoned: nobody owns the memory until the original allocator hands it out again; unless functions that
 * the wrapper does not know may hand it out (forgetTail, FLAG_SHARED_HEAP).
 */
function evictOldest(): void {
  const lane = laneOf(HEADER_QUARANTINE_GONE);
  if (!lane) fetchHeads();
  const chunk = load<u32>(lane, QUARANTINE_HEADS);
  store<u32>(lane, load<u32>(chunk, CHUNK_NEXT), QUARANTINE_HEADS);
  count(HEADER_QUARANTINE_GONE, 1);
  const held = heldBytes(chunk);
  count(HEADER_QUARANTINE_BYTES, -held);
  if (isHeapLogged()) logHeap(EVENT_RELEASE, chunkBegin(chunk), chunkSize(chunk));
  count(HEADER_STAT_EVICTED, 1);
  if (keepReady(chunk, held)) return;
  forgetTail(chunk);
  giveBack(chunk);
  dropChunk(chunk);
}

/**
 * Looks at what will be needed of the chunks that leave next: record, shadow and block, for whoever gets it. Nothing waits for
 * the answers, so they come all at once; wanted one after the other, each would be waited for. Of the chunks behind them, the
 * records are fetched by storing what they say anyway: a store is not waited for even by the processor.
 */
function fetchHeads(): void {
  for (let lane: u32 = 0; lane < <u32>(QUARANTINE_LANES << 2); lane += 4) {
    const chunk = load<u32>(lane, QUARANTINE_HEADS);
    if (!chunk) return;
    const begin = chunkBegin(chunk);
    shadowOf(begin >> 3);
    program.load8(begin);
    const next = load<u32>(chunk, CHUNK_NEXT);
    if (next) store<u8>(next, CHUNK_QUARANTINED, CHUNK_STATE);
  }
}
