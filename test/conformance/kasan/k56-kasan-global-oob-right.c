// K56 kasan_global_oob_right: three bytes past a global.
// The optimised access computes its address from a sum of constants that names no object.
// LEVELS -O0
// FINDS global-buffer-overflow|global-out-of-bounds, READ of size 1, 3 bytes after 'global_array' of 10, at A
#include "kasan.h"

static char global_array[10];

int main(void) {
  int i = 13;
  HIDE(i);
  (void)((volatile char *)global_array)[i]; // <- A
  return 0;
}
