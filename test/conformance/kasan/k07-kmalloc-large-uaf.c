// K07 kmalloc_large_uaf: a large block after it was freed.
// FINDS heap-use-after-free|use-after-free, READ of size 1, 0 bytes inside 8202-byte region, at A
#include "kasan.h"

int main(void) {
  volatile char *p = block(MAXC + 10);
  free((void *)p);
  (void)p[0]; // <- A
  return 0;
}
