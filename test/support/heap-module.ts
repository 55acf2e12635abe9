// A library whose one function writes a byte where it is told, into a block of 10: right below 10, an overflow from there on.

export const HEAP_SOURCE = `#include <stdlib.h>
__attribute__((export_name("run"))) int run(int at) {
  volatile char *block = malloc(10);
  block[at] = 1;
  free((void *)block);
  return at;
}
`;
