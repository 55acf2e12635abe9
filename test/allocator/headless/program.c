// An allocator with mimalloc's ways, under its names for the host: pages of blocks of one size without any header, and an
// operator new that allocates by itself what free gives back. And a program that uses all of it.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define EXPORT(name) __attribute__((export_name(name), noinline))
#define PAGE 32768
#define PAGES 96
#define LARGEST 24576

typedef struct Free {
  struct Free *next;
} Free;

static _Alignas(PAGE) char arena[PAGES * PAGE];
static uint16_t block_size[PAGES];
static Free *lists[LARGEST / 16 + 1];
static int used;

static size_t size_at(const void *p) { return block_size[((const char *)p - arena) / PAGE]; }

static __attribute__((always_inline)) inline void *take(size_t size) {
  size_t class = size ? (size + 15) / 16 : 1;
  if (class > LARGEST / 16) return NULL;
  if (!lists[class]) {
    if (used == PAGES) return NULL;
    char *page = arena + used * PAGE;
    block_size[used++] = class * 16;
    for (size_t at = 0; at + class * 16 <= PAGE; at += class * 16) {
      Free *block = (Free *)(page + at);
      block->next = lists[class];
      lists[class] = block;
    }
  }
  Free *block = lists[class];
  lists[class] = block->next;
  return block;
}

EXPORT("malloc") void *own_malloc(size_t size) { return take(size); }
EXPORT("_Znwm") void *own_new(size_t size) { return take(size); }
EXPORT("malloc_usable_size") size_t own_malloc_usable_size(void *p) { return p ? size_at(p) : 0; }

EXPORT("free") void own_free(void *p) {
  if (!p) return;
  Free *block = p;
  size_t class = size_at(p) / 16;
  block->next = lists[class];
  lists[class] = block;
}

EXPORT("realloc") void *own_realloc(void *p, size_t size) {
  if (p && size && size <= size_at(p)) return p;
  void *moved = take(size);
  if (p && moved) memcpy(moved, p, size < size_at(p) ? size : size_at(p));
  own_free(p);
  return moved;
}

// ------------------------------------------------------------------------------------------------ the program

static int mix(unsigned *seed) { return (*seed = *seed * 1103515245 + 12345) >> 16; }

/** Blocks of both origins that grow, move and shrink between each other, used as far as they say that they reach. */
static int shuffle(int rounds) {
  static unsigned char *blocks[32];
  static size_t sizes[32];
  unsigned seed = 1;
  for (int round = 0; round < rounds; round++) {
    int i = mix(&seed) & 31, how = mix(&seed) & 3;
    size_t size = 1 + (mix(&seed) & 511), kept = size < sizes[i] ? size : sizes[i];
    if (how == 0) blocks[i] = own_realloc(blocks[i], size);
    else {
      for (size_t k = 0; k < sizes[i]; k++) if (blocks[i][k] != i) return round;
      own_free(blocks[i]);
      blocks[i] = how == 1 ? own_new(size) : own_malloc(size);
      kept = 0;
    }
    for (size_t k = 0; k < kept; k++) if (blocks[i][k] != i) return round;
    if (how == 3) size = own_malloc_usable_size(blocks[i]);
    memset(blocks[i], i, size);
    sizes[i] = size;
  }
  return -1;
}

int main(int argc, char **argv) {
  printf("%d\n", shuffle(6000));
  const char *mode = argc > 1 ? argv[1] : "";
  volatile char *block = own_malloc(21), *other = own_new(21), *neighbour = own_malloc(32);
  block[20] = other[20] = neighbour[0] = neighbour[31] = 1;
  if (!strcmp(mode, "over")) block[21] = 1;
  if (!strcmp(mode, "over-new")) other[31] = 1;
  own_free((void *)other);
  own_free((void *)block);
  if (!strcmp(mode, "freed")) return block[3];
  if (!strcmp(mode, "twice")) own_free((void *)block);
  return 0;
}
