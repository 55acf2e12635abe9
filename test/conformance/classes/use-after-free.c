// Uses memory whose life is over: a freed block, a frame that has returned.
// TITLES heap-use-after-free stack-use-after-return stack-use-after-scope double-free
#include "classes.h"

NOINLINE static void show(long long value) {
  __asm__ volatile("" : : "r"(value));
}

CASE(read, char *a = text(10); if (bug) free(a); show(a[number(3)]); if (!bug) free(a);)
CASE(write, int *a = (int *)calloc(10, 4); use(a); if (bug) free(a); a[number(3)] = 1; use(a); if (!bug) free(a);)
CASE(wide, wchar_t *a = (wchar_t *)calloc(10, 4); use(a); if (bug) free(a); show(a[number(9)]); if (!bug) free(a);)
CASE(long_long, long long *a = (long long *)malloc(8); use(a); *a = 4; if (bug) free(a); show(*a + number(1)); if (!bug) free(a);)
CASE(struct_member, struct item *a = (struct item *)calloc(1, sizeof *a); use(a); if (bug) free(a); show(a->wide); if (!bug) free(a);)
CASE(memcpy_from, char *a = text(10); char to[16]; if (bug) free(a); memcpy(to, a, number(10)); use(to); if (!bug) free(a);)
CASE(memset_block, char *a = text(30); if (bug) free(a); memset(a, 1, number(30)); use(a); if (!bug) free(a);)
CASE(strlen_text, char *a = text(30); if (bug) free(a); show(strlen(a)); if (!bug) free(a);)
CASE(print, char *a = text(30); char to[64]; if (bug) free(a); snprintf(to, 60, "%s", a); use(to); if (!bug) free(a);)
CASE(after_realloc, int *a = (int *)calloc(4, 4); use(a); int *b = (int *)realloc(a, 4000); show(bug ? a[number(1)] : b[number(1)]); free(b);)
CASE(large, char *a = text(100000); if (bug) free(a); show(a[number(70000)]); if (!bug) free(a);)
CASE(realloc_again, char *a = text(10); if (bug) free(a); char *b = (char *)realloc(bug ? a : NULL, 20); use(b); if (!bug) free(a), free(b);)

static struct item *shared;
NOINLINE static void touch_shared(void) {
  shared->key++;
}
CASE(through_global, shared = (struct item *)calloc(1, sizeof *shared); if (bug) free(shared); touch_shared(); if (!bug) free(shared);)

NOINLINE static char *joined(void) {
  char *a = text(20);
  use(a);
  if (number(1)) free(a);
  return a;
}
NOINLINE static char *kept(void) {
  char *a = text(20);
  use(a);
  return a;
}
CASE(returned, char *a = bug ? joined() : kept(); show(a[number(2)]); if (!bug) free(a);)

CASE(in_list, struct holder *list[2]; for (int i = 0; i < 2; i++) list[i] = (struct holder *)calloc(1, sizeof **list);
     free(list[0]); show(list[number(!bug)]->size); free(list[1]);)

NOINLINE static char *frame_of_mine(int keep) {
  static char buffer[32];
  char local[32];
  memset(local, 'l', 32);
  use(local);
  char *p = keep ? buffer : local;
  __asm__ volatile("" : "+r"(p));
  return p;
}
CASE(returned_frame, char *p = frame_of_mine(!bug); show(p[number(4)]);)

static int *escaped;
NOINLINE static void lend(int keep) {
  static int whole[4];
  int local[4] = {1, 2, 3, 4};
  use(local);
  escaped = keep ? whole : local;
  use(escaped);
}
CASE(escaped_frame, lend(!bug); *escaped = number(5); use(escaped);)
