// K08 kmalloc_large_invalid_free: a pointer into a large block is freed. The block stays.
// FINDS bad-free|invalid-free, 1 bytes inside 8202-byte region, at A
#include "kasan.h"

int main(void) {
  volatile char *p = block(MAXC + 10);
  free((void *)(p + 1)); // <- A
  p[0] = 1;
  free((void *)p);
  return 0;
}
