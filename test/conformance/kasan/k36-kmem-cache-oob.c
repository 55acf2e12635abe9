// K36 kmem_cache_oob: past an object of a pool.
// FINDS heap-buffer-overflow|slab-out-of-bounds, READ of size 1, 0 bytes after 200-byte region, at A
#include "kasan.h"
#include "pool.h"

int main(void) {
  struct pool *pool = pool_create(200, 0);
  volatile char *p = pool_alloc(pool);
  p[0] = p[200]; // <- A
  pool_free(pool, (void *)p);
  pool_destroy(pool);
  return 0;
}
