// K15 krealloc_uaf: a freed block is resized: refused, and the block stays poisoned.
// FINDS (asan) double-free, 0 bytes inside 201-byte region, at A
// FINDS (kasan) slab-use-after-free, READ of size 1, 0 bytes inside 201-byte region, at A
// FINDS heap-use-after-free|slab-use-after-free, READ of size 1, 0 bytes inside 201-byte region, at B
#include "kasan.h"

int main(void) {
  volatile char *p = block(201);
  free((void *)p);
  char *q = realloc((void *)p, 235); // <- A
  HIDE(q);
  if (q != NULL) return 1;
  (void)p[0]; // <- B
  return 0;
}
