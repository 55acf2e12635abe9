// Uses mimalloc, rightly and wrongly. Compiled by Emscripten 3.1.6 with the sources of mimalloc in later versions of it: 2.1.2 (of
// 3.1.69, where -sMALLOC=mimalloc brings it) and 3.4.1 (of 6.0.5), each with the flags of its tools/system_libs.py and -O2:
//   emcc -O2 users.c mimalloc/*.o emmalloc.o -sMALLOC=none -sALLOW_MEMORY_GROWTH -o v2.js
#include <emscripten.h>
#include <stdlib.h>
#include <string.h>

/** operator new(unsigned long): of version 3, it does not call malloc. */
void *_Znwm(size_t size);

EMSCRIPTEN_KEEPALIVE int fill(int size, int count) {
  char *block = malloc(size);
  for (int i = 0; i < count; i++) block[i] = i;
  int last = block[count - 1];
  free(block);
  return last;
}

/** Forgets a block, and another that it points to; a third is resized and freed. */
EMSCRIPTEN_KEEPALIVE void lose(int size) {
  void *volatile *block = malloc(size);
  block[1] = realloc(malloc(8), 16);
  char *volatile third = malloc(size);
  third[0] = 1;
  free(realloc(third, 8));
}

EMSCRIPTEN_KEEPALIVE int after(int size) {
  volatile char *block = malloc(size);
  free((void *)block);
  return block[size - 1];
}

EMSCRIPTEN_KEEPALIVE void twice(int size) {
  void *volatile block = malloc(size);
  free(block);
  free(block);
}

static void *allocate(unsigned how, size_t size) {
  switch (how & 3) {
    case 0: return malloc(size);
    case 1: return calloc(1, size);
    case 2: return _Znwm(size);
    default: return aligned_alloc(64, size);
  }
}

/** Blocks of all origins that grow, move and shrink between others; each is checked for what it held. */
EMSCRIPTEN_KEEPALIVE int shuffle(int rounds) {
  char *blocks[64] = {0};
  int sizes[64] = {0};
  unsigned seed = 1;
  for (int r = 0; r < rounds; r++) {
    seed = seed * 1103515245 + 12345;
    int i = (seed >> 16) & 63, size = 1 + ((seed >> 20) & ((seed >> 12) & 1 ? 4095 : 255));
    if ((seed >> 8) & 1) {
      for (int k = 0; k < sizes[i]; k++) if (blocks[i][k] != (char)i) return r;
      free(blocks[i]);
      blocks[i] = allocate(seed >> 9, size);
    } else {
      blocks[i] = realloc(blocks[i], size);
      for (int k = 0; k < sizes[i] && k < size; k++) if (blocks[i][k] != (char)i) return r;
    }
    memset(blocks[i], i, size);
    sizes[i] = size;
  }
  for (int i = 0; i < 64; i++) free(blocks[i]);
  return -1;
}
