// Uses a local variable of a function that has returned.
// TITLES stack-use-after-return
// OPTIONS detect_stack_use_after_return
#include "classes.h"

NOINLINE static void show(long long value) {
  __asm__ volatile("" : : "r"(value));
}

static char *kept;
static int *kept_int;
static struct item *kept_item;
static char still[64];

NOINLINE static char *forget(int local) {
  char a[40];
  memset(a, 'a', 40);
  use(a);
  char *p = local ? a : still;
  __asm__ volatile("" : "+r"(p));
  return p;
}
NOINLINE static void keep(int local) {
  int a[10];
  memset(a, 0, 40);
  use(a);
  kept_int = number(local) ? a : (int *)still;
}
NOINLINE static void keep_item(int local) {
  struct item a;
  memset(&a, 0, sizeof a);
  use(&a);
  kept_item = number(local) ? &a : (struct item *)still;
}
NOINLINE static void keep_through(char **to, int local) {
  char a[24];
  memset(a, 1, 24);
  use(a);
  *to = number(local) ? a : still;
}
NOINLINE static void keep_scalar(int local) {
  int a = 4;
  use(&a);
  kept_int = number(local) ? &a : (int *)still;
}
NOINLINE static void keep_in(struct holder *h, int local) {
  char a[48];
  memset(a, 1, 48);
  use(a);
  h->data = number(local) ? a : still;
}

CASE(read_returned, char *p = forget(bug); show(p[number(3)]);)
CASE(write_returned, char *p = forget(bug); p[number(3)] = 1; use(still);)
CASE(last_byte, char *p = forget(bug); show(p[number(39)]);)
CASE(kept_in_global, keep(bug); show(kept_int[number(2)]);)
CASE(kept_write, keep(bug); kept_int[number(9)] = 1; use(still);)
CASE(kept_struct, keep_item(bug); show(kept_item->wide);)
CASE(kept_name, keep_item(bug); kept_item->name[number(2)] = 1; use(still);)
CASE(out_parameter, char *p; keep_through(&p, bug); show(p[number(5)]);)
CASE(scalar, keep_scalar(bug); show(*kept_int + number(0));)
CASE(in_structure, struct holder h; keep_in(&h, bug); show(h.data[number(7)]);)
CASE(memset_returned, char *p = forget(bug); memset(p, 0, number(20)); use(still);)
CASE(strlen_returned, still[20] = 0; char *p = forget(bug); show(strnlen(p, number(20)));)
CASE(twice, keep(bug); int *p = kept_int; use(p); show(p[number(1)]);)
