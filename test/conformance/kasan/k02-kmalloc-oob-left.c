// K02 kmalloc_oob_left: the byte before a block.
// FINDS heap-buffer-overflow|slab-out-of-bounds, READ of size 1, 1 bytes before 15-byte region, at A
#include "kasan.h"

int main(void) {
  volatile char *p = block(15);
  p[0] = p[-1]; // <- A
  free((void *)p);
  return 0;
}
