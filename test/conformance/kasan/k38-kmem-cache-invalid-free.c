// K38 kmem_cache_invalid_free: a pointer into an object is given back; the object stays.
// FINDS bad-free|invalid-free, 1 bytes inside 200-byte region, at A
#include "kasan.h"
#include "pool.h"

int main(void) {
  struct pool *pool = pool_create(200, 0);
  char *p = pool_alloc(pool);
  pool_free(pool, p + 1); // <- A
  pool_free(pool, p);
  pool_destroy(pool);
  return 0;
}
