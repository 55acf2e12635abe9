// All shortest paths of a graph, as PolyBench's floyd-warshall.
#include "bench.h"
#include <stdlib.h>

RUN double run(int n) {
  int *path = malloc(n * n * sizeof *path);
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      path[i * n + j] = i * j % 7 + 1;
      if ((i + j) % 13 == 0 || (i + j) % 7 == 0 || (i + j) % 11 == 0) path[i * n + j] = 999;
    }
  for (int k = 0; k < n; k++)
    for (int i = 0; i < n; i++)
      for (int j = 0; j < n; j++) {
        int through = path[i * n + k] + path[k * n + j];
        path[i * n + j] = path[i * n + j] < through ? path[i * n + j] : through;
      }
  double sum = 0;
  for (int i = 0; i < n * n; i++) sum += path[i];
  free(path);
  return sum;
}
