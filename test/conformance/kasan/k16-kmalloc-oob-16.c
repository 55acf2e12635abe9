// K16 kmalloc_oob_16: 16 bytes are assigned to a block of 13.
// CLANG -msimd128
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 16, 0 bytes after|0 bytes inside 13-byte region, at A
#include "kasan.h"

typedef int32_t vector __attribute__((vector_size(16), aligned(1)));

int main(void) {
  vector *p = (vector *)block(13);
  vector *q = (vector *)block(16);
  memset(q, 7, 16);
  *(volatile vector *)p = *(volatile vector *)q; // <- A
  free(p);
  free(q);
  return 0;
}
