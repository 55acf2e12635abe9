// Not timed as a program: malloc and free among a number of blocks that stay alive (the section "growth").
#include <stdint.h>
#include <stdlib.h>

#define EXPORT(name) __attribute__((export_name(#name)))

static void **live;
static uint32_t count, seed = 42;

static uint32_t next(void) { return seed = seed * 1664525u + 1013904223u; }

static void *block(void) {
  uint32_t *p = malloc(16 + next() % 96);
  *p = seed;
  return p;
}

/** Makes n live blocks. */
EXPORT(fill) void fill(int n) {
  count = n;
  live = malloc(n * sizeof *live);
  for (uint32_t i = 0; i < count; i++) live[i] = block();
}

/** Frees a block in an order without pattern and makes another, `rounds` times. */
EXPORT(churn) void churn(int rounds) {
  for (int i = 0; i < rounds; i++) {
    uint32_t slot = (uint64_t)next() * count >> 32;
    free(live[slot]);
    live[slot] = block();
  }
}

EXPORT(drain) void drain(void) {
  for (uint32_t i = 0; i < count; i++) free(live[i]);
  free(live);
}
