// The allocator's wrapper: every family's allocation becomes one of the original allocator's, with redzones around it,
// a record in memory 1 and, when it is freed, a stay in the quarantine.
//
//        raw                begin                 begin+size
//   | word | left redzone     | user region         | pad to 8 | right redzone | what the original rounded up | word |
//   FA     FA (kasan FC/FE)   00 .. 00 or prefix               FC (kasan FC/FE)
//
// Where the word in front of a block is dlmalloc's size of it, all up to the next block's is poisoned, that word included:
// nobody but the allocator has a business there, and what jumps over a small redzone lands there.
import {
  ALLOC_ASSEMBLYSCRIPT,
  CHUNK_LEFT,
  DLMALLOC_IN_USE,
  FLAG_ALLOCATOR_MAY_RETURN_NULL,
  FLAG_HOOKS,
  FLAG_POISON_HEAP,
  HEADER_MAX_ALLOCATION,
  HEADER_STAT_REDZONE_BYTES,
  KIND_ALLOCATION_TOO_BIG,
  KIND_OUT_OF_MEMORY,
  SIZE_WORD,
} from './abi';
import { Addr } from './addr';
import { prepare } from './arena';
import { clearHeaders } from './as-original';
import { allocated } from './callbacks';
import { describe } from './chunk-life';
import { addChunk, chunkBegin, noteRecent, setChunkSize } from './chunks';
import { count, flag } from './header';
import { setShadow, shadowOf } from './mapping';
import { bodySize, failAsOriginal, rawAlloc, rawFree, rawSize } from './original';
import { drawBody, drawChunk, unpoison } from './poison';
import * as program from './program';
import { claimChunk } from './put-back';
import { drainQuarantine } from './quarantine';
import { takeReady } from './ready';
import { redzoneCode, sideRedzone } from './redzone';
import { heapFinding } from './report';
import { isTailOnly, layOutTail } from './tail';
import { lock, unlock } from './thread';
import { mapChunk } from './vma-heap';

/** What dlmalloc rounds up and leaves unsplit, with room to spare. */
const MOST_SLACK: Addr = 64;

/** A chunk of `size` bytes at a multiple of `align` (a power of two), or 0 as the original answers. */
export function allocate(size: Addr, align: Addr, kind: u32): Addr {
  const begin = take(size, align, kind);
  if (flag(FLAG_HOOKS) && begin) allocated(begin, size);
  return begin;
}

function take(size: Addr, align: Addr, kind: u32): Addr {
  prepare();
  const tail = isTailOnly(kind);
  if (align <= 8) {
    const again = tail ? 0 : handOut(size, kind);
    if (again) return again;
    align = 8;
  }
  const side = <Addr>sideRedzone(size);
  const left = tail ? 0 : leftRedzone(side, align, kind);
  const total = rawSize(size, side, left, align, kind);
  const most = <Addr>load<u32>(HEADER_MAX_ALLOCATION);
  if (total < size || (most && size > most)) return refuse(size, align, kind, KIND_ALLOCATION_TOO_BIG);
  const mapped = tail ? 0 : mapChunk(size, align, kind);
  if (mapped) return mapped;
  let raw = rawAlloc(total, align, kind);
  if (!raw && drained()) raw = rawAlloc(total, align, kind);
  if (!raw) return refuse(size, align, kind, KIND_OUT_OF_MEMORY);
  const begin = (raw + left + (align - 1)) & ~(align - 1);
  lock();
  const chunk = tail ? claimChunk(begin, size) : addChunk(begin, size);
  if (chunk) {
    describe(chunk, kind, align, <u32>(begin - raw));
    if (tail) layOutTail(chunk, begin, size, begin + total);
    else if (flag(FLAG_POISON_HEAP)) layOut(raw, begin, size, raw + total, kind);
    count(HEADER_STAT_REDZONE_BYTES, <u32>(total - size));
  }
  unlock();
  if (chunk) return begin;
  rawFree(raw, total, align, kind);
  return 0;
}

/** A block that has left the quarantine, as another chunk; 0 if none has this size. */
function handOut(size: Addr, kind: u32): Addr {
  lock();
  const chunk = takeReady(size, kind);
  const begin = chunk ? chunkBegin(chunk) : 0;
  if (chunk) {
    const left = load<u32>(chunk, CHUNK_LEFT);
    const body = bodySize(size);
    setChunkSize(chunk, size);
    noteRecent(begin, chunk);
    describe(chunk, kind, 8, left);
    // Around a chunk that has been freed all is as it was. An empty one is redzone throughout.
    if (flag(FLAG_POISON_HEAP)) drawBody(begin, body, size ? 0 : redzoneCode(0, false), <u32>size & 7);
    count(HEADER_STAT_REDZONE_BYTES, <u32>(body - size) + (left << 1));
  }
  unlock();
  return begin;
}

function drained(): bool {
  lock();
  const any = drainQuarantine();
  unlock();
  return any;
}

/** Records a chunk that carries no redzones, because there was no memory left for them. */
export function adopt(begin: Addr, size: Addr, kind: u32): void {
  lock();
  const chunk = addChunk(begin, size);
  if (chunk) {
    describe(chunk, kind, 8, 0);
    unpoison(begin, size);
  }
  unlock();
}

/** AssemblyScript keeps its block header right before the payload and reads it: nothing may be put between. */
function leftRedzone(side: Addr, align: Addr, kind: u32): Addr {
  if (kind == ALLOC_ASSEMBLYSCRIPT) return 0;
  return (side + (align - 1)) & ~(align - 1);
}

/** No memory: report if asked to. A size that we refuse fails in the original's own way (errno, an abort) all the same. */
function refuse(size: Addr, align: Addr, kind: u32, why: u32): Addr {
  if (!flag(FLAG_ALLOCATOR_MAY_RETURN_NULL)) heapFinding(why, 0, 0, size, 0, 0, 0);
  if (why == KIND_ALLOCATION_TOO_BIG) failAsOriginal(align, kind);
  return 0;
}

// ------------------------------------------------------------------------------------------------ shadow of a chunk

function layOut(raw: Addr, begin: Addr, size: Addr, rawEnd: Addr, kind: u32): void {
  const left = redzoneCode(size, true);
  if (kind == ALLOC_ASSEMBLYSCRIPT) {
    drawChunk(begin, begin, size, rawEnd, left, redzoneCode(size, false));
    return clearHeaders(begin);
  }
  const end = endByWord(raw, rawEnd);
  drawChunk(raw, begin, size, end, left, redzoneCode(size, false));
  if (end != rawEnd) drawWord((raw >> 3) - 1, left);
}

/** Where the next block begins, by the size in front of this one; `rawEnd` if that word is no size. */
function endByWord(raw: Addr, rawEnd: Addr): Addr {
  if (sizeof<Addr>() != 4 || raw < 16) return rawEnd;
  const word = <Addr>program.load32(raw - SIZE_WORD);
  const end = raw + (word & ~7);
  return word & DLMALLOC_IN_USE && end >= rawEnd + SIZE_WORD && end - rawEnd <= MOST_SLACK ? end : rawEnd;
}

/** The granule that ends with the size word. Its first half may be the last bytes of a block that is not recorded. */
function drawWord(granule: Addr, code: u32): void {
  if (!shadowOf(granule)) setShadow(granule, shadowOf(granule - 1) < 0x80 ? SIZE_WORD : code);
}
