// Frees a heap block twice.
// TITLES double-free
#include "classes.h"

CASE(at_once, char *a = text(10); use(a); free(a); if (number(bug)) free(a);)
CASE(calloc_block, int *a = (int *)calloc(10, 4); use(a); free(a); if (number(bug)) free(a);)
CASE(after_another, char *a = text(10); char *b = text(20); free(a); free(b); if (number(bug)) free(a);)
CASE(realloc_block, char *a = (char *)realloc(text(10), 100); use(a); free(a); if (number(bug)) free(a);)
CASE(large, char *a = text(100000); use(a); free(a); if (number(bug)) free(a);)
CASE(empty, char *a = (char *)malloc(number(0)); use(a); free(a); if (number(bug)) free(a);)
CASE(aligned, char *a = (char *)aligned_alloc(64, 128); use(a); free(a); if (number(bug)) free(a);)
CASE(wide, wchar_t *a = (wchar_t *)calloc(9, 4); use(a); free(a); if (number(bug)) free(a);)
CASE(two_names, char *a = text(5); char *b = a; use(&b); free(a); a = NULL; if (number(bug)) free(b);)
CASE(in_loop, char *a = text(5); for (int i = 0; i <= number(bug); i++) free(a);)

static char *shared;
NOINLINE static void drop_shared(void) {
  free(shared);
}
CASE(through_global, shared = text(5); drop_shared(); if (!bug) shared = NULL; drop_shared();)

NOINLINE static void drop_holder(struct holder *h) {
  free(h->data);
  if (h->size) h->data = NULL;
}
CASE(through_struct, struct holder h = {text(9), !bug}; drop_holder(&h); drop_holder(&h);)

NOINLINE static void drop_all(char **list, int count) {
  for (int i = 0; i < count; i++) free(list[i]);
}
CASE(in_list, char *list[3]; list[0] = text(1); list[1] = text(2); list[2] = bug ? list[0] : text(3); drop_all(list, 3);)
CASE(realloc_zero_then_free, char *a = text(5); char *b = (char *)realloc(a, 50); use(b); free(b); if (number(bug)) free(b);)
