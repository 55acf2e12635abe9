// Writes past the end of a heap block.
// TITLES heap-buffer-overflow
#include "classes.h"

CASE(char_index, char *a = (char *)malloc(10); use(a); a[number(bug ? 10 : 9)] = 1; use(a); free(a);)
CASE(char_loop, char *a = (char *)malloc(50); use(a); for (int i = 0; i < number(50 + bug); i++) a[i] = 'x'; use(a); free(a);)
CASE(int_loop, int *a = (int *)malloc(10 * sizeof(int)); use(a); for (int i = 0; i <= number(10 - !bug); i++) a[i] = i; use(a); free(a);)
CASE(wrong_unit, int *a = (int *)malloc(bug ? 10 : 40); use(a); for (int i = 0; i < number(10); i++) a[i] = i; use(a); free(a);)
CASE(wide_loop, wchar_t *a = (wchar_t *)calloc(20, sizeof(wchar_t)); use(a); for (int i = 0; i < number(20 + bug); i++) a[i] = L'w'; use(a); free(a);)
CASE(long_long, long long *a = (long long *)malloc(bug ? 4 : 8); use(a); *a = number(9); use(a); free(a);)
CASE(memcpy_text, char *a = (char *)malloc(16); use(a); char *from = text(31); memcpy(a, from, number(bug ? 32 : 16)); use(a); free(from); free(a);)
CASE(memmove_ints, int *a = (int *)malloc(40); use(a); int from[20] = {0}; memmove(a, from, number(bug ? 60 : 40)); use(a); free(a);)
CASE(strcpy_text, char *from = text(20); char *a = (char *)malloc(strlen(from) + !bug); use(a); strcpy(a, from); use(a); free(a); free(from);)
CASE(strcat_text, char *a = text(10); a = (char *)realloc(a, bug ? 15 : 16); strcat(a, "12345"); use(a); free(a);)
CASE(strncat_text, char *a = (char *)calloc(8, 1); use(a); strncat(a, "long enough", number(bug ? 8 : 7)); use(a); free(a);)
CASE(wcscpy_text, wchar_t *a = (wchar_t *)malloc(6 * sizeof(wchar_t)); use(a); wcscpy(a, bug ? L"sixsix" : L"fives"); use(a); free(a);)
CASE(snprintf_size, char *a = (char *)malloc(16); use(a); snprintf(a, number(bug ? 24 : 16), "%d %d", number(1234567890), number(1234567890)); use(a); free(a);)
CASE(struct_member, struct item *a = (struct item *)malloc(bug ? 16 : sizeof *a); use(a); a->wide = 5; use(a); free(a);)
CASE(struct_array, struct item *a = (struct item *)calloc(3, sizeof *a); use(a); a[number(2 + bug)].key = 5; use(a); free(a);)
CASE(shrunk, char *a = (char *)malloc(64); use(a); a = (char *)realloc(a, 32); a[number(bug ? 32 : 31)] = 1; use(a); free(a);)

static int *shared;
NOINLINE static void fill_shared(int count) {
  for (int i = 0; i < count; i++) shared[i] = i;
}
CASE(through_global, shared = (int *)malloc(40); fill_shared(10 + bug); use(shared); free(shared);)

NOINLINE static void fill_holder(struct holder h) {
  memset(h.data, 1, h.size);
}
CASE(through_struct, struct holder h = {(char *)malloc(20), 20 + bug}; fill_holder(h); use(h.data); free(h.data);)

NOINLINE static void fill_indirect(char **p, int at) {
  (*p)[at] = 1;
}
CASE(through_pointer, char *a = (char *)malloc(33); use(a); fill_indirect(&a, number(bug ? 33 : 32)); use(a); free(a);)
