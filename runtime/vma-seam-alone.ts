// The seam of the stand-alone module build/vma.wasm, read in the place of vma-seam.ts: a memory of its own, and the
// window's bytes through imports (module "vma-seam").

/** The window's pages [page, page + count) become zero. */
declare function zero_pages(page: u32, count: u32): void;
declare function copy_pages(target: u32, source: u32, count: u32): void;
declare function load_word(page: u32, offset: u32): u64;
declare function store_word(page: u32, offset: u32, value: u64): void;
/** Told whenever the accessibility of pages changes (STATE_*); only after vma_watch(1). */
declare function page_state(page: u32, count: u32, state: u32, tail: u32): void;

let top: u32 = 0;

/** Zeroed bytes at an 8-byte boundary, or 0 when there is no more memory. */
export function claim(size: u32): u32 {
  if (!top) top = (<u32>__heap_base + 7) & ~7;
  size = (size + 7) & ~7;
  const end = top + size;
  const limit = (<u32>memory.size()) << 16;
  if (end < top) return 0;
  if (end > limit && memory.grow((end - limit + 0xffff) >> 16) < 0) return 0;
  const at = top;
  top = end;
  return at;
}

export function clearPages(page: u32, count: u32): void {
  zero_pages(page, count);
}

export function copyPages(target: u32, source: u32, count: u32): void {
  copy_pages(target, source, count);
}

export function loadWord(page: u32, offset: u32): u64 {
  return load_word(page, offset);
}

export function storeWord(page: u32, offset: u32, value: u64): void {
  store_word(page, offset, value);
}

export function tellState(page: u32, count: u32, state: u32, tail: u32): void {
  page_state(page, count, state, tail);
}
