// Everything the runtime may do to the program: touch its memory and call its original allocator. The linker binds
// these imports (module "program") inside the same module; a family the program lacks is bound to a function that
// returns 0 or does nothing.
import { Addr } from './addr';

export declare function load8(addr: Addr): u32;
export declare function load32(addr: Addr): u32;
export declare function load64(addr: Addr): u64;
export declare function store8(addr: Addr, value: u32): void;
export declare function store32(addr: Addr, value: u32): void;
/** Stores a pointer of the program's own width. */
export declare function store_ptr(addr: Addr, value: Addr): void;
export declare function fill(addr: Addr, value: u32, size: Addr): void;
/** Copies as memory.copy does: the ranges may overlap. */
export declare function copy(target: Addr, source: Addr, size: Addr): void;
/** memory.size of the program's memory, in pages of 64 KiB. */
export declare function pages(): Addr;
/** Its memory.grow. */
export declare function grow(pages: Addr): Addr;

// For snapshots (snapshot.ts), in builds that have them: as it is, whatever HEADER_PROGRAM_PAGES says, and unmarked.
export declare function real_pages(): u32;
export declare function real_grow(pages: u32): u32;
/** Program memory to ours, ours to the program's, zeros to the program's. */
export declare function save(target: u32, source: u32, size: u32): void;
export declare function restore(target: u32, source: u32, size: u32): void;
export declare function clear(target: u32, size: u32): void;
/** Every mutable global, to and from our memory. */
export declare function globals_save(to: u32): void;
export declare function globals_restore(from: u32): void;

// What the program defines for the interface, or a function that does nothing.
export declare function on_error(): void;
export declare function malloc_hook(ptr: Addr, size: Addr): void;
export declare function free_hook(ptr: Addr): void;
export declare function ignore_free_hook(ptr: Addr): i32;
/** A function of the program's first table; without one, nothing is called. */
export declare function call0(index: u32): void;
export declare function call1(index: u32, a: Addr): void;
export declare function call2(index: u32, a: Addr, b: Addr): void;

export declare function malloc(size: Addr): Addr;
export declare function free(ptr: Addr): void;
export declare function realloc(ptr: Addr, size: Addr): Addr;
export declare function usable_size(ptr: Addr): Addr;
export declare function memalign(align: Addr, size: Addr): Addr;
/** The original mmap and munmap: for files, and for what does not fit into the window. */
export declare function mmap(addr: Addr, length: Addr, prot: i32, flags: i32, fd: i32, offset: i64): Addr;
export declare function munmap(addr: Addr, length: Addr): i32;
/** The original operator new: asked only when there is no memory left, so that it fails in its own way. */
export declare function operator_new(size: Addr): Addr;
export declare function rust_alloc(size: Addr, align: Addr): Addr;
export declare function rust_alloc_behind(size: Addr, align: Addr): Addr;
export declare function rust_dealloc(ptr: Addr, size: Addr, align: Addr): void;
/** TinyGo's (tinygo.ts), of which a module has one. */
export declare function tinygo_alloc(size: Addr, layout: Addr): Addr;
export declare function tinygo_alloc_by_size(size: Addr): Addr;
/** TLSF's, by blocks (as-original.ts). */
export declare function as_allocate_block(root: Addr, size: Addr): Addr;
export declare function as_insert_block(root: Addr, block: Addr): void;
export declare function as_remove_block(root: Addr, block: Addr): void;
export declare function as_prepare_block(root: Addr, block: Addr, size: Addr): void;
export declare function wbindgen_malloc(size: Addr, align: Addr): Addr;
export declare function wbindgen_free(ptr: Addr, size: Addr, align: Addr): void;
