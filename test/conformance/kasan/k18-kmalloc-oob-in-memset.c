// K18 kmalloc_oob_in_memset: memset runs past its block.
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 128, 0 bytes after|0 bytes inside 120-byte region, at A
#include "kasan.h"

int main(void) {
  size_t size = 128;
  HIDE(size);
  char *p = block(120);
  memset(p, 0, size); // <- A
  HIDE(p);
  free(p);
  return 0;
}
