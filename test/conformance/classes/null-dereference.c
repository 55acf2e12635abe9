// Follows a null pointer.
// TITLES SEGV
#include "classes.h"

NOINLINE static void show(long long value) {
  __asm__ volatile("" : : "r"(value));
}

/** Null if asked to. */
NOINLINE static void *maybe(int null, void *p) {
  if (null) p = NULL;
  __asm__ volatile("" : "+r"(p));
  return p;
}

static struct item thing;
static struct holder held;
static char letters[16];
static int numbers[16];

CASE(read_int, show(*(int *)maybe(bug, numbers));)
CASE(write_int, *(int *)maybe(bug, numbers) = 1; use(numbers);)
CASE(read_char, show(*(char *)maybe(bug, letters));)
CASE(write_char, *(char *)maybe(bug, letters) = 1; use(letters);)
CASE(read_member, show(((struct item *)maybe(bug, &thing))->wide);)
CASE(write_member, ((struct item *)maybe(bug, &thing))->name[3] = 1; use(&thing);)
CASE(read_index, show(((int *)maybe(bug, numbers))[number(5)]);)
CASE(read_long_long, show(*(long long *)maybe(bug, &thing));)
CASE(copy_struct, struct item a = *(struct item *)maybe(bug, &thing); use(&a);)
CASE(strlen_null, show(strlen((char *)maybe(bug, letters)));)
CASE(strcpy_null, strcpy((char *)maybe(bug, letters), "text"); use(letters);)
CASE(memset_null, memset(maybe(bug, letters), 0, number(16)); use(letters);)
CASE(memcpy_null, memcpy(letters, maybe(bug, numbers), number(16)); use(letters);)

NOINLINE static void set(struct holder *h) {
  h->size = 4;
}
CASE(through_call, set((struct holder *)maybe(bug, &held)); use(&held);)
CASE(two_steps, held.data = (char *)maybe(bug, letters); struct holder *h = &held; use(h); show(h->data[number(2)]);)
CASE(second_of_list, struct holder *list[2] = {&held, (struct holder *)maybe(bug, &held)}; use(list); show(list[number(1)]->size);)
