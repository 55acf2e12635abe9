// Freed chunks that had pages of their own: their records, a list, stay until somebody else gets one of the pages.
import { CHUNK_NEXT, CHUNK_QUARANTINED, CHUNK_STATE, HEADER_MAPPED_FREED } from './abi';
import { Addr } from './addr';
import { poisonFreed } from './chunk-life';
import { chunkBegin, chunkSize, dropChunk } from './chunks';
import { bodySize } from './original';
import { poisonInside } from './poison';
import { redzoneCode } from './redzone';
import { pageOf } from './vma-window';

export function pagesOf(size: Addr): u32 {
  return <u32>((size + 4095) >> 12);
}

/** The pages are given back: the record joins the list. */
export function bury(chunk: u32): void {
  const begin = chunkBegin(chunk);
  const size = chunkSize(chunk);
  const bodyEnd = begin + bodySize(size);
  poisonFreed(begin, size);
  poisonInside(bodyEnd, ((<Addr>(pagesOf(size) + 1)) << 12) - (bodyEnd - begin), redzoneCode(size, false));
  store<u8>(chunk, CHUNK_QUARANTINED, CHUNK_STATE);
  store<u32>(chunk, load<u32>(HEADER_MAPPED_FREED), CHUNK_NEXT);
  store<u32>(HEADER_MAPPED_FREED, chunk);
}

/** Drops the records of freed chunks that had one of the pages [from, to): they are somebody else's now. */
export function forgetFreed(from: u32, to: u32): void {
  let link: u32 = HEADER_MAPPED_FREED;
  for (let chunk = load<u32>(link); chunk; chunk = load<u32>(link)) {
    const first = pageOf(chunkBegin(chunk));
    if (first < to && first + pagesOf(chunkSize(chunk)) > from) {
      store<u32>(link, load<u32>(chunk, CHUNK_NEXT));
      dropChunk(chunk);
    } else {
      link = chunk + CHUNK_NEXT;
    }
  }
}
