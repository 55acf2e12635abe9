// K48 mempool_kmalloc_large_uaf: an element that was given back.
// FINDS heap-use-after-free|use-after-free, READ of size 1, 0 bytes inside 8193-byte region, at A
#include "kasan.h"
#include "pool.h"

int main(void) {
  struct pool *pool = pool_create(MAXC + 1, 4);
  volatile char *p = pool_alloc(pool);
  pool_free(pool, (void *)p);
  (void)p[0]; // <- A
  pool_destroy(pool);
  return 0;
}
