// K45 mempool_kmalloc_large_oob_right: past an element of a pool that keeps four in reserve.
// FINDS heap-buffer-overflow|slab-out-of-bounds, READ of size 1, 0 bytes after 8193-byte region, at A
#include "kasan.h"
#include "pool.h"

int main(void) {
  struct pool *pool = pool_create(MAXC + 1, 4);
  volatile char *p = pool_alloc(pool);
  p[0] = p[MAXC + 1]; // <- A
  pool_free(pool, (void *)p);
  pool_destroy(pool);
  return 0;
}
