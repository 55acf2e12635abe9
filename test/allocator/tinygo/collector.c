// Heaps with the ways of TinyGo's, under its names. gc_blocks.go: blocks of 16 bytes, the states of which lie at the heap's end,
// objects marked from the stack, the globals and other objects, also by pointers into their middle, and swept. With
// -DLEAKING gc_leaking.go: what counts up.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BLOCK 16
#define PER_BYTE 4
#define OWN(name) __attribute__((noinline)) __asm__("runtime." name)

extern uint8_t __heap_base;
#define heap_start ((uintptr_t)&__heap_base)

static uintptr_t heap_end;
static uint64_t total_alloc, mallocs;
static void *roots[64];

void *alloc(size_t size, const void *layout) OWN("alloc");

#ifdef LEAKING

static uintptr_t pointer = heap_start;
static int collections = 7;

static void init_heap(void) { heap_end = __builtin_wasm_memory_size(0) * 65536; }

void run_gc(void) {}

void *alloc(size_t size, const void *layout) {
  (void)layout;
  size = (size + BLOCK - 1) & -BLOCK;
  uintptr_t begin = pointer;
  mallocs++;
  total_alloc += size;
  pointer += size;
  while (pointer >= heap_end) {
    if (__builtin_wasm_memory_grow(0, __builtin_wasm_memory_size(0)) == (size_t)-1) __builtin_trap();
    heap_end = __builtin_wasm_memory_size(0) * 65536;
  }
  return (void *)begin;
}

#else

enum { FREE, HEAD, TAIL, MARK };

static uint8_t *metadata;
static uintptr_t next, end_block, stack_top;
static int collections;
static uint8_t empty;

void calculate(void) OWN("calculateHeapAddresses");
int grow_heap(void) OWN("growHeap");
uintptr_t run_gc(void) OWN("runGC");
void mark_roots(uintptr_t from, uintptr_t to) OWN("markRoots");

static int state(uintptr_t block) { return metadata[block / PER_BYTE] >> block % PER_BYTE * 2 & 3; }

static void set_state(uintptr_t block, int to) {
  metadata[block / PER_BYTE] &= ~(3 << block % PER_BYTE * 2);
  metadata[block / PER_BYTE] |= to << block % PER_BYTE * 2;
}

void calculate(void) {
  uintptr_t size = (heap_end - heap_start + PER_BYTE * BLOCK) / (1 + PER_BYTE * BLOCK);
  metadata = (uint8_t *)(heap_end - size);
  end_block = ((uintptr_t)metadata - heap_start) / BLOCK;
}

static void init_heap(void) {
  heap_end = __builtin_wasm_memory_size(0) * 65536;
  calculate();
  memset(metadata, 0, heap_end - (uintptr_t)metadata);
  stack_top = (uintptr_t)__builtin_frame_address(0);
}

int grow_heap(void) {
  if (__builtin_wasm_memory_grow(0, __builtin_wasm_memory_size(0)) == (size_t)-1) return 0;
  uint8_t *old = metadata;
  uintptr_t size = heap_end - (uintptr_t)metadata;
  heap_end = __builtin_wasm_memory_size(0) * 65536;
  calculate();
  memcpy(metadata, old, size);
  return 1;
}

/** Objects that are marked are scanned again until no more are found. */
void mark_roots(uintptr_t from, uintptr_t to) {
  for (uintptr_t at = from & ~3ul; at + 4 <= to; at += 4) {
    uintptr_t value = *(volatile uintptr_t *)at;
    if (value < heap_start || value >= (uintptr_t)metadata) continue;
    uintptr_t block = (value - heap_start) / BLOCK;
    while (state(block) == TAIL) block--;
    if (state(block) != HEAD) continue;
    set_state(block, MARK);
    uintptr_t end = block + 1;
    while (end < end_block && state(end) == TAIL) end++;
    mark_roots(heap_start + block * BLOCK, heap_start + end * BLOCK);
  }
}

uintptr_t run_gc(void) {
  uintptr_t left = 0;
  collections++;
  mark_roots((uintptr_t)__builtin_frame_address(0), stack_top);
  mark_roots((uintptr_t)roots, (uintptr_t)(roots + 64));
  int live = 0;
  for (uintptr_t i = 0; i < end_block; i++) {
    int was = state(i);
    if (was == MARK) set_state(i, HEAD), live = 1;
    else if (was == HEAD) set_state(i, FREE), live = 0;
    else if (was == TAIL && !live) set_state(i, FREE);
    left += state(i) == FREE ? BLOCK : 0;
  }
  return left;
}

void *alloc(size_t size, const void *layout) {
  (void)layout;
  if (size == 0) return &empty;
  total_alloc += size;
  mallocs++;
  uintptr_t blocks = (size + BLOCK - 1) / BLOCK, index = next, run = 0;
  for (int scans = 0;;) {
    if (index == next) {
      if (scans == 0) scans = 1;
      else if (scans == 1) {
        scans = 2;
        if (run_gc() < ((uintptr_t)metadata - heap_start) / 3) grow_heap();
      } else if (!grow_heap()) __builtin_trap();
    }
    if (index == end_block) {
      index = run = 0;
      continue;
    }
    run = state(index++) == FREE ? run + 1 : 0;
    if (run < blocks) continue;
    next = index;
    uintptr_t first = index - blocks;
    set_state(first, HEAD);
    for (uintptr_t i = first + 1; i != next; i++) set_state(i, TAIL);
    return memset((void *)(heap_start + first * BLOCK), 0, size);
  }
}

#endif

#ifdef EXPORTED
#define EXPORT(name) __attribute__((noinline, export_name(name)))

__attribute__((noinline)) void *c_malloc(size_t size) { return alloc(size, NULL); }
__attribute__((noinline)) void c_free(void *block) { roots[1] = block == roots[1] ? NULL : roots[1]; }
EXPORT("malloc") void *exported_malloc(size_t size) { return c_malloc(size); }
EXPORT("free") void exported_free(void *block) { c_free(block); }
#endif

// ------------------------------------------------------------------------------------------------ the program

typedef struct Node {
  struct Node *next;
  int length;
  char text[];
} Node;

/** In memory, where the collector looks: it knows nothing of the engine's registers. TinyGo sees to that, too. */
typedef Node *volatile Root;

__attribute__((noinline)) static Node *cons(Node *list, int length) {
  Root rest = list, node = alloc(sizeof(Node) + length, (void *)3);
  node->next = rest;
  node->length = length;
  memset(node->text, length, length);
  return node;
}

__attribute__((noinline)) static unsigned sum(Node *list) {
  unsigned total = 0;
  for (Node *node = list; node; node = node->next)
    for (int i = 0; i < node->length; i++) total += (unsigned char)node->text[i];
  return total;
}

/** A list that stays while others are dropped, between frames with arrays. */
__attribute__((noinline)) static unsigned churn(int depth) {
  volatile char frame[40];
  Root list = NULL;
  memset((char *)frame, depth, sizeof frame);
  for (int i = 1; i < 12; i++) list = cons(list, i * 3);
  unsigned total = depth > 0 ? churn(depth - 1) : 0;
  for (int i = 0; i < 40; i++) cons(NULL, 20 + i);
  return total + sum(list) + frame[depth];
}

/** Collections, while one object is known by a pointer into its middle alone. */
__attribute__((noinline)) static unsigned work(void) {
  char *volatile middle = (char *)cons(NULL, 100) + 60;
  roots[0] = cons(cons(NULL, 7), 9);
  unsigned total = 0;
  for (int round = 0; round < 20; round++) {
    total += churn(6);
    if (round % 5 == 4) run_gc();
  }
  for (int i = 0; i < 48; i++) total += middle[i - 10];
  return total + sum(roots[0]) + (alloc(0, NULL) == alloc(0, NULL));
}

#ifndef OVER
#define OVER 0
#endif
#ifndef COPY
#define COPY 21
#endif

/** Unknown to the compiler. */
static volatile int over = OVER, copied = COPY;

int main(void) {
  init_heap();
  unsigned total = work();
  printf("%u after %s collections\n", total, collections > 6 ? "many" : "few");
  char *block = alloc(21, NULL);
  block[20 + over] = 1;
  memcpy(block, (void *)heap_start, copied);
  return 0;
}
