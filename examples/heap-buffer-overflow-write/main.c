// Forgets that a string ends with a zero byte.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *shout(const char *text) {
  size_t length = strlen(text);
  char *copy = malloc(length);
  for (size_t i = 0; i < length; i++) copy[i] = text[i] >= 'a' && text[i] <= 'z' ? text[i] - 32 : text[i];
  copy[length] = 0;
  return copy;
}

int main(int argc, char **argv) {
  char *loud = shout(argc > 1 ? argv[1] : "hello, wasm");
  puts(loud);
  free(loud);
  return 0;
}
