// K39 kmem_cache_rcu_uaf: objects of a pool are freed after a grace period; within it they may still be read.
// FINDS heap-use-after-free|slab-use-after-free, READ of size 1, 0 bytes inside 200-byte region, at A
#include "kasan.h"
#include "pool.h"

static void *dying[4];
static int count;

NOINLINE static void pool_free_later(void *p) { dying[count++] = p; }

NOINLINE static void grace_period_ends(struct pool *pool) {
  while (count > 0) pool_free(pool, dying[--count]);
}

int main(void) {
  struct pool *pool = pool_create(200, 0);
  volatile char *p = pool_alloc(pool);
  p[0] = 1;
  pool_free_later((void *)p);
  (void)p[0];
  grace_period_ends(pool);
  (void)((volatile char *)again((void *)p))[0]; // <- A
  pool_destroy(pool);
  return 0;
}
