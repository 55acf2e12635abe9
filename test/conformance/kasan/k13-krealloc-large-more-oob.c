// K13 krealloc_large_more_oob: a grown block outside the slabs.
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 1, 0 bytes after 8427-byte region, at A
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 1, 5 bytes after 8427-byte region, at B
#include "kasan.h"

int main(void) {
  volatile char *p = realloc(block(MAXC + 201), MAXC + 235);
  HIDE(p);
  p[MAXC + 200] = 'x';
  p[MAXC + 201] = 'x';
  p[MAXC + 218] = 'x';
  p[MAXC + 234] = 'x';
  p[MAXC + 235] = 'x'; // <- A
  p[MAXC + 240] = 'x'; // <- B
  free((void *)p);
  return 0;
}
