// Removes the front of a buffer, and more of it than there is.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void drop(char *buffer, int length, int count) {
  memmove(buffer, buffer + count, length - count);
}

int main(void) {
  char *buffer = malloc(16);
  memcpy(buffer, "0123456789abcde", 16);
  drop(buffer, 16, 18);
  puts(buffer);
  free(buffer);
  return 0;
}
