// K23 kmalloc_memmove_negative_size: a size that wraps around, before anything else about the range.
// FINDS negative-size-param|out-of-bounds, size -2, 4 bytes inside 64-byte region, at A
// DIES
#include "kasan.h"

int main(void) {
  size_t size = (size_t)-2;
  HIDE(size);
  char *p = block(64);
  memset(p, 0, 64);
  memmove(p, p + 4, size); // <- A
  HIDE(p);
  free(p);
  return 0;
}
