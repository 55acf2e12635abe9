// Adds up one measurement too many.
#include <stdio.h>
#include <stdlib.h>

static int *measure(int count) {
  int *values = malloc(count * sizeof *values);
  for (int i = 0; i < count; i++) values[i] = i * i;
  return values;
}

static int sum(const int *values, int count) {
  int total = 0;
  for (int i = 0; i <= count; i++) total += values[i];
  return total;
}

int main(void) {
  int *values = measure(10);
  printf("sum: %d\n", sum(values, 10));
  free(values);
  return 0;
}
