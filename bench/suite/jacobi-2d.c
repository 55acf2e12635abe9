// Twenty double steps of a five-point stencil over two grids, as PolyBench's jacobi-2d.
#include "bench.h"
#include <stdlib.h>

static void step(int n, const double *a, double *b) {
  for (int i = 1; i < n - 1; i++)
    for (int j = 1; j < n - 1; j++)
      b[i * n + j] =
          0.2 * (a[i * n + j] + a[i * n + j - 1] + a[i * n + j + 1] + a[(i + 1) * n + j] + a[(i - 1) * n + j]);
}

RUN double run(int n) {
  double *a = malloc(n * n * sizeof *a), *b = malloc(n * n * sizeof *b);
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      a[i * n + j] = ((double)i * (j + 2) + 2) / n;
      b[i * n + j] = ((double)i * (j + 3) + 3) / n;
    }
  for (int t = 0; t < 20; t++) step(n, a, b), step(n, b, a);
  double sum = 0;
  for (int i = 0; i < n * n; i++) sum += a[i];
  free(a), free(b);
  return sum;
}
