// Reads past the end of an object.
// TITLES heap-buffer-overflow stack-buffer-overflow dynamic-stack-buffer-overflow global-buffer-overflow
#include "classes.h"

NOINLINE static void show(long long value) {
  __asm__ volatile("" : : "r"(value));
}

CASE(heap_index, char *a = text(9); show(a[number(bug ? 10 : 9)]); free(a);)
CASE(heap_loop, int *a = (int *)calloc(10, 4); use(a); int sum = 0; for (int i = 0; i < number(10 + bug); i++) sum += a[i]; show(sum); free(a);)
CASE(heap_wide, wchar_t *a = (wchar_t *)calloc(10, 4); use(a); show(a[number(9 + bug)]); free(a);)
CASE(heap_memcpy, char *a = text(15); char to[64]; memcpy(to, a, number(bug ? 40 : 16)); use(to); free(a);)
CASE(heap_strlen, char *a = text(12); if (number(bug)) a[12] = 'x'; use(a); show(strlen(a)); free(a);)
CASE(heap_memcmp, char *a = text(15); char *b = text(31); show(memcmp(a, b, number(bug ? 17 : 15))); free(a); free(b);)
CASE(heap_printf, char *a = text(12); if (number(bug)) a[12] = 'x'; char to[64]; use(a); snprintf(to, 40, "%s", a); use(to); free(a);)
CASE(heap_struct, struct item *a = (struct item *)calloc(1, bug ? 8 : sizeof *a); use(a); show(a->wide); free(a);)
CASE(heap_copy_struct, struct item *a = (struct item *)calloc(1, bug ? 16 : sizeof *a); use(a); struct item b = *a; use(&b); free(a);)
CASE(stack_index, char a[10]; memset(a, 1, 10); use(a); show(a[number(bug ? 10 : 9)]);)
CASE(stack_loop, int a[10]; memset(a, 0, 40); use(a); int sum = 0; for (int i = 0; i < number(10 + bug); i++) sum += a[i]; show(sum);)
CASE(stack_memcpy, char a[16]; char *to = (char *)malloc(64); memset(a, 1, 16); memcpy(to, a, number(bug ? 40 : 16)); use(to); free(to);)
CASE(stack_strlen, char a[8]; memset(a, 'x', 8); a[7] = bug ? 'x' : 0; use(a); show(strlen(a));)
CASE(stack_variable_length, int n = number(10); int a[n]; memset(a, 0, sizeof a); use(a); show(a[n - !bug]);)
CASE(stack_alloca, char *a = (char *)alloca(number(20)); memset(a, 1, 20); use(a); show(a[number(19 + bug)]);)

static int table[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
static char letters[26];
CASE(global_index, show(table[number(9 + bug)]);)
CASE(global_loop, int sum = 0; for (int i = 0; i < number(26 + bug * 4); i++) sum += letters[i]; show(sum);)

NOINLINE static int sum_of(const int *p, int count) {
  int sum = 0;
  while (count-- > 0) sum += *p++;
  return sum;
}
CASE(through_call, int a[6] = {1, 2, 3, 4, 5, 6}; use(a); show(sum_of(a, number(6 + bug)));)
