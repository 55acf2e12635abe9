// K44 mempool_kmalloc_oob_right: past an element of a pool that keeps four in reserve.
// FINDS heap-buffer-overflow|slab-out-of-bounds, READ of size 1, 0 bytes after 115-byte region, at A
#include "kasan.h"
#include "pool.h"

int main(void) {
  struct pool *pool = pool_create(115, 4);
  volatile char *p = pool_alloc(pool);
  p[0] = p[115]; // <- A
  pool_free(pool, (void *)p);
  pool_destroy(pool);
  return 0;
}
