// K62 kasan_memcmp: memcmp may look one byte too far.
// FINDS heap-buffer-overflow|slab-out-of-bounds, READ of size 25|1, 0 bytes after 24-byte region, at A
#include "kasan.h"

int main(void) {
  static char other[32];
  size_t size = 25;
  HIDE(size);
  char *p = calloc(24, 1);
  HIDE(p);
  int order = memcmp(p, other, size); // <- A
  HIDE(order);
  free(p);
  return 0;
}
