// K61 kasan_memchr: memchr may look one byte too far.
// FINDS heap-buffer-overflow|slab-out-of-bounds, READ of size 25|1, 0 bytes after 24-byte region, at A
#include "kasan.h"

int main(void) {
  size_t size = 25;
  HIDE(size);
  char *p = calloc(24, 1);
  HIDE(p);
  char *found = memchr(p, '1', size); // <- A
  HIDE(found);
  free(p);
  return 0;
}
