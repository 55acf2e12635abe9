// K57 kasan_global_oob_left: three bytes before a global.
// The optimised access computes its address from a sum of constants that names no object.
// LEVELS -O0
// The base is a constant offset of the load: -3 plus that lies past the end of memory for the engine.
// DIES
// FINDS global-buffer-overflow|global-out-of-bounds, READ of size 1, 3 bytes before 'global_array' of 10, at A
#include "kasan.h"

static char global_array[10];

int main(void) {
  int i = -3;
  HIDE(i);
  (void)((volatile char *)global_array)[i]; // <- A
  return 0;
}
