// K52 mempool_kmalloc_large_double_free: an element is given back twice.
// FINDS double-free, 0 bytes inside 8193-byte region, at A
#include "kasan.h"
#include "pool.h"

int main(void) {
  struct pool *pool = pool_create(MAXC + 1, 4);
  char *p = pool_alloc(pool);
  pool_free(pool, p);
  HIDE(p);
  pool_free(pool, p); // <- A
  pool_destroy(pool);
  return 0;
}
