// K60 kasan_alloca_oob_right: past an array of variable length.
// FINDS dynamic-stack-buffer-overflow|alloca-out-of-bounds, READ of size 1, on the stack, at A
#include "kasan.h"

int main(void) {
  size_t size = 10;
  HIDE(size);
  char array[size];
  volatile char *p = array;
  HIDE(p);
  (void)p[10]; // <- A
  return 0;
}
