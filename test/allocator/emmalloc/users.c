// Uses all of malloc's family, rightly and wrongly. Compiled by Emscripten 3.1.6, at -O1 and, with optimised calls, at -O2:
//   emcc -O1 users.c -sMALLOC=emmalloc -o O1.js;  emcc -O2 users.c -sMALLOC=emmalloc -o O2.js
#include <emscripten.h>
#include <stdlib.h>
#include <string.h>

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

/** Blocks that grow, move and shrink between others; each is checked for what it held. */
EMSCRIPTEN_KEEPALIVE int shuffle(int rounds) {
  char *blocks[16] = {0};
  int sizes[16] = {0};
  unsigned seed = 1;
  for (int r = 0; r < rounds; r++) {
    seed = seed * 1103515245 + 12345;
    int i = (seed >> 16) & 15, size = 1 + ((seed >> 20) & 1023);
    if ((seed >> 8) & 1) {
      for (int k = 0; k < sizes[i]; k++) if (blocks[i][k] != (char)i) return r;
      free(blocks[i]);
      blocks[i] = (seed >> 9) & 1 ? calloc(1, size) : malloc(size);
    } else {
      blocks[i] = realloc(blocks[i], size);
      for (int k = 0; k < sizes[i] && k < size; k++) if (blocks[i][k] != (char)i) return r;
    }
    memset(blocks[i], i, size);
    sizes[i] = size;
  }
  for (int i = 0; i < 16; i++) free(blocks[i]);
  return -1;
}

/** Whether the block lies where it was asked to, and the byte at `at` in it after it was written. */
EMSCRIPTEN_KEEPALIVE int aligned(int alignment, int size, int at) {
  volatile char *block = aligned_alloc(alignment, size);
  if ((unsigned)block % alignment) return -1;
  block[at] = 7;
  int last = block[at];
  free((void *)block);
  return last;
}
