// K58 kasan_stack_oob: past an array on the stack.
// FINDS (-O0) stack-buffer-overflow|stack-out-of-bounds, READ of size 1, overflows 'stack_array', at A
// FINDS (-O2) stack-buffer-overflow|stack-out-of-bounds, READ of size 1, on the stack, at A
#include "kasan.h"

int main(void) {
  volatile char stack_array[10];
  volatile char *p = stack_array;
  HIDE(p);
  (void)p[10]; // <- A
  return 0;
}
