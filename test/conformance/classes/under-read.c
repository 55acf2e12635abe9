// Reads in front of an object.
// TITLES heap-buffer-overflow stack-buffer-underflow stack-buffer-overflow dynamic-stack-buffer-overflow global-buffer-overflow
#include "classes.h"

NOINLINE static void show(long long value) {
  __asm__ volatile("" : : "r"(value));
}

CASE(heap_index, char *a = text(9); show(a[number(-bug)]); free(a);)
CASE(heap_loop, int *a = (int *)calloc(10, 4); use(a); int sum = 0; for (int i = 9; i >= number(-bug); i--) sum += a[i]; show(sum); free(a);)
CASE(heap_wide, wchar_t *a = (wchar_t *)calloc(10, 4); use(a); show(a[number(-bug)]); free(a);)
CASE(heap_memcpy, char *a = text(31); char to[32]; memcpy(to, a - number(8 * bug), 16); use(to); free(a);)
CASE(heap_memcmp, char *a = text(15); char *b = text(31); show(memcmp(b, a - number(4 * bug), 12)); free(a); free(b);)
CASE(heap_struct, struct item *a = (struct item *)calloc(2, sizeof *a); use(a); show(a[number(-bug)].wide); free(a);)
CASE(heap_search, char *a = text(8); char *p = a + 7; if (!bug) a[0] = '/'; use(a); while (*p != '/' && p > a - 100) p--; show(*p); free(a);)
CASE(stack_index, char a[10]; memset(a, 1, 10); use(a); show(a[number(-bug)]);)
CASE(stack_loop, int a[10]; memset(a, 0, 40); use(a); int sum = 0; for (int i = 9; i >= number(-bug); i--) sum += a[i]; show(sum);)
CASE(stack_memcpy, char a[32]; char *to = (char *)malloc(64); memset(a, 1, 32); memcpy(to, a - number(8 * bug), 16); use(to); free(to);)
CASE(stack_struct, struct item a[2]; memset(a, 0, sizeof a); use(a); show(a[number(-bug)].wide);)
CASE(stack_variable_length, int n = number(10); int a[n]; memset(a, 0, sizeof a); use(a); show(a[number(-bug)]);)
CASE(stack_alloca, char *a = (char *)alloca(number(32)); memset(a, 1, 32); use(a); show(a[number(-bug)]);)

NOINLINE static int last_before(const char *p) {
  return p[-1];
}
CASE(through_call, char *a = text(20); show(last_before(a + !bug)); free(a);)

NOINLINE static long long key_before(const struct item *p) {
  return p[-1].key;
}
CASE(through_stack_pointer, struct item a[3]; memset(a, 0, sizeof a); use(a); show(key_before(a + !bug));)
