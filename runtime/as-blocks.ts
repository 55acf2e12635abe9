// AssemblyScript's TLSF as the program sees it. Its __alloc, __realloc and __free are inlined into the collector, at some
// levels and in part; what stays whole at every level are the functions below them, which deal in blocks.
//
// A block has its header in front, which the collector reads: redzones go behind alone.
import {
  ACCESS_FREE,
  ALLOC_ASSEMBLYSCRIPT,
  CHUNK_QUARANTINED,
  CHUNK_STATE,
  FLAG_POISON_HEAP,
  KIND_DOUBLE_FREE,
} from './abi';
import { Addr } from './addr';
import { expectGrowth } from './as-growth';
import {
  BLOCK_HEADER,
  clearHeaders,
  insertBlock,
  markUsed,
  noteRoot,
  payloadSize,
  prepareBlock,
  removeBlock,
} from './as-original';
import { countLive } from './chunk-life';
import { chunkSize, findChunk, setChunkSize } from './chunks';
import { flag } from './header';
import { allocate } from './heap';
import { drawChunk } from './poison';
import * as program from './program';
import { redzoneCode, sideRedzone } from './redzone';
import { release, staleChunk } from './release';
import { lock, unlock } from './thread';

const ALIGN: Addr = 16;

/** (root, size of the payload) -> block. */
export function asan_as_allocate_block(root: Addr, size: Addr): Addr {
  noteRoot(root);
  expectGrowth();
  const ptr = allocate(size, ALIGN, ALLOC_ASSEMBLYSCRIPT);
  return ptr ? ptr - BLOCK_HEADER : 0;
}

/** A block goes back to the free ones, already marked as such. One without a record has never been handed to the program. */
export function asan_as_insert_block(root: Addr, block: Addr): void {
  noteRoot(root);
  const ptr = block + BLOCK_HEADER;
  if (!findChunk(ptr)) return insertBlock(block);
  markUsed(ptr);
  release(ptr, ALLOC_ASSEMBLYSCRIPT);
}

/** realloc takes a free neighbour out of its list, which is a look into freed memory. */
export function asan_as_remove_block(root: Addr, block: Addr): void {
  noteRoot(root);
  removeBlock(block);
}

/**
 * A block in use is resized where it lies; its header tells how much there is (realloc has merged it with a free neighbour).
 * The program gets `size` bytes of it and a redzone, or all of it where that does not leave enough for one.
 */
export function asan_as_prepare_block(root: Addr, block: Addr, size: Addr): void {
  noteRoot(root);
  const ptr = block + BLOCK_HEADER;
  const chunk = findChunk(ptr);
  if (!chunk) return prepareBlock(block, size);
  if (isStale(chunk, ptr)) return;
  const room = payloadSize(ptr);
  const roomy = roundUp(size + <Addr>sideRedzone(size));
  prepareBlock(block, roomy < room ? roomy : room);
  lock();
  laidOut(chunk, ptr, size);
  unlock();
}

/** (root, block, size) -> block: the payload moves. A static object lies below the heap and stays where it is. */
export function asan_as_move_block(root: Addr, block: Addr, size: Addr): Addr {
  noteRoot(root);
  const ptr = block + BLOCK_HEADER;
  const chunk = findChunk(ptr);
  if (chunk && isStale(chunk, ptr)) return block;
  const moved = asan_as_allocate_block(root, size);
  if (!moved) return 0;
  const old = payloadSize(ptr);
  program.copy(moved + BLOCK_HEADER, ptr, size < old ? size : old);
  release(chunk ? ptr : 0, ALLOC_ASSEMBLYSCRIPT);
  return moved;
}

/** Resizing what has been freed. */
function isStale(chunk: u32, ptr: Addr): bool {
  if (load<u8>(chunk, CHUNK_STATE) != CHUNK_QUARANTINED) return false;
  staleChunk(chunk, ptr, ACCESS_FREE, KIND_DOUBLE_FREE);
  return true;
}

/** As TLSF rounds: the next header ends a multiple of 16. */
function roundUp(size: Addr): Addr {
  return ((size + BLOCK_HEADER + (ALIGN - 1)) & ~(ALIGN - 1)) - BLOCK_HEADER;
}

/** The last granule of a block holds the header of the next, and stays valid. */
function laidOut(chunk: u32, ptr: Addr, size: Addr): void {
  const end = payloadSize(ptr) & ~7;
  const most = size < end ? size : end;
  countLive(<u32>(most - chunkSize(chunk)));
  setChunkSize(chunk, most);
  if (!flag(FLAG_POISON_HEAP)) return;
  drawChunk(ptr, ptr, most, ptr + end, redzoneCode(most, true), redzoneCode(most, false));
  clearHeaders(ptr);
}
