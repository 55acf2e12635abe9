// K11 krealloc_more_oob: a grown block ends where its new size says.
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 1, 0 bytes after 235-byte region, at A
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 1, 5 bytes after 235-byte region, at B
#include "kasan.h"

int main(void) {
  volatile char *p = realloc(block(201), 235);
  HIDE(p);
  p[200] = 'x';
  p[201] = 'x';
  p[218] = 'x';
  p[234] = 'x';
  p[235] = 'x'; // <- A
  p[240] = 'x'; // <- B
  free((void *)p);
  return 0;
}
