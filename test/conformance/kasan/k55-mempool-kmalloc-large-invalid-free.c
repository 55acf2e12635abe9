// K55 mempool_kmalloc_large_invalid_free: a pointer into an element is given back; the element stays.
// FINDS bad-free|invalid-free, 1 bytes inside 8193-byte region, at A
#include "kasan.h"
#include "pool.h"

int main(void) {
  struct pool *pool = pool_create(MAXC + 1, 4);
  char *p = pool_alloc(pool);
  pool_free(pool, p + 1); // <- A
  p[0] = 1;
  pool_free(pool, p);
  pool_destroy(pool);
  return 0;
}
