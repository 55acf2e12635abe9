// K21 kmalloc_oob_memset_8: the last of 8 bytes is outside.
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 8, 0 bytes after|113 bytes inside 120-byte region, at A
#include "kasan.h"

int main(void) {
  size_t size = 8;
  HIDE(size);
  char *p = block(120);
  memset(p + 113, 0, size); // <- A
  HIDE(p);
  free(p);
  return 0;
}
