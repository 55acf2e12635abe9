// K66 kasan_atomics: 50 atomic operations right behind a block of 48 bytes.
// CLANG -matomics -mbulk-memory
// FINDS heap-buffer-overflow|slab-out-of-bounds, READ of size 4, 0 bytes after 48-byte region, at A
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 4, 0 bytes after 48-byte region, at B
// FINDS heap-buffer-overflow|slab-out-of-bounds, READ of size 4, 0 bytes after 48-byte region, at A
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 4, 0 bytes after 48-byte region, at B
// FINDS heap-buffer-overflow|slab-out-of-bounds, READ of size 4, 0 bytes after 48-byte region, at C
// FINDS 21x heap-buffer-overflow|slab-out-of-bounds, WRITE of size 4, 0 bytes after 48-byte region, at D
// FINDS heap-buffer-overflow|slab-out-of-bounds, READ of size 4, 0 bytes after 48-byte region, at G
// FINDS heap-buffer-overflow|slab-out-of-bounds, READ of size 8, 0 bytes after 48-byte region, at E
// FINDS 21x heap-buffer-overflow|slab-out-of-bounds, WRITE of size 8, 0 bytes after 48-byte region, at F
// FINDS heap-buffer-overflow|slab-out-of-bounds, READ of size 4, 0 bytes after 48-byte region, at H
#include "kasan.h"

#define SEQ __ATOMIC_SEQ_CST
#define P ((__typeof__(p))again((void *)p))
#define KEEP(value) do { __typeof__(value) kept = (value); HIDE(kept); } while (0)

NOINLINE void plain(volatile int32_t *p) {
  (void)*P; // <- A
  *P = 1; // <- B
  (void)__atomic_load_n(P, __ATOMIC_ACQUIRE); // <- A
  __atomic_store_n(P, 1, __ATOMIC_RELEASE); // <- B
}

NOINLINE void of_int(int32_t *p, int32_t *expected) {
  KEEP(__atomic_load_n(P, SEQ)); // <- C
  __atomic_store_n(P, 42, SEQ); // <- D
  (void)__atomic_fetch_add(P, 42, SEQ); // <- D
  (void)__atomic_fetch_sub(P, 42, SEQ); // <- D
  (void)__atomic_fetch_and(P, 42, SEQ); // <- D
  (void)__atomic_fetch_or(P, 42, SEQ); // <- D
  (void)__atomic_fetch_xor(P, 42, SEQ); // <- D
  KEEP(__atomic_fetch_add(P, 42, __ATOMIC_RELAXED)); // <- D
  KEEP(__atomic_fetch_sub(P, 42, __ATOMIC_RELAXED)); // <- D
  KEEP(__atomic_fetch_and(P, 42, __ATOMIC_RELAXED)); // <- D
  KEEP(__atomic_fetch_or(P, 42, __ATOMIC_RELAXED)); // <- D
  KEEP(__atomic_fetch_xor(P, 42, __ATOMIC_RELAXED)); // <- D
  KEEP(__atomic_add_fetch(P, 42, SEQ)); // <- D
  KEEP(__atomic_sub_fetch(P, 42, SEQ)); // <- D
  KEEP(__atomic_and_fetch(P, 42, SEQ)); // <- D
  KEEP(__atomic_or_fetch(P, 42, SEQ)); // <- D
  KEEP(__atomic_xor_fetch(P, 42, SEQ)); // <- D
  KEEP(__atomic_exchange_n(P, 42, SEQ)); // <- D
  KEEP(__atomic_compare_exchange_n(P, expected, 42, 0, SEQ, SEQ)); // <- D
  KEEP(__atomic_compare_exchange_n(P, expected, 42, 1, SEQ, __ATOMIC_RELAXED)); // <- D
  KEEP(__atomic_sub_fetch(P, 1, SEQ) == 0); // <- D
  KEEP(__atomic_add_fetch(P, 1, SEQ) < 0); // <- D
  KEEP(__builtin_wasm_memory_atomic_notify((int *)P, 1)); // <- G
}

NOINLINE void of_long(int64_t *p, int64_t *expected) {
  KEEP(__atomic_load_n(P, SEQ)); // <- E
  __atomic_store_n(P, 42, SEQ); // <- F
  (void)__atomic_fetch_add(P, 42, SEQ); // <- F
  (void)__atomic_fetch_sub(P, 42, SEQ); // <- F
  (void)__atomic_fetch_and(P, 42, SEQ); // <- F
  (void)__atomic_fetch_or(P, 42, SEQ); // <- F
  (void)__atomic_fetch_xor(P, 42, SEQ); // <- F
  KEEP(__atomic_fetch_add(P, 42, __ATOMIC_RELAXED)); // <- F
  KEEP(__atomic_fetch_sub(P, 42, __ATOMIC_RELAXED)); // <- F
  KEEP(__atomic_fetch_and(P, 42, __ATOMIC_RELAXED)); // <- F
  KEEP(__atomic_fetch_or(P, 42, __ATOMIC_RELAXED)); // <- F
  KEEP(__atomic_fetch_xor(P, 42, __ATOMIC_RELAXED)); // <- F
  KEEP(__atomic_add_fetch(P, 42, SEQ)); // <- F
  KEEP(__atomic_sub_fetch(P, 42, SEQ)); // <- F
  KEEP(__atomic_and_fetch(P, 42, SEQ)); // <- F
  KEEP(__atomic_or_fetch(P, 42, SEQ)); // <- F
  KEEP(__atomic_xor_fetch(P, 42, SEQ)); // <- F
  KEEP(__atomic_exchange_n(P, 42, SEQ)); // <- F
  KEEP(__atomic_compare_exchange_n(P, expected, 42, 0, SEQ, SEQ)); // <- F
  KEEP(__atomic_compare_exchange_n(P, expected, 42, 1, SEQ, __ATOMIC_RELAXED)); // <- F
  KEEP(__atomic_sub_fetch(P, 1, SEQ) == 0); // <- F
  KEEP(__atomic_add_fetch(P, 1, SEQ) < 0); // <- F
  KEEP(__builtin_wasm_memory_atomic_notify((int *)P, 1)); // <- H
}

int main(void) {
  char *p = block(48);
  int32_t expected_int = 0;
  int64_t expected_long = 0;
  plain((int32_t *)(p + 48));
  of_int((int32_t *)(p + 48), &expected_int);
  of_long((int64_t *)(p + 48), &expected_long);
  free(p);
  return 0;
}
