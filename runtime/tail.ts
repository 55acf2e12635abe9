// Heap blocks with a redzone behind them alone, for an allocator of which malloc and free are known but not every relative:
// a realloc or calloc that was inlined into somebody else's function, a memalign nobody named. Pointers stay the original's
// and the size word in front of a block stays what the original wrote, so such functions do what they did before.
//
//   begin-8       begin-4     begin                 begin+size
//   | block before | size word | user region | pad to 8 | right redzone |      the original knows one block up to here
//   04                          00 .. 00 or prefix        FC
//
// Whoever reads the size word may learn how large the block is for the original, and use all of it: from then on the block
// is OPEN and has no redzone. Pointers that are no chunk's belong to functions that are not known: the original gets them.
//
// Where blocks have no size word (mimalloc), nothing in front of them is anybody's business, and none is ever open.
import {
  ACCESS_RANGE,
  ACCESS_WRITE,
  ALLOC_MALLOC,
  CHUNK_ALLOC_KIND,
  CHUNK_LIVE,
  CHUNK_OPEN,
  CHUNK_QUARANTINED,
  CHUNK_STATE,
  DLMALLOC_IN_USE,
  DLMALLOC_IN_USE_BEFORE,
  FLAG_DLMALLOC_HEADS,
  FLAG_NO_SIZE_WORD,
  FLAG_POISON_HEAP,
  FLAG_TAIL_REDZONES,
  HEADER_PHASE,
  HEADER_STACK_HIGH,
  PHASE_EARLY,
  SIZE_WORD,
} from './abi';
import { Addr } from './addr';
import { chunkBegin, chunkSize, dropChunk, findChunk, setChunkSize } from './chunks';
import { flag } from './header';
import { shadowOf, skipClean } from './mapping';
import { bodySize } from './original';
import { memoryLast, poisonInside, unpoison, writeShadow } from './poison';
import * as program from './program';
import { redzoneCode, sideRedzone } from './redzone';
import { lock, unlock } from './thread';

const SMALLEST_BLOCK: Addr = 16; // MIN_CHUNK_SIZE
const WORD_COVERS: Addr = 8; // bytes that are counted in the size word and are not the program's
const LONGEST_WALK: Addr = 8192; // granules
const STRIDE: Addr = 64; // of them at a time, where nothing is poisoned

export function isTailOnly(kind: u32): bool {
  return kind == ALLOC_MALLOC && flag(FLAG_TAIL_REDZONES);
}

/** While nothing is judged yet, nobody would notice a look at the size word: such blocks are open from the start. */
export function layOutTail(chunk: u32, begin: Addr, size: Addr, end: Addr): void {
  if (load<u32>(HEADER_PHASE) == PHASE_EARLY) return store<u8>(chunk, CHUNK_OPEN, CHUNK_STATE);
  if (!flag(FLAG_POISON_HEAP)) return;
  unpoison(begin, size);
  const bodyEnd = begin + ((size + 7) & ~7);
  poisonInside(bodyEnd, end - bodyEnd, redzoneCode(size, false));
  const before = (begin >> 3) - 1;
  if (!flag(FLAG_NO_SIZE_WORD) && !shadowOf(before)) writeShadow(before, 1, SIZE_WORD);
}

/** All that the wrapper asked the original for becomes valid, as far as it is still there: what shrank lost its redzone to others. */
function bare(chunk: u32): void {
  if (!flag(FLAG_POISON_HEAP)) return;
  const begin = chunkBegin(chunk);
  const size = chunkSize(chunk);
  const whole = bodySize(size) + <Addr>sideRedzone(size);
  const most = roomOf(chunk);
  unpoison(begin, whole < most ? whole : most);
  if (sizeWordOf(begin - SIZE_WORD)) writeShadow((begin >> 3) - 1, 1, 0);
}

/** A block that leaves the quarantine: functions that are not known may hand its memory out. */
export function forgetTail(chunk: u32): void {
  if (isTailOnly(load<u8>(chunk, CHUNK_ALLOC_KIND))) bare(chunk);
}

/** The record of the chunk whose size word this byte is, if that is poisoned; else 0. */
export function sizeWordOf(addr: Addr): u32 {
  if (
    !flag(FLAG_TAIL_REDZONES) ||
    flag(FLAG_NO_SIZE_WORD) ||
    (<u32>addr & 7) < <u32>SIZE_WORD ||
    shadowOf(addr >> 3) != SIZE_WORD
  )
    return 0;
  return findChunk(((addr >> 3) + 1) << 3);
}

/**
 * Whether a bad access is the allocator's way to look at a size word: a load of it, or of the byte with its flags, which
 * tells no size. Opens the block. Of a freed block the word alone is opened: a neighbour's owner looks at it, too.
 */
export function opensHeader(bad: Addr, first: Addr, size: u32, access: u32): bool {
  if (access & (ACCESS_WRITE | ACCESS_RANGE) || (size != 4 && size != 1) || bad != first) return false;
  if ((<u32>first & 7) != SIZE_WORD) return false;
  lock();
  const chunk = sizeWordOf(first);
  if (chunk && size == 4) openChunk(chunk);
  unlock();
  return chunk != 0;
}

function openChunk(chunk: u32): void {
  if (load<u8>(chunk, CHUNK_STATE) == CHUNK_QUARANTINED) {
    writeShadow((chunkBegin(chunk) >> 3) - 1, 1, 0);
    return;
  }
  bare(chunk);
  store<u8>(chunk, CHUNK_OPEN, CHUNK_STATE);
}

/** An open block may have shrunk where it lies: what it lost belongs to others by now. */
export function trimOpen(chunk: u32): void {
  if (load<u8>(chunk, CHUNK_STATE) != CHUNK_OPEN) return;
  const most = roomOf(chunk);
  if (most < chunkSize(chunk)) setChunkSize(chunk, most);
}

/** Whole granules of the block, by the original's word; without one, what has been asked for is there. */
function roomOf(chunk: u32): Addr {
  if (flag(FLAG_NO_SIZE_WORD)) return <Addr>-1;
  const word = <Addr>(program.load32(chunkBegin(chunk) - SIZE_WORD) & ~7);
  return word > WORD_COVERS ? word - WORD_COVERS : 0;
}

/** Drops the record of an open block, which from now on is the original's alone. */
export function letGo(ptr: Addr): bool {
  lock();
  const chunk = findChunk(ptr);
  const open = chunk != 0 && load<u8>(chunk, CHUNK_STATE) == CHUNK_OPEN;
  if (open) dropChunk(chunk);
  unlock();
  return open;
}

/** What dlmalloc itself asks before it frees: the block and the one behind it both say that it is taken. */
function isInUse(ptr: Addr): bool {
  const last = memoryLast();
  if (ptr < WORD_COVERS || ptr > last) return false;
  const word = program.load32(ptr - SIZE_WORD);
  const size = <Addr>(word & ~7);
  if (!(word & DLMALLOC_IN_USE) || size < SMALLEST_BLOCK || size > last - ptr) return false;
  return (program.load32(ptr + size - SIZE_WORD) & DLMALLOC_IN_USE_BEFORE) != 0;
}

/** Whether the pointer may be a block that some unknown function handed out: not the stack's, not inside a known chunk. */
export function isForeign(ptr: Addr): bool {
  const misaligned = <u32>ptr & (flag(FLAG_NO_SIZE_WORD) ? 3 : 7); // mimalloc's smallest blocks hold four bytes
  if (misaligned || ptr < <Addr>load<u32>(HEADER_STACK_HIGH) || shadowOf(ptr >> 3) >= 0x80) return false;
  if (flag(FLAG_DLMALLOC_HEADS) && !isInUse(ptr)) return false;
  const chunk = chunkInFront(ptr);
  return !chunk || load<u8>(chunk, CHUNK_STATE) != CHUNK_LIVE || ptr - chunkBegin(chunk) >= chunkSize(chunk);
}

/** The chunk that begins where the valid bytes in front of this granule do, or 0. */
export function chunkInFront(ptr: Addr): u32 {
  let granule = (ptr >> 3) - 1;
  const least = granule > LONGEST_WALK ? granule - LONGEST_WALK : 0;
  while (granule > least + STRIDE && skipClean(granule - STRIDE, granule) > granule) granule -= STRIDE;
  while (granule > least && !shadowOf(granule)) granule--;
  return findChunk((granule + 1) << 3);
}
