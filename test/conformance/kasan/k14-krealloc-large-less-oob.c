// K14 krealloc_large_less_oob: a shrunk block outside the slabs.
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 1, 0 bytes after 8393-byte region, at A
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 1, 7 bytes after 8393-byte region, at B
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 1, 17 bytes after 8393-byte region, at C
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 1, 33 bytes after 8393-byte region, at D
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 1, 34 bytes after 8393-byte region, at E
#include "kasan.h"

int main(void) {
  volatile char *p = realloc(block(MAXC + 235), MAXC + 201);
  HIDE(p);
  p[MAXC + 200] = 'x';
  p[MAXC + 201] = 'x'; // <- A
  p[MAXC + 208] = 'x'; // <- B
  p[MAXC + 218] = 'x'; // <- C
  p[MAXC + 234] = 'x'; // <- D
  p[MAXC + 235] = 'x'; // <- E
  free((void *)p);
  return 0;
}
