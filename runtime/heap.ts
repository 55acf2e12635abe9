// The allocator's wrapper: every family's allocation becomes one of the original allocator's, with redzones around it,
// a record in memory 1 and, when it is freed, a stay in the quarantine.
//
//   raw                     begin                 begin+size
//   | left redzone          | user region         | pad to 8 | right redzone | what the original rounded up |
//   FA (kasan FC/FE)        00 .. 00 or prefix               FC (kasan FC/FE)
import {
  ALLOC_ASSEMBLYSCRIPT,
  CHUNK_LEFT,
  FLAG_ALLOCATOR_MAY_RETURN_NULL,
  FLAG_POISON_HEAP,
  HEADER_MAX_ALLOCATION,
  HEADER_STAT_REDZONE_BYTES,
  KIND_ALLOCATION_TOO_BIG,
  KIND_OUT_OF_MEMORY,
} from './abi';
import { Addr } from './addr';
import { prepare } from './arena';
import { describe } from './chunk-life';
import { addChunk, chunkBegin, noteRecent, setChunkSize } from './chunks';
import { count, flag } from './header';
import { bodySize, failAsOriginal, rawAlloc, rawFree, rawSize } from './original';
import { drawChunk, unpoison } from './poison';
import { drainQuarantine } from './quarantine';
import { takeReady } from './ready';
import { redzoneCode, sideRedzone } from './redzone';
import { heapFinding } from './report';
import { claimChunk, isTailOnly, layOutTail } from './tail';
import { lock, unlock } from './thread';
import { mapChunk } from './vma-heap';

/** A chunk of `size` bytes at a multiple of `align` (a power of two), or 0 as the original answers. */
export function allocate(size: Addr, align: Addr, kind: u32): Addr {
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
    const raw = begin - <Addr>left;
    const total = bodySize(size) + <Addr>(left << 1);
    setChunkSize(chunk, size);
    noteRecent(chunk);
    describe(chunk, kind, 8, left);
    if (flag(FLAG_POISON_HEAP)) layOut(raw, begin, size, raw + total, kind);
    count(HEADER_STAT_REDZONE_BYTES, <u32>(total - size));
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
  const from = kind == ALLOC_ASSEMBLYSCRIPT ? begin : raw;
  drawChunk(from, begin, size, rawEnd, redzoneCode(size, true), redzoneCode(size, false));
}
