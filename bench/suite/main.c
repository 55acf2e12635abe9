// Runs a benchmark natively: main <size> <warm-up rounds> <rounds> prints CPU milliseconds per round and the result.
#include "bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double milliseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

int main(int argc, char **argv) {
  int size = atoi(argv[1]), warm = atoi(argv[2]), rounds = atoi(argv[3]);
  double result = 0;
  for (int i = 0; i < warm; i++) result = run(size);
  printf("[");
  for (int i = 0; i < rounds; i++) {
    double start = milliseconds();
    result = run(size);
    printf("%s%.4f", i ? "," : "", milliseconds() - start);
  }
  printf("]\n%.17g\n", result);
  return argc == 4 ? 0 : 2;
}
