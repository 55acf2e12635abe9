// LZ4: decompress anything; compress and decompress must give the same bytes back.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "lz4.h"

enum { ROOM = 1 << 14 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *room = malloc(ROOM);
  LZ4_decompress_safe((const char *)data, room, (int)size, ROOM);
  LZ4_decompress_safe_partial((const char *)data, room, (int)size, 100, ROOM);
  if (size <= ROOM) {
    int bound = LZ4_compressBound((int)size);
    char *packed = malloc(bound);
    int length = LZ4_compress_default((const char *)data, packed, (int)size, bound);
    if (LZ4_decompress_safe(packed, room, length, ROOM) != (int)size || memcmp(room, data, size)) abort();
    free(packed);
  }
  free(room);
  return 0;
}
