// TinyGo's runtime.alloc, from which everything on its heap comes: objects, goroutine stacks, C's malloc. A collector scans
// the heap for pointers, also into the middle of objects, and sweeps what it does not find; or nothing is ever freed.
//
//   begin                 begin+size
//   | user region | pad to 8 | right redzone | the collector's own word, in some versions |
//
// A redzone belongs to the object in front of it: for the collector the object is merely larger. Records of swept objects
// stay until somebody gets their memory. What leads to no object of ours is no business of this file.
import { ALLOC_TINYGO, CHUNK_ALLOC_KIND, FLAG_POISON_HEAP, HEADER_STAT_REDZONE_BYTES } from './abi';
import { Addr } from './addr';
import { prepare } from './arena';
import { countLive, describe } from './chunk-life';
import { addChunk, chunkBegin, chunkInPlace, chunkSize, dropChunk } from './chunks';
import { count, flag } from './header';
import { bodySize } from './original';
import { poisonInside, unpoison } from './poison';
import * as program from './program';
import { redzoneCode, sideRedzone } from './redzone';
import { chunkInFront } from './tail';
import { allow, lock, suppress, unlock } from './thread';

const GRANULE: Addr = 8;
/** Chunks have a place in the index by sixteens. */
const PLACE: Addr = 16;

/** (size, layout): where pointers lie in the object. */
export function asan_tinygo_alloc(size: Addr, layout: Addr): Addr {
  prepare();
  const total = withRedzone(size);
  suppress();
  const begin = program.tinygo_alloc(total, layout);
  allow();
  return note(begin, size, total);
}

/** (size), in early versions and where nothing is ever freed. */
export function asan_tinygo_alloc_by_size(size: Addr): Addr {
  prepare();
  const total = withRedzone(size);
  suppress();
  const begin = program.tinygo_alloc_by_size(total);
  allow();
  return note(begin, size, total);
}

/** An object without bytes is one and the same static address. What is too large fails in the original's own way. */
function withRedzone(size: Addr): Addr {
  const total = bodySize(size) + <Addr>sideRedzone(size);
  return size && total > size ? total : size;
}

function note(begin: Addr, size: Addr, total: Addr): Addr {
  if (total == size || !begin || begin & (GRANULE - 1)) return begin;
  lock();
  forgetSwept(begin, total);
  const chunk = addChunk(begin, size);
  if (chunk) {
    describe(chunk, ALLOC_TINYGO, GRANULE, 0);
    if (flag(FLAG_POISON_HEAP)) layOut(begin, size, total);
    count(HEADER_STAT_REDZONE_BYTES, <u32>(total - size));
  } else if (flag(FLAG_POISON_HEAP)) {
    unpoison(begin, bodySize(total));
  }
  unlock();
  return begin;
}

function layOut(begin: Addr, size: Addr, total: Addr): void {
  const body = bodySize(size);
  unpoison(begin, size);
  poisonInside(begin + body, total - body, redzoneCode(size, false));
}

/** Objects that lay here were swept, or their memory would not have been handed out. */
function forgetSwept(begin: Addr, total: Addr): void {
  const before = chunkInFront(begin);
  if (before && begin - chunkBegin(before) < chunkSize(before)) forget(before);
  for (let at = begin & ~(PLACE - 1); at < begin + total; at += PLACE) {
    const stale = chunkInPlace(at);
    if (stale) forget(stale);
  }
}

function forget(chunk: u32): void {
  if (load<u8>(chunk, CHUNK_ALLOC_KIND) != ALLOC_TINYGO) return;
  countLive(<u32>-(<i32>chunkSize(chunk)));
  dropChunk(chunk);
}
