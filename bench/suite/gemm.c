// C = alpha A B + beta C, as PolyBench's gemm.
#include "bench.h"
#include <stdlib.h>

RUN double run(int n) {
  double *a = malloc(n * n * sizeof *a), *b = malloc(n * n * sizeof *b), *c = malloc(n * n * sizeof *c);
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      a[i * n + j] = (double)(i * (j + 1) % n) / n;
      b[i * n + j] = (double)(i * (j + 2) % n) / n;
      c[i * n + j] = (double)((i * j + 1) % n) / n;
    }
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) c[i * n + j] *= 1.2;
    for (int k = 0; k < n; k++)
      for (int j = 0; j < n; j++) c[i * n + j] += 1.5 * a[i * n + k] * b[k * n + j];
  }
  double sum = 0;
  for (int i = 0; i < n * n; i++) sum += c[i];
  free(a), free(b), free(c);
  return sum;
}
