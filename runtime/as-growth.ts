// AssemblyScript's collector enlarges an object without asking the allocator when the *block* has room for it, and the
// right redzone makes every block look roomy. So before an access behind such an object is reported, the object's own
// header is asked whether it has grown there.
//
//   block                                                          object
//   | mmInfo u32: bytes of what follows, flags in the low 2 bits | gcInfo | gcInfo2 | rtId | rtSize u32 | payload ...
//                                                                ^ the chunk begins here
import { ALLOC_ASSEMBLYSCRIPT, CHUNK_ALLOC_KIND, CHUNK_LIVE, CHUNK_STATE, HEADER_STAT_LIVE_BYTES } from './abi';
import { Addr } from './addr';
import { payloadSize } from './as-original';
import { chunkSize, findChunk, setChunkSize } from './chunks';
import { count } from './header';
import { unpoisonRegion } from './poison';
import * as program from './program';

const RT_SIZE: Addr = 12; // into it
const OBJECT_HEADER: Addr = 16;

/** Whether this program has such objects at all: the look-up below is not for every program's reports. */
let used = false;

export function expectGrowth(): void {
  used = true;
}

/** If the bad byte belongs to an object that has grown over it, makes the whole object valid. */
export function followGrowth(bad: Addr): bool {
  if (!used) return false;
  let begin = bad & ~15;
  while (begin && !findChunk(begin)) begin -= 16;
  const chunk = findChunk(begin);
  if (!chunk || load<u8>(chunk, CHUNK_ALLOC_KIND) != ALLOC_ASSEMBLYSCRIPT) return false;
  if (load<u8>(chunk, CHUNK_STATE) != CHUNK_LIVE) return false;
  const block = payloadSize(begin);
  const wanted = OBJECT_HEADER + <Addr>program.load32(begin + RT_SIZE);
  const room = block & ~7; // the next block's mmInfo shares the granule after this
  const size = wanted < room ? wanted : room;
  const old = chunkSize(chunk);
  if (wanted > block || size <= old || bad - begin >= size) return false;
  setChunkSize(chunk, size);
  count(HEADER_STAT_LIVE_BYTES, <u32>(size - old));
  unpoisonRegion(begin, size);
  return true;
}
