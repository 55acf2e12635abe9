// Writes past the end of a variable on the stack.
// TITLES stack-buffer-overflow dynamic-stack-buffer-overflow
#include "classes.h"

CASE(char_index, char a[10]; memset(a, 0, 10); a[number(bug ? 10 : 9)] = 1; use(a);)
CASE(char_loop, char a[50]; for (int i = 0; i < number(50 + bug); i++) a[i] = 'x'; use(a);)
CASE(int_loop, int a[10]; for (int i = 0; i <= number(10 - !bug); i++) a[i] = i; use(a);)
CASE(wide_loop, wchar_t a[20]; for (int i = 0; i < number(20 + bug); i++) a[i] = L'w'; use(a);)
CASE(long_long_loop, long long a[8]; for (int i = 0; i < number(8 + bug); i++) a[i] = i; use(a);)
CASE(memcpy_text, char a[16]; char *from = text(31); memcpy(a, from, number(bug ? 32 : 16)); use(a); free(from);)
CASE(memmove_ints, int a[10]; int *from = (int *)calloc(20, 4); memmove(a, from, number(bug ? 60 : 40)); use(a); free(from);)
CASE(memset_block, char a[24]; memset(a, 7, number(bug ? 28 : 24)); use(a);)
CASE(strcpy_text, char a[12]; char *from = text(bug ? 12 : 11); strcpy(a, from); use(a); free(from);)
CASE(strcat_text, char a[20] = "start"; char *from = text(bug ? 15 : 14); strcat(a, from); use(a); free(from);)
CASE(strncpy_text, char a[8]; char *from = text(30); strncpy(a, from, number(bug ? 12 : 8)); use(a); free(from);)
CASE(wcscpy_text, wchar_t a[6]; wchar_t from[12]; for (int i = 0; i < 11; i++) from[i] = L'x'; from[bug ? 6 : 5] = 0; wcscpy(a, from); use(a);)
CASE(snprintf_size, char a[16]; char *from = text(40); snprintf(a, number(bug ? 24 : 16), "%s", from); use(a); free(from);)
CASE(sprintf_text, char a[10]; sprintf(a, "%d", number(bug ? 1234567890 : 123456789)); use(a);)
CASE(struct_array, struct item a[3]; memset(a, 0, sizeof a); a[number(2 + bug)].key = 5; use(a);)
CASE(alloca_block, char *a = (char *)alloca(number(30)); for (int i = 0; i < number(30 + bug * 3); i++) a[i] = 'x'; use(a);)
CASE(variable_length, int n = number(12); int a[n]; for (int i = 0; i < n + bug; i++) a[i] = i; use(a);)

NOINLINE static void fill(char *p, int size) {
  for (int i = 0; i < size; i++) p[i] = 'f';
}
CASE(through_call, char a[32]; fill(a, 32 + bug); use(a);)

static char *shared;
NOINLINE static void fill_shared(int size) {
  memset(shared, 1, size);
}
CASE(through_global, char a[40]; shared = a; fill_shared(bug ? 50 : 40); use(a);)

NOINLINE static void fill_holder(struct holder *h) {
  for (int i = 0; i < h->size; i++) h->data[i] = 'h';
}
CASE(through_struct, char a[16]; struct holder h = {a, 16 + bug}; fill_holder(&h); use(a);)

NOINLINE static void set_int(int *p) {
  *p = 1;
}
CASE(wrong_type, char a[2]; char *p = a; set_int(bug ? (int *)p : (int *)alloca(4)); use(a);)
