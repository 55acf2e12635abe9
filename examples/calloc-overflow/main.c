// Multiplies two numbers out of a file header, and the product wraps around.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct header {
  uint32_t width, height;
};

static uint32_t *canvas(const struct header *header) {
  return calloc((size_t)header->width * header->height, sizeof(uint32_t));
}

int main(void) {
  volatile struct header damaged = {65536, 16385};
  struct header header = {damaged.width, damaged.height};
  uint32_t *pixels = canvas(&header);
  printf("%s\n", pixels == NULL ? "refused" : "ready");
  free(pixels);
  return 0;
}
