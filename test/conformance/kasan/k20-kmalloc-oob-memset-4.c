// K20 kmalloc_oob_memset_4: the last of 4 bytes is outside.
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 4, 0 bytes after|117 bytes inside 120-byte region, at A
#include "kasan.h"

int main(void) {
  size_t size = 4;
  HIDE(size);
  char *p = block(120);
  memset(p + 117, 0, size); // <- A
  HIDE(p);
  free(p);
  return 0;
}
