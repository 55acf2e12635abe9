// Leaves an object with static storage, in either direction.
// TITLES global-buffer-overflow
#include "classes.h"

NOINLINE static void show(long long value) {
  __asm__ volatile("" : : "r"(value));
}

static char word[10];
static int numbers[10];
static long long wides[6];
static wchar_t letters[12];
static struct item things[3];
static int grid[4][5];
static const int primes[6] = {2, 3, 5, 7, 11, 13};
char shared_buffer[33];
static unsigned char small[3];
static double ratios[5];

CASE(char_write, word[number(9 + bug)] = 1; use(word);)
CASE(int_write, numbers[number(9 + bug)] = 1; use(numbers);)
CASE(int_before, numbers[number(-bug)] = 1; use(numbers);)
CASE(wide_read, use(wides); show(wides[number(5 + bug)]);)
CASE(loop_fill, for (int i = 0; i < number(10 + bug); i++) numbers[i] = i; use(numbers);)
CASE(loop_letters, for (int i = 0; i < number(12 + bug); i++) letters[i] = L'x'; use(letters);)
CASE(memset_block, memset(word, 1, number(10 + bug * 3)); use(word);)
CASE(memcpy_block, char *a = text(40); memcpy(shared_buffer, a, number(33 + bug * 5)); use(shared_buffer); free(a);)
CASE(strcpy_text, char *a = text(number(9 + bug)); strcpy(word, a); use(word); free(a);)
CASE(struct_index, things[number(2 + bug)].key = 1; use(things);)
CASE(two_dimensions, grid[number(3 + bug)][number(1)] = 1; use(grid);)
CASE(constant_table, show(primes[number(5 + bug * 2)]);)
CASE(function_static, static int seen[7]; seen[number(6 + bug)]++; use(seen);)
CASE(small_array, small[number(2 + bug)] = 1; use(small);)
CASE(double_read, use(ratios); show((long long)ratios[number(4 + bug)]);)
CASE(memmove_out, char to[64]; memmove(to, shared_buffer, number(33 + bug * 7)); use(to);)
