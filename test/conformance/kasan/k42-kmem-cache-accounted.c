// K42 kmem_cache_accounted: objects come and go.
// FINDS nothing
#include "kasan.h"
#include "pool.h"

int main(void) {
  struct pool *pool = pool_create(200, 0);
  for (int i = 0; i < 5; i++) {
    char *p = pool_alloc(pool);
    p[0] = p[199] = 1;
    pool_free(pool, p);
  }
  pool_destroy(pool);
  return 0;
}
