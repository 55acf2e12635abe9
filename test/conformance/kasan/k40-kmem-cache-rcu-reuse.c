// K40 kmem_cache_rcu_reuse: a type-stable pool hands the same object out again at once, without a word.
// FINDS nothing
#include "kasan.h"
#include "pool.h"

int main(void) {
  struct pool *pool = pool_create(200, 2);
  volatile char *p = pool_alloc(pool);
  p[0] = 1;
  pool->ready[pool->reserve++] = (void *)p; // type-stable: its memory stays an object of the pool
  (void)p[0];
  volatile char *q = pool_alloc(pool);
  if (p != q) return 1;
  q[199] = q[0];
  pool_free(pool, (void *)q);
  pool_destroy(pool);
  return 0;
}
