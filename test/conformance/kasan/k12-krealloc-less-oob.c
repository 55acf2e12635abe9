// K12 krealloc_less_oob: a shrunk block ends where its new size says.
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 1, 0 bytes after 201-byte region, at A
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 1, 7 bytes after 201-byte region, at B
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 1, 17 bytes after 201-byte region, at C
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 1, 33 bytes after 201-byte region, at D
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 1, 34 bytes after 201-byte region, at E
#include "kasan.h"

int main(void) {
  volatile char *p = realloc(block(235), 201);
  HIDE(p);
  p[200] = 'x';
  p[201] = 'x'; // <- A
  p[208] = 'x'; // <- B
  p[218] = 'x'; // <- C
  p[234] = 'x'; // <- D
  p[235] = 'x'; // <- E
  free((void *)p);
  return 0;
}
