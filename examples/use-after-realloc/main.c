// Keeps a pointer into a buffer that grew, and so moved.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
  char *path = malloc(8);
  strcpy(path, "/usr");
  char *end = path + strlen(path);
  path = realloc(path, 64);
  *end = '/';
  puts(path);
  free(path);
  return 0;
}
