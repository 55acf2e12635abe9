// K29 kmalloc_double_kzfree: a free that asks the size and wipes, twice.
// FINDS (asan) bad-malloc_usable_size, 0 bytes inside 16-byte region, at A
// FINDS (kasan) slab-use-after-free, READ of size 1, 0 bytes inside 16-byte region, at A
// FINDS double-free, 0 bytes inside 16-byte region, at B
#include "kasan.h"

NOINLINE void wiping_free(char *p) {
  size_t size = malloc_usable_size(p); // <- A
  if (size != 0) memset(p, 0, size);
  HIDE(p);
  free(p); // <- B
}

int main(void) {
  char *p = block(16);
  wiping_free(p);
  wiping_free(p);
  return 0;
}
