// K41 kmem_cache_double_destroy: the descriptor of a destroyed pool is itself freed memory.
// FINDS heap-use-after-free|slab-use-after-free, READ of size 4, 0 bytes inside 12-byte region, at A
#include "kasan.h"
#include "pool.h"

int main(void) {
  struct pool *pool = pool_create(200, 0);
  pool_destroy(pool);
  HIDE(pool);
  size_t size = pool->size; // <- A
  HIDE(size);
  return 0;
}
