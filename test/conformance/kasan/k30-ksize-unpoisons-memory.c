// K30 ksize_unpoisons_memory: asking for the usable size makes nothing usable. It is what was asked for.
// FINDS heap-buffer-overflow|slab-out-of-bounds, READ of size 1, 0 bytes after 115-byte region, at A
// FINDS heap-buffer-overflow|slab-out-of-bounds, READ of size 1, 5 bytes after 115-byte region, at B
// FINDS heap-buffer-overflow|slab-out-of-bounds, READ of size 1, 12 bytes after 115-byte region, at C
#include "kasan.h"

int main(void) {
  volatile char *p = block(115);
  if (malloc_usable_size((void *)p) != 115) return 1;
  (void)p[0];
  (void)p[114];
  (void)p[115]; // <- A
  (void)p[120]; // <- B
  (void)p[127]; // <- C
  free((void *)p);
  return 0;
}
