// K53 mempool_page_alloc_double_free: an element is given back twice.
// FINDS double-free, 0 bytes inside 16384-byte region, at A
#include "kasan.h"
#include "pool.h"

int main(void) {
  struct pool *pool = pool_create(4 * 4096, 4);
  char *p = pool_alloc(pool);
  pool_free(pool, p);
  HIDE(p);
  pool_free(pool, p); // <- A
  pool_destroy(pool);
  return 0;
}
