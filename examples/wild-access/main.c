// Takes the error value of a lookup for an address: past the end of memory, at the very top of the address space.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define NOT_FOUND ((const char *)-16)

static const char *lookup(const char *key) {
  return strcmp(key, "colour") == 0 ? "green" : NOT_FOUND;
}

int main(void) {
  const char *value = lookup("color");
  printf("it starts with %c\n", value[0]);
  return 0;
}
