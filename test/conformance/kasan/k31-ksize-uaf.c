// K31 ksize_uaf: the usable size of a freed block, then its bytes.
// FINDS (asan) bad-malloc_usable_size, 0 bytes inside 120-byte region, at A
// FINDS (kasan) slab-use-after-free, READ of size 1, 0 bytes inside 120-byte region, at A
// FINDS heap-use-after-free|slab-use-after-free, READ of size 1, 0 bytes inside 120-byte region, at B
// FINDS heap-use-after-free|slab-use-after-free, READ of size 1, 119 bytes inside 120-byte region, at C
#include "kasan.h"

int main(void) {
  volatile char *p = block(120);
  free((void *)p);
  size_t size = malloc_usable_size((void *)p); // <- A
  HIDE(size);
  (void)p[0]; // <- B
  (void)p[119]; // <- C
  return 0;
}
