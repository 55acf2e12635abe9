// What the cases of this folder share. CASE(name, body) makes two functions of one body: bad_name, in which `bug` is 1, and
// its clean twin good_name, in which it is 0.
#include <alloca.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define NOINLINE __attribute__((noinline, unused))
#define CASE(name, ...)                                    \
  NOINLINE static void bad_##name(void) {                  \
    enum { bug = 1 };                                      \
    __VA_ARGS__                                            \
  }                                                        \
  NOINLINE static void good_##name(void) {                 \
    enum { bug = 0 };                                      \
    __VA_ARGS__                                            \
  }

/** Somebody who may look at everything and change anything. */
NOINLINE static void use(const void *p) {
  __asm__ volatile("" : : "r"(p) : "memory");
}

/** A number the optimizer does not know. */
NOINLINE static int number(int value) {
  __asm__ volatile("" : "+r"(value));
  return value;
}

/** A text of this many characters and its zero byte. */
NOINLINE static char *text(int length) {
  char *p = (char *)malloc(length + 1);
  memset(p, 'A', length);
  p[length] = 0;
  return p;
}

struct item {
  int key;
  char name[16];
  long long wide;
};

struct holder {
  char *data;
  int size;
};
