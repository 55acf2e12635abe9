// AssemblyScript's original allocator, TLSF, by its blocks: all its blocks hang in one root, which its functions are given.
//
//   block                                                       ptr
//   | mmInfo u32: bytes of the payload, FREE 1, LEFTFREE 2 | payload, 16 n - 4 bytes | mmInfo of the next block
import { Addr } from './addr';
import { unpoison } from './poison';
import * as program from './program';
import { allow, suppress } from './thread';

/** mmInfo: a block begins so many bytes before its payload. */
export const BLOCK_HEADER: Addr = 4;
const GRANULE: Addr = 8;
const FREE: u32 = 1;
const TAGS: u32 = 3;

let root: Addr = 0;

/** Every call of the program's tells which root it is; there is only one. */
export function noteRoot(seen: Addr): void {
  root = seen;
}

/** A payload, or 0 before the program has allocated anything itself. */
export function takeBlock(size: Addr): Addr {
  return root ? program.as_allocate_block(root, size) + BLOCK_HEADER : 0;
}

export function giveBlock(ptr: Addr): void {
  markFree(ptr);
  program.as_insert_block(root, ptr - BLOCK_HEADER);
}

/** A block that the wrapper does not know goes back. */
export function insertBlock(block: Addr): void {
  suppress();
  program.as_insert_block(root, block);
  allow();
}

/** A free block leaves its list. */
export function removeBlock(block: Addr): void {
  suppress();
  program.as_remove_block(root, block);
  allow();
}

/** What a block has more than `size` bytes becomes a free one. */
export function prepareBlock(block: Addr, size: Addr): void {
  suppress();
  program.as_prepare_block(root, block, size);
  allow();
}

/** Bytes of the payload. */
export function payloadSize(ptr: Addr): Addr {
  return <Addr>(program.load32(ptr - BLOCK_HEADER) & ~TAGS);
}

/** The granules with the block's own header and the next block's: everybody may read those, and they may lie in what was freed. */
export function clearHeaders(ptr: Addr): void {
  unpoison(ptr - GRANULE, GRANULE);
  unpoison(ptr + (payloadSize(ptr) & ~(GRANULE - 1)), GRANULE);
}

/** What waits in the quarantine is in use for the original, or a neighbour would swallow it. */
export function markUsed(ptr: Addr): void {
  program.store32(ptr - BLOCK_HEADER, program.load32(ptr - BLOCK_HEADER) & ~FREE);
}

function markFree(ptr: Addr): void {
  program.store32(ptr - BLOCK_HEADER, program.load32(ptr - BLOCK_HEADER) | FREE);
}
