// A program for several threads, without a C library: an allocator behind a lock of its own, a mailbox between threads, a
// right workload, and one wrong function per class of bug. Each exported `run_*` is what one thread is told to do.

typedef unsigned long size_t;
typedef unsigned u32;

#define EXPORT(name) __attribute__((export_name(name)))
#define NULL ((void *)0)

/** One stack per thread, for the host to set the stack pointer to. */
__attribute__((aligned(16))) char stacks[8][16384];

// ---------------------------------------------------------------------------------------------- locks

static void wait_while(u32 *at, u32 value) { __builtin_wasm_memory_atomic_wait32((int *)at, (int)value, -1); }
static void wake(u32 *at, u32 count) { __builtin_wasm_memory_atomic_notify((int *)at, count); }

static void lock(u32 *mutex) {
  u32 old = 0;
  if (__atomic_compare_exchange_n(mutex, &old, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) return;
  while (__atomic_exchange_n(mutex, 2, __ATOMIC_SEQ_CST) != 0) wait_while(mutex, 2);
}

static void unlock(u32 *mutex) {
  if (__atomic_exchange_n(mutex, 0, __ATOMIC_SEQ_CST) == 2) wake(mutex, 1);
}

// ---------------------------------------------------------------------------------------------- malloc

struct block {
  size_t size; // of the payload, a multiple of 16
  struct block *next;
  size_t unused[2];
};

extern unsigned char __heap_base;
static u32 heap_mutex;
static struct block *free_lists[64]; // by size / 16; larger blocks are not used again
static size_t heap_top;

static void *take(size_t size) {
  struct block **list = size / 16 < 64 ? &free_lists[size / 16] : NULL;
  if (list && *list) {
    struct block *first = *list;
    *list = first->next;
    return first + 1;
  }
  if (!heap_top) heap_top = ((size_t)&__heap_base + 15) & ~15ul;
  size_t end = heap_top + sizeof(struct block) + size;
  size_t limit = __builtin_wasm_memory_size(0) << 16;
  if (end > limit && __builtin_wasm_memory_grow(0, ((end - limit) >> 16) + 1) == (size_t)-1) return NULL;
  struct block *block = (struct block *)heap_top;
  heap_top = end;
  block->size = size;
  return block + 1;
}

EXPORT("malloc") __attribute__((noinline)) void *malloc(size_t size) {
  lock(&heap_mutex);
  void *result = take(size < 16 ? 16 : (size + 15) & ~15ul);
  unlock(&heap_mutex);
  return result;
}

EXPORT("free") __attribute__((noinline)) void free(void *pointer) {
  if (!pointer) return;
  lock(&heap_mutex);
  struct block *block = (struct block *)pointer - 1;
  if (block->size / 16 < 64) {
    block->next = free_lists[block->size / 16];
    free_lists[block->size / 16] = block;
  }
  unlock(&heap_mutex);
}

// ---------------------------------------------------------------------------------------------- a right program

#define SLOTS 64
static u32 *mailbox[SLOTS];
static u32 mailbox_mutex;

/** Fills blocks, hands them to whoever comes by, checks and frees what others left. Returns how often contents were wrong. */
EXPORT("run_load") u32 run_load(u32 seed, u32 rounds) {
  u32 wrong = 0;
  for (u32 i = 0; i < rounds; i++) {
    seed = seed * 1664525 + 1013904223;
    u32 words = 2 + ((seed >> 20) & 63);
    u32 *block = malloc(words * sizeof(u32));
    block[0] = words;
    for (u32 k = 1; k < words; k++) block[k] = words * k;
    u32 slot = (seed >> 8) % SLOTS;
    lock(&mailbox_mutex);
    u32 *other = mailbox[slot];
    mailbox[slot] = block;
    unlock(&mailbox_mutex);
    if (!other) continue;
    for (u32 k = 1; k < other[0]; k++) wrong += other[k] != other[0] * k;
    free(other);
  }
  return wrong;
}

EXPORT("run_cleanup") u32 run_cleanup(void) {
  for (u32 slot = 0; slot < SLOTS; slot++) free(mailbox[slot]);
  return 0;
}

// ---------------------------------------------------------------------------------------------- wrong programs

static u32 *shared;
static u32 sink;

EXPORT("run_allocate") u32 run_allocate(u32 words) {
  shared = malloc(words * sizeof(u32));
  for (u32 k = 0; k < words; k++) shared[k] = k;
  return 0;
}

EXPORT("run_free") u32 run_free(void) {
  free(shared);
  return 0;
}

EXPORT("run_read") u32 run_read(u32 index) {
  return sink = shared[index];
}

EXPORT("run_overflow") u32 run_overflow(u32 words) {
  u32 *block = malloc(words * sizeof(u32));
  for (u32 k = 0; k <= words; k++) block[k] = k;
  free(block);
  return 0;
}

EXPORT("run_wait") u32 run_wait(void) {
  return (u32)__builtin_wasm_memory_atomic_wait32((int *)shared, 12345, 0);
}

EXPORT("run_notify") u32 run_notify(void) {
  return (u32)__builtin_wasm_memory_atomic_notify((int *)shared, 1);
}

EXPORT("run_add") u32 run_add(void) {
  return __atomic_fetch_add(shared, 1, __ATOMIC_SEQ_CST);
}

/** Waits until `parties` threads are here, so that they go on at the same time. */
static u32 arrived;
EXPORT("run_meet") u32 run_meet(u32 parties) {
  __atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);
  while (__atomic_load_n(&arrived, __ATOMIC_SEQ_CST) < parties) {}
  return 0;
}
