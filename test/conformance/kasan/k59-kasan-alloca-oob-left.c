// K59 kasan_alloca_oob_left: before an array of variable length.
// FINDS dynamic-stack-buffer-overflow|alloca-out-of-bounds, READ of size 1, on the stack, at A
#include "kasan.h"

int main(void) {
  size_t size = 10;
  HIDE(size);
  char array[size];
  volatile char *p = array;
  HIDE(p);
  (void)p[-1]; // <- A
  return 0;
}
