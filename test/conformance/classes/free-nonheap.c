// Frees what no allocation returned: stack, globals, constants, numbers.
// TITLES bad-free
#include "classes.h"

NOINLINE static void release(void *p) {
  __asm__ volatile("" : "+r"(p));
  free(p);
}

static char global_text[32] = "global";
static int global_numbers[8];
static const char constant_text[] = "constant";

CASE(stack_array, char a[32]; memset(a, 0, 32); use(a); release(bug ? a : text(3));)
CASE(stack_int, int a = number(4); use(&a); release(bug ? (void *)&a : malloc(4));)
CASE(stack_struct, struct item a; memset(&a, 0, sizeof a); use(&a); release(bug ? (void *)&a : malloc(4));)
CASE(stack_alloca, char *a = (char *)alloca(number(40)); use(a); release(bug ? a : text(3));)
CASE(stack_variable_length, int n = number(10); int a[n]; use(a); release(bug ? (void *)a : malloc(4));)
CASE(global_array, use(global_text); release(bug ? global_text : text(3));)
CASE(global_middle, use(global_numbers); release(bug ? (void *)(global_numbers + 2) : malloc(4));)
CASE(constant, release(bug ? (void *)constant_text : malloc(4));)
CASE(literal, const char *a = "literal"; use(a); release(bug ? (void *)a : malloc(4));)
CASE(number_as_pointer, release(bug ? (void *)(uintptr_t)number(0x123450) : NULL);)
CASE(wide_stack, wchar_t a[8]; wmemset(a, 0, 8); use(a); release(bug ? (void *)a : malloc(4));)
CASE(argument, struct item a[2]; memset(a, 0, sizeof a); use(a); release(bug ? (void *)a[1].name : malloc(4));)
CASE(realloc_stack, char a[16]; memset(a, 0, 16); use(a); void *p = realloc(bug ? a : NULL, 20); use(p); if (!bug) free(p);)
