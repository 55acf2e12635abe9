// K03 kmalloc_node_oob_right: past a page from the aligned allocator.
// FINDS heap-buffer-overflow|slab-out-of-bounds, READ of size 1, 0 bytes after 4096-byte region, at A
#include "kasan.h"

int main(void) {
  volatile char *p = aligned_alloc(4096, 4096);
  HIDE(p);
  if ((uintptr_t)p % 4096 != 0) return 1;
  p[0] = p[4096]; // <- A
  free((void *)p);
  return 0;
}
