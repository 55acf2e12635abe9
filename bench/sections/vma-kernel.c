/* Replays a batch of encoded operations (runtime/vma-layout.ts, BATCH_*) with the kernel's own system calls and prints
 * the nanoseconds of the timed part. argv: file, number of entries that only set up. Faults and copies are not in it. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct entry { uint32_t op, flags; uint64_t a, b, c, d; int64_t result; };

static long run(const struct entry *e) {
  switch (e->op) {
    case 1: return syscall(SYS_mmap, e->a, e->b, e->c, e->flags, -1, 0);
    case 2: return syscall(SYS_munmap, e->a, e->b);
    case 3: return syscall(SYS_mprotect, e->a, e->b, e->c);
    case 4: return syscall(SYS_madvise, e->a, e->b, e->c);
    case 5: return syscall(SYS_mremap, e->a, e->b, e->c, (unsigned long)e->flags, e->d);
  }
  return -1;
}

int main(int argc, char **argv) {
  FILE *f = fopen(argv[1], "rb");
  fseek(f, 0, SEEK_END);
  long n = ftell(f) / sizeof(struct entry), setup = strtol(argv[2], 0, 0), failed = 0;
  rewind(f);
  struct entry *e = malloc(n * sizeof *e);
  if (fread(e, sizeof *e, n, f) != (size_t)n) return 1;
  for (long i = 0; i < setup; i++) failed += run(e + i) == -1;
  struct timespec s, t;
  clock_gettime(CLOCK_MONOTONIC, &s);
  for (long i = setup; i < n; i++) failed += run(e + i) == -1;
  clock_gettime(CLOCK_MONOTONIC, &t);
  printf("%ld %ld\n", (t.tv_sec - s.tv_sec) * 1000000000L + t.tv_nsec - s.tv_nsec, failed);
  (void)argc;
  return 0;
}
