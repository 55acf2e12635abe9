// K43 kmem_cache_bulk: ten objects at once, touched at both ends.
// FINDS nothing
#include "kasan.h"
#include "pool.h"

int main(void) {
  struct pool *pool = pool_create(200, 0);
  char *objects[10];
  for (int i = 0; i < 10; i++) objects[i] = pool_alloc(pool);
  for (int i = 0; i < 10; i++) objects[i][0] = objects[i][199] = 'x';
  for (int i = 0; i < 10; i++) pool_free(pool, objects[i]);
  pool_destroy(pool);
  return 0;
}
