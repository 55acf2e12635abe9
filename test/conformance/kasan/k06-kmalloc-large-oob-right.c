// K06 kmalloc_large_oob_right: past a block too large for a slab.
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 1, 0 bytes after 8202-byte region, at A
#include "kasan.h"

int main(void) {
  volatile char *p = block(MAXC + 10);
  p[MAXC + 10] = 0; // <- A
  free((void *)p);
  return 0;
}
