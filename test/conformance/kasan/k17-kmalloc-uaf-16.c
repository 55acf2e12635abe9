// K17 kmalloc_uaf_16: 16 bytes are read from a freed block.
// CLANG -msimd128
// FINDS heap-use-after-free|slab-use-after-free, READ of size 16, 0 bytes inside 16-byte region, at A
#include "kasan.h"

typedef int32_t vector __attribute__((vector_size(16), aligned(1)));

int main(void) {
  vector *p = (vector *)block(16);
  vector *q = (vector *)block(16);
  free(q);
  *(volatile vector *)p = *(volatile vector *)q; // <- A
  free(p);
  return 0;
}
