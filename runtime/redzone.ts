// How much poison surrounds a heap chunk. KASAN and ASan share the ladder: the larger the object, the further a stray
// index usually goes. Its value is the gap between two neighbours, so each chunk brings half of it on either side.
import {
  ASAN_HEAP_LEFT_REDZONE,
  ASAN_HEAP_RIGHT_REDZONE,
  HEADER_MAX_REDZONE,
  HEADER_REDZONE,
  HEADER_SCHEME,
  KASAN_MAX_CACHE_SIZE,
  KASAN_PAGE_REDZONE,
  KASAN_SLAB_REDZONE,
  SCHEME_KASAN,
} from './abi';
import { Addr } from './addr';

const SMALLEST_SIDE: u32 = 16; // keeps the 16-byte alignment C promises, and catches an int64 one element off

function ladder(size: Addr): u32 {
  if (size <= 448) return size <= 48 ? 16 : size <= 96 ? 32 : 64;
  if (size <= 16128) return size <= 3968 ? 128 : 256;
  return size <= 32256 ? 512 : size <= 64512 ? 1024 : 2048;
}

/** Bytes of poison on each side of a chunk of `size` bytes; a multiple of 16. */
export function sideRedzone(size: Addr): u32 {
  let gap = ladder(size);
  const least = load<u32>(HEADER_REDZONE);
  const most = load<u32>(HEADER_MAX_REDZONE);
  if (gap > most) gap = most;
  if (gap < least) gap = least;
  const side = (gap >> 1) & ~15;
  return side > SMALLEST_SIDE ? side : SMALLEST_SIDE;
}

/** The shadow code of a chunk's redzone. */
export function redzoneCode(size: Addr, isLeft: bool): u32 {
  if (load<u32>(HEADER_SCHEME) != SCHEME_KASAN) return isLeft ? ASAN_HEAP_LEFT_REDZONE : ASAN_HEAP_RIGHT_REDZONE;
  return size > <Addr>KASAN_MAX_CACHE_SIZE ? KASAN_PAGE_REDZONE : KASAN_SLAB_REDZONE;
}
