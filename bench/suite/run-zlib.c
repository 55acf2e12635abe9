// Deflates and inflates: byte loops over windows and hash chains.
#include "bench.h"
#include <stdlib.h>
#include <string.h>
#include "zlib.h"

RUN double run(int rounds) {
  enum { SIZE = 1 << 20 };
  unsigned char *data = malloc(SIZE), *back = malloc(SIZE);
  uLong bound = compressBound(SIZE);
  unsigned char *packed = malloc(bound);
  unsigned seed = 7;
  for (int i = 0; i < SIZE; i++) {
    if (i % 48 == 0) seed = seed * 1103515245u + 12345u;
    data[i] = "etaoin shrdlu cmfwyp vbgkqj xz .,"[((seed >> 16) + i * (seed >> 28)) % 33];
  }
  double total = 0;
  for (int round = 0; round < rounds; round++) {
    uLongf n = bound, m = SIZE;
    compress2(packed, &n, data, SIZE, 6);
    for (int k = 0; k < 3; k++) m = SIZE, uncompress(back, &m, packed, n);
    total += n + m + (memcmp(data, back, SIZE) == 0);
  }
  free(data), free(back), free(packed);
  return total;
}
