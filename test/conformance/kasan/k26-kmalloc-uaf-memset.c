// K26 kmalloc_uaf_memset: memset of a freed block.
// FINDS heap-use-after-free|slab-use-after-free, WRITE of size 33, 0 bytes inside 33-byte region, at A
#include "kasan.h"

int main(void) {
  size_t size = 33;
  HIDE(size);
  char *p = block(33);
  free(p);
  HIDE(p);
  memset(p, 0, size); // <- A
  HIDE(p);
  return 0;
}
