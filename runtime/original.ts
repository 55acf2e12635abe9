// Calls into the program's own allocators. While one runs the depth is raised, so that nothing it does is judged.
import {
  ALLOC_ASSEMBLYSCRIPT,
  ALLOC_MALLOC,
  ALLOC_RUST,
  ALLOC_WBINDGEN,
  CHUNK_ALIGN_LOG2,
  CHUNK_ALLOC_KIND,
  CHUNK_LEFT,
  FLAG_SHARED_HEAP,
  FLAG_TAIL_REDZONES,
} from './abi';
import { Addr } from './addr';
import { giveBlock, takeBlock } from './as-original';
import { chunkBegin, chunkSize } from './chunks';
import { flag } from './header';
import { unpoison } from './poison';
import * as program from './program';
import { sideRedzone } from './redzone';
import { allow, suppress } from './thread';

/** By how much the redzone of an aligned block is shorter where it lies behind alone. */
const CUT: Addr = 8;

/** Bytes the user region takes up. Of an empty chunk one granule, so that its freeing can be seen. */
export function bodySize(size: Addr): Addr {
  return size ? (size + 7) & ~7 : 8;
}

export function rawSize(size: Addr, side: Addr, left: Addr, align: Addr, kind: u32): Addr {
  const body = bodySize(size);
  const total = left + body + side + roomToAlign(align, kind);
  return body < size || total < body ? 0 : total;
}

/**
 * Families that do not take an alignment get room to shift the user region up to it. Blocks with a redzone behind them alone
 * are aligned by their own allocator, which may leave up to 16 bytes behind what it cuts: Rust's, which is told a block's size
 * again when it is released, would count those and a whole redzone as too many.
 */
function roomToAlign(align: Addr, kind: u32): Addr {
  if (align <= 8 || kind == ALLOC_RUST || kind == ALLOC_WBINDGEN || kind == ALLOC_ASSEMBLYSCRIPT) return 0;
  return kind == ALLOC_MALLOC && flag(FLAG_TAIL_REDZONES) ? -CUT : align;
}

export function rawAlloc(total: Addr, align: Addr, kind: u32): Addr {
  suppress();
  let raw: Addr;
  if (kind == ALLOC_RUST) raw = program.rust_alloc(total, align);
  else if (kind == ALLOC_WBINDGEN) raw = program.wbindgen_malloc(total, align);
  else if (kind == ALLOC_ASSEMBLYSCRIPT) raw = takeBlock(total);
  else raw = flag(FLAG_TAIL_REDZONES) ? takeBehind(total, align) : program.malloc(total);
  allow();
  return raw;
}

/** Malloc, C's memalign or what older Rust has in its place: the original must align blocks that keep their addresses. */
function takeBehind(total: Addr, align: Addr): Addr {
  const raw = align > 8 ? program.rust_alloc_behind(total, align) : program.malloc(total);
  return raw ? raw : program.memalign(align, total);
}

export function rawFree(raw: Addr, total: Addr, align: Addr, kind: u32): void {
  suppress();
  if (kind == ALLOC_RUST) program.rust_dealloc(raw, total, align);
  else if (kind == ALLOC_WBINDGEN) program.wbindgen_free(raw, total, align);
  else if (kind == ALLOC_ASSEMBLYSCRIPT) giveBlock(raw);
  else program.free(raw);
  allow();
}

/** Blocks that the wrapper does not know, or whose size only the original knows. */
export function rawRealloc(raw: Addr, size: Addr): Addr {
  suppress();
  const moved = program.realloc(raw, size);
  allow();
  return moved;
}

/** Gives a chunk's memory back to the allocator it came from, with the size and alignment it was asked for. */
export function giveBack(chunk: u32): void {
  const size = chunkSize(chunk);
  const kind = <u32>load<u8>(chunk, CHUNK_ALLOC_KIND);
  const align = (<Addr>1) << (<Addr>load<u8>(chunk, CHUNK_ALIGN_LOG2));
  const left = <Addr>load<u32>(chunk, CHUNK_LEFT);
  const raw = chunkBegin(chunk) - left;
  const total = rawSize(size, sideRedzone(size), left, align, kind);
  if (flag(FLAG_SHARED_HEAP)) unpoison(raw, total);
  rawFree(raw, total, align, kind);
}

/** Asks the original allocator for more than any memory holds. */
export function failAsOriginal(align: Addr, kind: u32): void {
  const impossible: Addr = ~63;
  const raw = rawAlloc(impossible, align, kind);
  if (raw) rawFree(raw, impossible, align, kind);
}

/** Bytes a chunk keeps away from the original allocator. */
export function heldBytes(chunk: u32): u32 {
  const size = <u32>chunkSize(chunk);
  const left = load<u32>(chunk, CHUNK_LEFT);
  return size + left + (left ? left : sideRedzone(size)); // the two sides are alike, but for a large alignment
}
