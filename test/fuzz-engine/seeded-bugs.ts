// Programs with one bug each, as a fuzzer must find them from nothing.

/** C source of each target; every one exports LLVMFuzzerTestOneInput. */
export const SEEDED: Readonly<Record<string, string>> = {
  'magic bytes': `
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  if (size < 8) return 0;
  unsigned first, second;
  __builtin_memcpy(&first, data, 4);
  __builtin_memcpy(&second, data + 4, 4);
  if (first == 0x7a5d31c9 && second == 0x0badf00d) __builtin_trap();
  return 0;
}`,
  checksum: `
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  if (size < 12) return 0;
  unsigned sum = 0x811c9dc5, stored;
  for (unsigned long i = 4; i < size; i++) sum = (sum ^ data[i]) * 0x01000193;
  __builtin_memcpy(&stored, data, 4);
  if (sum != stored) return 0;
  if (data[4] == 'o' && data[5] == 'k') __builtin_trap();
  return 0;
}`,
  'state machine': `
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  int state = 0;
  for (unsigned long i = 0; i < size; i++) {
    switch (state) {
      case 0: state = data[i] == 'o' ? 1 : 0; break;
      case 1: state = data[i] == 'p' ? 2 : 0; break;
      case 2: state = data[i] == 'e' ? 3 : 0; break;
      case 3: state = data[i] == 'n' ? 4 : 0; break;
      case 4: state = data[i] == '!' ? 5 : data[i] == '?' ? 4 : 0; break;
      case 5: __builtin_trap();
    }
  }
  return 0;
}`,
  'deep nesting': `
static const unsigned char *p, *end;
static int value(int depth) {
  if (p == end) return -1;
  switch (*p++) {
    case '[':
      if (depth == 12) __builtin_trap();
      while (p != end && *p != ']') if (value(depth + 1) < 0) return -1;
      if (p == end) return -1;
      p++;
      return 1;
    case 'a': return 1;
    default: return -1;
  }
}
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  p = data;
  end = data + size;
  value(0);
  return 0;
}`,
  'use after free': `
#include <stdlib.h>
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  volatile char *block = malloc(16);
  block[0] = 1;
  int result = 0;
  if (size > 3 && data[0] == 'F')
    if (data[1] == 'U')
      if (data[2] == 'Z')
        if (data[3] == 'Z') {
          free((void *)block);
          result = block[3];
          block = 0;
        }
  free((void *)block);
  return result & 0;
}`,
  'stack overflow': `
static __attribute__((noinline)) void fill(volatile unsigned char *to, int n) { for (int i = 0; i < n; i++) to[i] = i; }
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  volatile unsigned char room[16];
  if (size < 3 || data[0] != 'S' || data[1] != ':') return 0;
  fill(room, data[2]);
  return room[0] & 0;
}`,
  'global overflow': `
static int table[8] = {1, 2, 3, 4, 5, 6, 7, 8};
static int after[8] = {1, 2, 3, 4, 5, 6, 7, 9};
int *volatile keep = after;
static __attribute__((noinline)) int get(int index) { return ((volatile int *)table)[index]; }
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  if (size < 2 || data[0] != 'G') return 0;
  return data[1] <= 8 ? get(data[1]) & 0 : 0;
}`,
  'heap overflow': `
#include <stdlib.h>
#include <string.h>
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  if (size < 4 || memcmp(data, "LEN", 3)) return 0;
  char *volatile copy = malloc(10);
  memcpy(copy, data, size);
  free(copy);
  return 0;
}`,
  hang: `
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  volatile unsigned n = 0;
  if (size > 2 && data[0] == 'x' && data[1] == 'y') while (data[2] == 'z') n++;
  return n & 0;
}`,
  leak: `
#include <stdlib.h>
static void *cache;
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  if (!cache) cache = malloc(100);
  char *volatile block = malloc(24);
  if (size > 1 && data[0] == 'L' && data[1] == 'K') return 0;
  free(block);
  return 0;
}`,
};
