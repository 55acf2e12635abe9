// Small loops that live on one kind of access each; LOOP names the one to run.
#include "bench.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static double sieve(int n) {
  uint8_t *composite = calloc(n, 1);
  int primes = 0;
  for (int i = 2; i < n; i++) {
    if (composite[i]) continue;
    primes++;
    for (int k = 2 * i; k < n; k += i) composite[k] = 1;
  }
  free(composite);
  return primes;
}

struct node {
  struct node *next;
  uint32_t value;
};

// In an order without a pattern (Sattolo: one cycle of all). With a constant distance from node to node the processor guessed
// the next address in the checked loop but not in the plain one, which the engine unrolls: checking looked three times faster.
static double chase(int n) {
  struct node *nodes = malloc(n * sizeof *nodes);
  for (int i = 0; i < n; i++) nodes[i].next = &nodes[i], nodes[i].value = i;
  uint32_t seed = 1;
  for (int i = n - 1; i > 0; i--) {
    seed = seed * 1664525u + 1013904223u;
    int other = (seed >> 8) % i;
    struct node *next = nodes[i].next;
    nodes[i].next = nodes[other].next, nodes[other].next = next;
  }
  uint32_t sum = 0;
  struct node *at = nodes;
  for (int i = 0; i < 8 * n; i++) sum += at->value, at = at->next;
  free(nodes);
  return sum;
}

static void quick(int32_t *a, int low, int high) {
  while (low < high) {
    int32_t pivot = a[(low + high) / 2];
    int i = low, j = high;
    while (i <= j) {
      while (a[i] < pivot) i++;
      while (a[j] > pivot) j--;
      if (i > j) break;
      int32_t t = a[i];
      a[i++] = a[j], a[j--] = t;
    }
    if (j - low < high - i) quick(a, low, j), low = i;
    else quick(a, i, high), high = j;
  }
}

static double sort(int n) {
  int32_t *a = malloc(n * sizeof *a);
  uint32_t seed = 1;
  for (int i = 0; i < n; i++) a[i] = (seed = seed * 1664525u + 1013904223u) >> 1;
  quick(a, 0, n - 1);
  double sum = 0;
  for (int i = 0; i < n; i += 97) sum += a[i];
  free(a);
  return sum;
}

static double crc(int n) {
  uint32_t *table = malloc(256 * sizeof *table);
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t c = i;
    for (int k = 0; k < 8; k++) c = c & 1 ? 0xedb88320u ^ (c >> 1) : c >> 1;
    table[i] = c;
  }
  uint8_t *data = malloc(n);
  for (int i = 0; i < n; i++) data[i] = i * 31;
  uint32_t c = ~0u;
  for (int round = 0; round < 8; round++)
    for (int i = 0; i < n; i++) c = table[(c ^ data[i]) & 255] ^ (c >> 8);
  free(data), free(table);
  return ~c;
}

static double strings(int n) {
  // Tokenise, hash and count words: bytes, short objects, a hash table with chains.
  static const char text[] = "the quick brown fox jumps over the lazy dog and runs away from the other quick dogs ";
  struct entry { struct entry *next; uint32_t hash; int count; char word[16]; } **table = calloc(64, sizeof *table);
  double total = 0;
  for (int round = 0; round < n; round++) {
    const char *p = text;
    while (*p) {
      char word[16];
      int length = 0;
      uint32_t hash = 5381;
      while (*p && *p != ' ' && length < 15) hash = hash * 33 + (word[length++] = *p++);
      word[length] = 0;
      if (*p) p++;
      struct entry *e = table[hash % 64];
      while (e && (e->hash != hash || strcmp(e->word, word))) e = e->next;
      if (!e) {
        e = malloc(sizeof *e);
        e->hash = hash, e->count = 0, e->next = table[hash % 64];
        memcpy(e->word, word, length + 1);
        table[hash % 64] = e;
      }
      total += ++e->count;
    }
  }
  for (int i = 0; i < 64; i++)
    for (struct entry *e = table[i], *next; e; e = next) next = e->next, free(e);
  free(table);
  return total;
}

static double churn(int n) {
  // malloc and free: a window of live blocks of mixed sizes.
  enum { WINDOW = 512 };
  void **live = calloc(WINDOW, sizeof *live);
  uint32_t seed = 42;
  double sum = 0;
  for (int i = 0; i < n; i++) {
    seed = seed * 1664525u + 1013904223u;
    int slot = (seed >> 8) % WINDOW;
    free(live[slot]);
    uint32_t size = 8 + (seed >> 20) % 200;
    live[slot] = malloc(size);
    *(uint32_t *)live[slot] = size;
    sum += size;
  }
  for (int i = 0; i < WINDOW; i++) free(live[i]);
  free(live);
  return sum;
}

RUN double run(int n) { return LOOP(n); }
