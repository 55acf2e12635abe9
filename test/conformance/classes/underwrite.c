// Writes in front of an object.
// TITLES heap-buffer-overflow stack-buffer-underflow stack-buffer-overflow dynamic-stack-buffer-overflow global-buffer-overflow
#include "classes.h"

CASE(heap_index, char *a = (char *)malloc(10); use(a); a[number(-bug)] = 1; use(a); free(a);)
CASE(heap_pointer, char *a = text(20) - 8 * bug; memset(a, 1, number(8)); use(a); free(a + 8 * bug);)
CASE(heap_ints, int *a = (int *)calloc(10, 4); use(a); for (int i = 9; i >= number(-bug); i--) a[i] = i; use(a); free(a);)
CASE(heap_strcpy, char *a = (char *)malloc(20); use(a); strcpy(a - 4 * bug, "text"); use(a); free(a);)
CASE(heap_memcpy, char *a = (char *)malloc(40); use(a); char *from = text(9); memcpy(a - number(8 * bug), from, 10); use(a); free(from); free(a);)
CASE(heap_wide, wchar_t *a = (wchar_t *)calloc(8, 4); use(a); wmemset(a - bug, L'x', number(4)); use(a); free(a);)
CASE(stack_index, char a[10]; memset(a, 0, 10); a[number(-bug)] = 1; use(a);)
CASE(stack_loop, int a[10]; for (int i = 9; i >= number(-bug); i--) a[i] = i; use(a);)
CASE(stack_memset, char a[24]; memset(a - number(8 * bug), 7, 24); use(a);)
CASE(stack_strcpy, char a[24]; strcpy(a - number(4 * bug), "some text"); use(a);)
CASE(stack_struct, struct item a[2]; memset(a, 0, sizeof a); a[number(-bug)].wide = 5; use(a);)
CASE(stack_alloca, char *a = (char *)alloca(number(32)); memset(a, 0, 32); a[number(-bug)] = 1; use(a);)
CASE(stack_variable_length, int n = number(16); short a[n]; memset(a, 0, sizeof a); a[number(-bug)] = 1; use(a);)

NOINLINE static void clear_before(char *p) {
  p[-1] = 0;
}
CASE(through_call, char *a = text(20); clear_before(a + !bug); use(a); free(a);)

NOINLINE static void back_up(struct holder *h) {
  while (h->size >= 0) h->data[h->size--] = '-';
}
CASE(through_struct, char a[16]; struct holder h = {a - bug, 15}; back_up(&h); use(a);)
