// The other families: C++ operator new and delete, Rust's global allocator, wasm-bindgen's exports. Same wrapper as malloc,
// other signatures and other names for a mismatch.
import { ALLOC_MALLOC, ALLOC_NEW, ALLOC_NEW_ARRAY, ALLOC_RUST, ALLOC_WBINDGEN } from './abi';
import { Addr } from './addr';
import { adopt, allocate } from './heap';
import { resize } from './malloc';
import * as program from './program';
import { release, releaseSized } from './release';

// ------------------------------------------------------------------------------------------------ C++

/**
 * Out of memory, the original decides what that means: throw, abort, call the new handler, return null. Even small blocks
 * must lie 16 bytes apart (chunks.ts).
 */
function newOf(size: Addr, align: Addr, kind: u32): Addr {
  const ptr = allocate(size, align, kind);
  if (ptr) return ptr;
  const bare = program.operator_new(size < 16 ? 16 : size);
  if (bare) adopt(bare, size, kind);
  return bare;
}

export function asan_new(size: Addr): Addr {
  return newOf(size, 8, ALLOC_NEW);
}

export function asan_new_array(size: Addr): Addr {
  return newOf(size, 8, ALLOC_NEW_ARRAY);
}

export function asan_new_aligned(size: Addr, align: Addr): Addr {
  return newOf(size, align, ALLOC_NEW);
}

export function asan_new_array_aligned(size: Addr, align: Addr): Addr {
  return newOf(size, align, ALLOC_NEW_ARRAY);
}

export function asan_new_nothrow(size: Addr, _tag: Addr): Addr {
  return allocate(size, 8, ALLOC_NEW);
}

export function asan_new_array_nothrow(size: Addr, _tag: Addr): Addr {
  return allocate(size, 8, ALLOC_NEW_ARRAY);
}

export function asan_new_aligned_nothrow(size: Addr, align: Addr, _tag: Addr): Addr {
  return allocate(size, align, ALLOC_NEW);
}

export function asan_new_array_aligned_nothrow(size: Addr, align: Addr, _tag: Addr): Addr {
  return allocate(size, align, ALLOC_NEW_ARRAY);
}

export function asan_delete(ptr: Addr): void {
  release(ptr, ALLOC_NEW);
}

export function asan_delete_array(ptr: Addr): void {
  release(ptr, ALLOC_NEW_ARRAY);
}

export function asan_delete_sized(ptr: Addr, size: Addr): void {
  releaseSized(ptr, size, ALLOC_NEW);
}

export function asan_delete_array_sized(ptr: Addr, size: Addr): void {
  releaseSized(ptr, size, ALLOC_NEW_ARRAY);
}

export function asan_delete_aligned(ptr: Addr, _align: Addr): void {
  release(ptr, ALLOC_NEW);
}

export function asan_delete_array_aligned(ptr: Addr, _align: Addr): void {
  release(ptr, ALLOC_NEW_ARRAY);
}

export function asan_delete_sized_aligned(ptr: Addr, size: Addr, _align: Addr): void {
  releaseSized(ptr, size, ALLOC_NEW);
}

export function asan_delete_array_sized_aligned(ptr: Addr, size: Addr, _align: Addr): void {
  releaseSized(ptr, size, ALLOC_NEW_ARRAY);
}

// ------------------------------------------------------------------------------------------------ Rust, wasm-bindgen

export function asan_rust_alloc(size: Addr, align: Addr): Addr {
  return allocate(size, align, ALLOC_RUST);
}

/** The same of a family not known whole (tail.ts), whose blocks malloc hands out, too. */
export function asan_rust_alloc_behind(size: Addr, align: Addr): Addr {
  return allocate(size, align < 8 ? 8 : align, ALLOC_MALLOC);
}

export function asan_rust_alloc_zeroed(size: Addr, align: Addr): Addr {
  const ptr = allocate(size, align, ALLOC_RUST);
  if (ptr) program.fill(ptr, 0, size);
  return ptr;
}

export function asan_rust_dealloc(ptr: Addr, size: Addr, _align: Addr): void {
  releaseSized(ptr, size, ALLOC_RUST);
}

export function asan_rust_realloc(ptr: Addr, _size: Addr, align: Addr, newSize: Addr): Addr {
  return resize(ptr, newSize, align, ALLOC_RUST);
}

export function asan_wbindgen_malloc(size: Addr, align: Addr): Addr {
  return allocate(size, align, ALLOC_WBINDGEN);
}

export function asan_wbindgen_free(ptr: Addr, _size: Addr, _align: Addr): void {
  release(ptr, ALLOC_WBINDGEN);
}

export function asan_wbindgen_realloc(ptr: Addr, _size: Addr, newSize: Addr, align: Addr): Addr {
  return resize(ptr, newSize, align, ALLOC_WBINDGEN);
}
