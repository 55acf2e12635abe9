// K37 kmem_cache_double_free: an object of a pool is given back twice.
// FINDS double-free, 0 bytes inside 200-byte region, at A
#include "kasan.h"
#include "pool.h"

int main(void) {
  struct pool *pool = pool_create(200, 0);
  char *p = pool_alloc(pool);
  pool_free(pool, p);
  HIDE(p);
  pool_free(pool, p); // <- A
  pool_destroy(pool);
  return 0;
}
