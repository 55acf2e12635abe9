// Follows pointers to nowhere: addresses that no memory reaches, functions that are none.
// TITLES SEGV bad-indirect-call
#include "classes.h"

NOINLINE static void show(long long value) {
  __asm__ volatile("" : : "r"(value));
}

static int numbers[16];
static int calls;
NOINLINE static int twice(int x) { return 2 * x + calls++; }
NOINLINE static double half(double x) { return x / 2; }
NOINLINE static void nothing(void) { calls++; }

typedef int (*int_function)(int);

/** The pointer, or the address. */
NOINLINE static void *either(int wrong, uintptr_t address, void *p) {
  if (wrong) p = (void *)address;
  __asm__ volatile("" : "+r"(p));
  return p;
}

CASE(read_far, show(*(int *)either(bug, 0x70000000, numbers));)
CASE(write_far, *(int *)either(bug, 0x90000000, numbers) = 1; use(numbers);)
CASE(read_small_negative, show(*(int *)either(bug, (uintptr_t)-16, numbers));)
CASE(write_last_byte, *(char *)either(bug, (uintptr_t)-1, numbers) = 1; use(numbers);)
CASE(index_far, show(((int *)numbers)[number(bug ? 0x10000000 : 3)]);)
CASE(copy_from_far, char to[16]; memcpy(to, either(bug, 0x60000000, numbers), number(16)); use(to);)
CASE(fill_far, memset(either(bug, 0x60000000, numbers), 0, number(16)); use(numbers);)
CASE(call_null, int_function f = (int_function)either(bug, 0, (void *)twice); show(f(number(3)));)
CASE(call_number, int_function f = (int_function)either(bug, 123456, (void *)twice); show(f(number(3)));)
CASE(call_data, int_function f = (int_function)either(bug, (uintptr_t)numbers, (void *)twice); show(f(number(3)));)
CASE(call_wrong_type, int_function f = (int_function)either(bug, (uintptr_t)half, (void *)twice); show(f(number(3))); show((long long)half(number(4)));)
CASE(call_without_argument, int_function f = (int_function)either(bug, (uintptr_t)nothing, (void *)twice); show(f(number(3))); nothing();)
CASE(call_freed, int_function *table = (int_function *)calloc(2, sizeof *table); table[0] = twice; table[1] = (int_function)either(bug, (uintptr_t)-2, (void *)twice); show(table[number(1)](number(3))); free(table);)
