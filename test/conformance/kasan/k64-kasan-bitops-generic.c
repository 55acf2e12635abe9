// K64 kasan_bitops_generic: operations on bit 32 and bit 40 of a block of 5 bytes, each in the 4-byte word 4..7.
// CLANG -matomics -mbulk-memory
// FINDS 8x heap-buffer-overflow|slab-out-of-bounds, WRITE of size 4, 0 bytes after|4 bytes inside 5-byte region, at A
// FINDS 8x heap-buffer-overflow|slab-out-of-bounds, WRITE of size 4, 0 bytes after|4 bytes inside 5-byte region, at B
#include "kasan.h"

typedef uint32_t word;

#define WORD(p, bit) ((word *)again(p) + (bit) / 32)
#define MASK(bit) ((word)1 << (bit) % 32)
#define RELAXED __ATOMIC_RELAXED
#define KEEP(value) do { word kept = (value); HIDE(kept); } while (0)

NOINLINE void modify(char *p, int bit) {
  (void)__atomic_fetch_or(WORD(p, bit), MASK(bit), __ATOMIC_SEQ_CST); // <- A
  (void)__atomic_fetch_or(WORD(p, bit), MASK(bit), RELAXED); // <- A
  (void)__atomic_fetch_and(WORD(p, bit), ~MASK(bit), __ATOMIC_SEQ_CST); // <- A
  (void)__atomic_fetch_and(WORD(p, bit), ~MASK(bit), RELAXED); // <- A
  (void)__atomic_fetch_and(WORD(p, bit), ~MASK(bit), __ATOMIC_RELEASE); // <- A
  (void)__atomic_fetch_xor(WORD(p, bit), MASK(bit), __ATOMIC_SEQ_CST); // <- A
  (void)__atomic_fetch_xor(WORD(p, bit), MASK(bit), RELAXED); // <- A
  __atomic_store_n(WORD(p, bit), 0, __ATOMIC_RELEASE); // <- A
}

NOINLINE void test_and_modify(char *p, int bit) {
  KEEP(__atomic_fetch_or(WORD(p, bit), MASK(bit), __ATOMIC_SEQ_CST) & MASK(bit)); // <- B
  KEEP(__atomic_fetch_or(WORD(p, bit), MASK(bit), RELAXED) & MASK(bit)); // <- B
  KEEP(__atomic_fetch_or(WORD(p, bit), MASK(bit), __ATOMIC_ACQUIRE) & MASK(bit)); // <- B
  KEEP(__atomic_fetch_and(WORD(p, bit), ~MASK(bit), __ATOMIC_SEQ_CST) & MASK(bit)); // <- B
  KEEP(__atomic_fetch_and(WORD(p, bit), ~MASK(bit), RELAXED) & MASK(bit)); // <- B
  KEEP(__atomic_fetch_xor(WORD(p, bit), MASK(bit), __ATOMIC_SEQ_CST) & MASK(bit)); // <- B
  KEEP(__atomic_fetch_xor(WORD(p, bit), MASK(bit), RELAXED) & MASK(bit)); // <- B
  KEEP(__atomic_exchange_n(WORD(p, bit), 0, __ATOMIC_SEQ_CST) & MASK(bit)); // <- B
}

int main(void) {
  char *p = block(5);
  modify(p, 32);
  test_and_modify(p, 40);
  free(p);
  return 0;
}
