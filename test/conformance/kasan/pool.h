// Pools over the allocator, as the kernel's kmem_cache and mempool are over the page allocator: `reserve` objects are kept
// ready, and everything handed out or taken back goes through malloc and free.

struct pool {
  size_t size;
  int reserve;
  void **ready;
};

static inline __attribute__((always_inline)) void *pool_alloc(struct pool *pool) {
  void *p = pool->reserve > 0 ? pool->ready[--pool->reserve] : malloc(pool->size);
  HIDE(p);
  return p;
}

static inline __attribute__((always_inline)) void pool_free(struct pool *pool, void *p) {
  (void)pool;
  free(p);
}

NOINLINE static struct pool *pool_create(size_t size, int reserve) {
  struct pool *pool = malloc(sizeof *pool);
  pool->size = size;
  pool->reserve = reserve;
  pool->ready = malloc(reserve * sizeof(void *));
  for (int i = 0; i < reserve; i++) pool->ready[i] = malloc(size);
  return pool;
}

NOINLINE static void pool_destroy(struct pool *pool) {
  while (pool->reserve > 0) free(pool->ready[--pool->reserve]);
  free(pool->ready);
  free(pool);
}
