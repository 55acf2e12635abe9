// K24 kmalloc_memmove_invalid_size: memmove reads past its block.
// FINDS heap-buffer-overflow|slab-out-of-bounds, READ of size 64, 0 bytes after|4 bytes inside 64-byte region, at A
#include "kasan.h"

int main(void) {
  size_t size = 64;
  HIDE(size);
  char *p = block(64);
  memset(p, 0, 64);
  memmove(p, p + 4, size); // <- A
  HIDE(p);
  free(p);
  return 0;
}
