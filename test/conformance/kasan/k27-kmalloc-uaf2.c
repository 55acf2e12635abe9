// K27 kmalloc_uaf2: the quarantine keeps a freed block from being handed out at once.
// FINDS heap-use-after-free|slab-use-after-free, READ of size 1, 40 bytes inside 43-byte region, at A
#include "kasan.h"

int main(void) {
  volatile char *p = block(43);
  free((void *)p);
  volatile char *q = block(43);
  (void)p[40]; // <- A
  if (p == q) return 1;
  free((void *)q);
  return 0;
}
