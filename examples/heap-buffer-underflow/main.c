// Trims white space off the end of a line that is nothing else, and goes on before its start.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void trim(char *line) {
  char *end = line + strlen(line) - 1;
  while (*end == ' ') *end-- = 0;
}

int main(void) {
  char *line = malloc(8);
  memcpy(line, "       ", 8);
  trim(line);
  printf("[%s]\n", line);
  free(line);
  return 0;
}
