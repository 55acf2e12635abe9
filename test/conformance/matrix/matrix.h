// What the generated programs share: printing, and values that come from outside.
#include <alloca.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define NOINLINE __attribute__((noinline, unused))

struct pair {
  int first;
  int second;
};

struct record {
  char name[16];
  void *second;
  void *third;
};

static int global_true = 1;
static int global_five = 5;
static const int constant_five = 5;

NOINLINE static int returns_true(void) {
  return 1;
}

NOINLINE static void print_line(const char *line) {
  if (line != NULL) printf("%s\n", line);
}

NOINLINE static void print_wide_line(const wchar_t *line) {
  if (line == NULL) return;
  for (; *line != 0; line++) printf("%lc", (wint_t)*line);
  printf("\n");
}

NOINLINE static void print_int(int number) {
  printf("%d\n", number);
}

NOINLINE static void print_long_long(int64_t number) {
  printf("%" PRId64 "\n", number);
}

NOINLINE static void print_char(char c) {
  printf("%02x\n", (unsigned char)c);
}

NOINLINE static void print_wchar(wchar_t c) {
  printf("%02x\n", (unsigned)c);
}

NOINLINE static void print_pair(const struct pair *p) {
  printf("%d -- %d\n", p->first, p->second);
}

/** A number that a user typed, read the way programs do. */
NOINLINE static int read_number(const char *typed) {
  char input[16] = "";
  strncpy(input, typed, sizeof(input) - 1);
  return atoi(input);
}
