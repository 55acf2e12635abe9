// K01 kmalloc_oob_right: past a block, in its last granule, in its redzone, and beyond a granule of that.
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 1, 0 bytes after 115-byte region, at A
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 1, 5 bytes after 115-byte region, at B
// FINDS heap-buffer-overflow|slab-out-of-bounds, READ of size 1, 13 bytes after 115-byte region, at C
#include "kasan.h"

int main(void) {
  volatile char *p = block(115);
  p[115] = 'x'; // <- A
  p[120] = 'y'; // <- B
  (void)p[128]; // <- C
  free((void *)p);
  return 0;
}
