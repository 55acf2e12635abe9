// K25 kmalloc_uaf: a byte of a freed block.
// FINDS heap-use-after-free|slab-use-after-free, READ of size 1, 8 bytes inside 10-byte region, at A
#include "kasan.h"

int main(void) {
  volatile char *p = block(10);
  free((void *)p);
  (void)p[8]; // <- A
  return 0;
}
