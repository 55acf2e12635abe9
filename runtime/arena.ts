// The runtime's own memory behind the shadow, and the header defaults that must hold before its first use.
// The arena only grows: its users (chunk records, index, depot, log) live as long as the program.
import {
  ABI_VERSION,
  FLAG_ALLOC_DEALLOC_MISMATCH,
  FLAG_ALLOCATOR_MAY_RETURN_NULL,
  FLAG_NEW_DELETE_TYPE_MISMATCH,
  FLAG_POISON_HEAP,
  FLAG_REPLACE_INTRIN,
  HEADER_ABI,
  HEADER_ARENA_BASE,
  HEADER_ARENA_LIMIT,
  HEADER_ARENA_TOP,
  HEADER_CONTEXT_SIZE,
  HEADER_FLAGS,
  HEADER_MAGIC,
  HEADER_MAX_REDZONE,
  HEADER_PROGRAM_POINTER,
  HEADER_QUARANTINE_LIMIT,
  HEADER_REDZONE,
  MAGIC,
} from './abi';
import { Addr } from './addr';
import { openShadow, placeShadow } from './mapping';

const PAGE: u32 = 65536;
const GROWTH: u32 = 16; // pages; fewer would make memory.grow a frequent visitor
const DEFAULT_QUARANTINE: u32 = 16 << 20;
const DEFAULT_CONTEXT: u32 = 30;

function setDefault(field: u32, value: u32): void {
  if (!load<u32>(field)) store<u32>(field, value);
}

/**
 * Gives every header field that is still 0 its default. The linker and the host preset fields through data segments;
 * where 0 means something (flags, no stacks), only when nobody left the magic number. A quarantine of 0 bytes means
 * the default, of 1 byte none. ARENA_TOP is never preset: it tells whether this function has run.
 */
export function prepare(): void {
  if (load<u32>(HEADER_ARENA_TOP)) return;
  placeShadow();
  if (load<u32>(HEADER_MAGIC) != MAGIC) {
    store<u32>(HEADER_MAGIC, MAGIC);
    store<u32>(
      HEADER_FLAGS,
      FLAG_ALLOCATOR_MAY_RETURN_NULL |
        FLAG_ALLOC_DEALLOC_MISMATCH |
        FLAG_POISON_HEAP |
        FLAG_REPLACE_INTRIN |
        FLAG_NEW_DELETE_TYPE_MISMATCH,
    );
    store<u32>(HEADER_CONTEXT_SIZE, DEFAULT_CONTEXT);
  }
  setDefault(HEADER_ABI, ABI_VERSION);
  setDefault(HEADER_QUARANTINE_LIMIT, DEFAULT_QUARANTINE);
  setDefault(HEADER_REDZONE, 16);
  setDefault(HEADER_MAX_REDZONE, 2048);
  setDefault(HEADER_PROGRAM_POINTER, sizeof<Addr>());
  store<u32>(HEADER_ARENA_LIMIT, (<u32>memory.size()) << 16);
  const base = load<u32>(HEADER_ARENA_BASE);
  if (!reserve(base)) unreachable(); // no room for the shadow itself: nothing can be checked
  store<u32>(HEADER_ARENA_TOP, base);
  openShadow();
}

/** Makes memory 1 hold at least `end` bytes. */
function reserve(end: u32): bool {
  let limit = load<u32>(HEADER_ARENA_LIMIT);
  if (end <= limit) return true;
  limit = (<u32>memory.size()) << 16; // a reset may have put an older value back
  store<u32>(HEADER_ARENA_LIMIT, limit);
  if (end <= limit) return true;
  const missing = (end - limit + PAGE - 1) / PAGE;
  if (memory.grow(missing + GROWTH) < 0 && memory.grow(missing) < 0) return false;
  store<u32>(HEADER_ARENA_LIMIT, (<u32>memory.size()) << 16);
  return true;
}

/** Zeroed bytes (a multiple of 8 at an 8-byte boundary), or 0 when memory 1 cannot grow. */
export function arenaAlloc(size: u32, align: u32 = 8): u32 {
  prepare();
  size = (size + 7) & ~7;
  const at = (load<u32>(HEADER_ARENA_TOP) + (align - 1)) & ~(align - 1);
  if (at + size < at || !reserve(at + size)) return 0;
  store<u32>(HEADER_ARENA_TOP, at + size);
  return at;
}

/**
 * Room for one more entry of a list, whose block's address and count are in two fields; 0 when memory 1 is full. The block begins
 * with room for `first`, a power of two, and doubles whenever the count reaches one.
 */
export function arenaEntry(list: u32, counter: u32, bytes: u32, first: u32): u32 {
  const count = load<u32>(counter);
  let block = load<u32>(list);
  if (!block) {
    block = arenaAlloc(first * bytes);
  } else if (count >= first && !(count & (count - 1)) && !arenaExtend(block, count * bytes, count * 2 * bytes)) {
    const larger = arenaAlloc(count * 2 * bytes);
    if (larger) memory.copy(larger, block, count * bytes);
    block = larger;
  }
  if (!block) return 0;
  store<u32>(list, block);
  store<u32>(counter, count + 1);
  return block + count * bytes;
}

/** Enlarges a block in place when it is the newest one. */
export function arenaExtend(block: u32, size: u32, newSize: u32): bool {
  if (block + size != load<u32>(HEADER_ARENA_TOP)) return false;
  if (block + newSize < block || !reserve(block + newSize)) return false;
  store<u32>(HEADER_ARENA_TOP, block + newSize);
  return true;
}
