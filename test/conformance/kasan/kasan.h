// What the programs of this folder share. The kernel's names for things are in the first line of each program.
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The optimizer forgets what it knows about a value, as after the kernel's OPTIMIZER_HIDE_VAR.
#define HIDE(value) __asm__ volatile("" : "+r"(value))
#define NOINLINE __attribute__((noinline))

// Sizes from here up leave the slabs for whole pages in scheme=kasan.
#define MAXC 8192

static char *block(size_t size) {
  char *p = malloc(size);
  HIDE(p);
  return p;
}

// The same pointer, as far as anybody can tell: an access through it is not known to repeat an earlier one, whose check
// would do for both.
__attribute__((noinline, unused)) static void *again(void *p) {
  HIDE(p);
  return p;
}
