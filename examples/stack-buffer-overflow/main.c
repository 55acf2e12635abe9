// Reads a name into a buffer on the stack, one byte longer than it is.
#include <stdio.h>
#include <string.h>

static int initials(const char *name) {
  char copy[8];
  int length = 0;
  while (name[length] != 0) {
    copy[length] = name[length];
    length++;
  }
  copy[length] = 0;
  return copy[0];
}

int main(int argc, char **argv) {
  printf("%c\n", initials(argc > 1 ? argv[1] : "Alexandra"));
  return 0;
}
