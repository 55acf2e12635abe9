// K22 kmalloc_oob_memset_16: the last of 16 bytes is outside.
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 16, 0 bytes after|105 bytes inside 120-byte region, at A
#include "kasan.h"

int main(void) {
  size_t size = 16;
  HIDE(size);
  char *p = block(120);
  memset(p + 105, 0, size); // <- A
  HIDE(p);
  free(p);
  return 0;
}
