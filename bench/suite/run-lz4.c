// Compresses and expands text-like data: unaligned loads and stores, copies.
#include "bench.h"
#include "lz4.h"
#include <stdlib.h>
#include <string.h>

RUN double run(int rounds) {
  enum { SIZE = 1 << 20 };
  char *data = malloc(SIZE), *back = malloc(SIZE), *packed = malloc(LZ4_compressBound(SIZE));
  unsigned seed = 7;
  for (int i = 0; i < SIZE; i++) {
    if (i % 64 == 0) seed = seed * 1103515245u + 12345u;
    data[i] = "etaoin shrdlu cmfwyp vbgkqj xz .,"[((seed >> 16) + i * (seed >> 28)) % 33];
  }
  double total = 0;
  for (int round = 0; round < rounds; round++) {
    int n = LZ4_compress_default(data, packed, SIZE, LZ4_compressBound(SIZE));
    int m = LZ4_decompress_safe(packed, back, n, SIZE);
    total += n + m + (memcmp(data, back, SIZE) == 0);
  }
  free(data), free(back), free(packed);
  return total;
}
