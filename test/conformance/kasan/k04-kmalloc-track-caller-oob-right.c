// K04 kmalloc_track_caller_oob_right: past blocks that library functions allocated for their callers.
// CLANG -D_GNU_SOURCE
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 1, 0 bytes after 120-byte region, at A
// FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 1, 0 bytes after 120-byte region, at B
#include "kasan.h"

int main(void) {
  char text[120];
  memset(text, 't', 119);
  text[119] = 0;
  volatile char *p = strdup(text);
  HIDE(p);
  p[120] = 'y'; // <- A
  free((void *)p);
  volatile char *q = reallocarray(NULL, 60, 2);
  HIDE(q);
  q[120] = 'y'; // <- B
  free((void *)q);
  return 0;
}
