// Chunks that have left the quarantine and wait for the next allocation of their size: it takes the block as it is, with
// its record and its place in the index, and neither the original's malloc nor its free has to run.
//
//   HEADER_READY   | newest record | newest record | ...    one list per family and size in granules, by CHUNK_NEXT
//                  | 5 | 5 | 6 | ...                        granules of the whole block u8, by those of what is asked for
//
// For the original they are in use, for the program they are still freed. What no allocation asks for goes back when the
// lists hold more than a sixteenth of what the quarantine may hold.
import {
  ALLOC_NEW_ARRAY,
  ALLOC_RUST,
  CHUNK_ALIGN_LOG2,
  CHUNK_ALLOC_KIND,
  CHUNK_LEFT,
  CHUNK_NEXT,
  GRANULE_SHIFT,
  HEADER_QUARANTINE_LIMIT,
  HEADER_READY,
  HEADER_READY_BYTES,
  READY_CLASSES,
} from './abi';
import { Addr } from './addr';
import { arenaAlloc } from './arena';
import { chunkSize, dropChunk } from './chunks';
import { count } from './header';
import { bodySize, giveBack, heldBytes } from './original';
import { sideRedzone } from './redzone';

const LISTS: u32 = READY_CLASSES * 2;
const NONE: u32 = 0xffffffff;
const LARGEST: Addr = <Addr>((READY_CLASSES - 1) << GRANULE_SHIFT);
/** The lists together hold this part of the quarantine's limit, as a shift. */
const SHARE: u32 = 4;
/** Only the alignment that every block has. */
const ALIGN_LOG2: u32 = 3;

/**
 * The list for chunks of so many bytes, or NONE. Redzones grow with the size, and by more than a granule at a time: the blocks
 * of one list are equally large and so are their redzones.
 */
function listOf(lists: u32, size: Addr, kind: u32): u32 {
  if (size > LARGEST) return NONE;
  const granules = <u32>load<u8>(lists + (<u32>(size + 7) >> GRANULE_SHIFT), LISTS << 2);
  if (granules >= <u32>READY_CLASSES) return NONE;
  return (kind <= <u32>ALLOC_NEW_ARRAY ? 0 : READY_CLASSES) + granules;
}

/** The same for a chunk that exists: only where its two redzones are alike. */
function listOfChunk(lists: u32, chunk: u32): u32 {
  const left = load<u32>(chunk, CHUNK_LEFT);
  const kind = load<u8>(chunk, CHUNK_ALLOC_KIND);
  if (!left || left & 15 || load<u8>(chunk, CHUNK_ALIGN_LOG2) != ALIGN_LOG2 || kind > <u32>ALLOC_RUST) return NONE;
  return listOf(lists, chunkSize(chunk), kind);
}

/** Keeps a chunk that has left the quarantine, where it held so many bytes; false if it has to go back. */
export function keepReady(chunk: u32, held: u32): bool {
  const limit = load<u32>(HEADER_QUARANTINE_LIMIT) >> SHARE;
  if (held > limit) return false;
  if (!load<u32>(HEADER_READY) && !openLists()) return false;
  const lists = load<u32>(HEADER_READY);
  const list = listOfChunk(lists, chunk);
  if (list == NONE) return false;
  if (load<u32>(HEADER_READY_BYTES) + held > limit) dropReady();
  const head = lists + (list << 2);
  store<u32>(chunk, load<u32>(head), CHUNK_NEXT);
  store<u32>(head, chunk);
  count(HEADER_READY_BYTES, held);
  return true;
}

function openLists(): bool {
  const lists = arenaAlloc((LISTS << 2) + READY_CLASSES);
  store<u32>(HEADER_READY, lists);
  if (!lists) return false;
  for (let granules: u32 = 0; granules < <u32>READY_CLASSES; granules++) {
    const size = <Addr>(granules << GRANULE_SHIFT);
    const whole = <u32>((bodySize(size) + ((<Addr>sideRedzone(size)) << 1)) >> GRANULE_SHIFT);
    store<u8>(lists + granules, whole < <u32>READY_CLASSES ? whole : READY_CLASSES, LISTS << 2);
  }
  return true;
}

/** A chunk to be handed out as one of `size` bytes, where every block has the alignment that is asked for; 0 if there is none. */
export function takeReady(size: Addr, kind: u32): u32 {
  const lists = load<u32>(HEADER_READY);
  if (!lists || kind > <u32>ALLOC_RUST) return 0;
  const list = listOf(lists, size, kind);
  if (list == NONE) return 0;
  const head = lists + (list << 2);
  const chunk = load<u32>(head);
  if (!chunk) return 0;
  store<u32>(head, load<u32>(chunk, CHUNK_NEXT));
  count(HEADER_READY_BYTES, -heldBytes(chunk));
  return chunk;
}

/** Gives all of them back to the original allocator. Answers whether there were any. */
export function dropReady(): bool {
  if (!load<u32>(HEADER_READY_BYTES)) return false;
  const lists = load<u32>(HEADER_READY);
  for (let list: u32 = 0; list < LISTS; list++) {
    const head = lists + (list << 2);
    while (load<u32>(head)) {
      const chunk = load<u32>(head);
      store<u32>(head, load<u32>(chunk, CHUNK_NEXT));
      giveBack(chunk);
      dropChunk(chunk);
    }
  }
  store<u32>(HEADER_READY_BYTES, 0);
  return true;
}
