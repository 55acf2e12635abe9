// K05 kmalloc_big_oob_right: past a block that almost fills the largest slab.
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 1, 0 bytes after 7936-byte region, at A
#include "kasan.h"

int main(void) {
  volatile char *p = block(MAXC - 256);
  p[MAXC - 256] = 0; // <- A
  free((void *)p);
  return 0;
}
