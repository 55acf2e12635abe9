// Frees the pointer it walked with, not the one it got.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
  char *line = strdup("   indented");
  while (isspace((unsigned char)*line)) line++;
  puts(line);
  free(line);
  return 0;
}
