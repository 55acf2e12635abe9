/* mmap and its family for WebAssembly programs. Declarations only: the functions are imports of module "wasan" that
 * `wasan instrument` binds to its own memory areas (docs/VMA.md). A file that uses them does not run uninstrumented.
 *
 * Under instrumentation the mappings are real: fresh pages read zero, PROT_NONE and read-only pages are enforced,
 * use after munmap is reported with the call that unmapped, and mremap moves pages as Linux does. Every function
 * answers as on Linux: an address or 0, and on failure MAP_FAILED or -1 with wasan_vma_errno() set.
 */
#ifndef WASAN_VMA_H
#define WASAN_VMA_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WASAN_VMA_IMPORT(name) __attribute__((import_module("wasan"), import_name("__sanitizer_" #name)))

#ifndef PROT_NONE
#define PROT_NONE 0
#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#endif

#ifndef MAP_FAILED
#define MAP_FAILED ((void *)-1)
#endif
#ifndef MAP_PRIVATE
#define MAP_SHARED 0x01
#define MAP_PRIVATE 0x02
#define MAP_FIXED 0x10
#define MAP_ANONYMOUS 0x20
#define MAP_ANON MAP_ANONYMOUS
#endif
#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0x4000
#endif
#ifndef MAP_LOCKED
#define MAP_LOCKED 0x2000
#endif
#ifndef MAP_POPULATE
#define MAP_POPULATE 0x8000
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

#ifndef MREMAP_MAYMOVE
#define MREMAP_MAYMOVE 1
#define MREMAP_FIXED 2
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
/* Policy "relocate" only; EINVAL elsewhere, as on Linux. */
#ifndef MREMAP_RELOCATE_ANON
#define MREMAP_RELOCATE_ANON 8
#define MREMAP_MUST_RELOCATE_ANON 16
#endif

#ifndef MADV_NORMAL
#define MADV_NORMAL 0
#define MADV_RANDOM 1
#define MADV_SEQUENTIAL 2
#define MADV_WILLNEED 3
#define MADV_DONTNEED 4
#endif
#ifndef MADV_FREE
#define MADV_FREE 8
#endif
#ifndef MADV_DONTFORK
#define MADV_DONTFORK 10
#define MADV_DOFORK 11
#define MADV_DONTDUMP 16
#define MADV_DODUMP 17
#define MADV_WIPEONFORK 18
#define MADV_KEEPONFORK 19
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif

/* Anonymous memory only: fd is -1 and offset 0, else the call fails with EBADF. */
WASAN_VMA_IMPORT(mmap) void *wasan_mmap(void *addr, size_t length, int prot, int flags, int fd, long long offset);
WASAN_VMA_IMPORT(munmap) int wasan_munmap(void *addr, size_t length);
WASAN_VMA_IMPORT(mprotect) int wasan_mprotect(void *addr, size_t length, int prot);
WASAN_VMA_IMPORT(madvise) int wasan_madvise(void *addr, size_t length, int advice);
/* target counts with MREMAP_FIXED or MREMAP_DONTUNMAP; it is not optional here. */
WASAN_VMA_IMPORT(mremap) void *wasan_mremap(void *addr, size_t old_length, size_t new_length, int flags, void *target);

/* A mapping of exactly `length` bytes, like the kernel's vmalloc: the rest of its last page is out of bounds, the page
 * behind it belongs to nobody. NULL when there is no room. */
WASAN_VMA_IMPORT(vmalloc) void *wasan_vmalloc(size_t length);
/* Another size, in place or elsewhere; NULL leaves the old one untouched. */
WASAN_VMA_IMPORT(vrealloc) void *wasan_vrealloc(void *ptr, size_t length);
WASAN_VMA_IMPORT(vfree) void wasan_vfree(void *ptr);

/* errno of the last call above that failed. */
WASAN_VMA_IMPORT(vma_errno) int wasan_vma_errno(void);

#ifdef __cplusplus
}
#endif

#undef WASAN_VMA_IMPORT
#endif
