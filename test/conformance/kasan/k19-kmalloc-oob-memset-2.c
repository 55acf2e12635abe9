// K19 kmalloc_oob_memset_2: the last of 2 bytes is outside.
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 2, 0 bytes after|119 bytes inside 120-byte region, at A
#include "kasan.h"

int main(void) {
  size_t size = 2;
  HIDE(size);
  char *p = block(120);
  memset(p + 119, 0, size); // <- A
  HIDE(p);
  free(p);
  return 0;
}
