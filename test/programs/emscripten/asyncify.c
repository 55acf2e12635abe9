// Sleeps at the bottom of a recursion whose frames hold buffers: Asyncify unwinds all of it, and winds it up again.
#include <emscripten.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int depth(int n, char *out) {
  char local[48];
  snprintf(local, sizeof local, "<%d>", n);
  if (n == 0) {
    emscripten_sleep(1);
  } else {
    char *heap = malloc(n + 8);
    memset(heap, 'a' + n, n + 7);
    heap[n + 7] = 0;
    depth(n - 1, out);
    strncat(out, heap, 3);
    free(heap);
  }
  strcat(out, local);
  return (int)strlen(local);
}

int main(void) {
  int sum = 0;
  for (int i = 0; i < 40; i++) {
    char out[256] = "";
    sum += depth(i % 12, out);
    sum += (int)strlen(out);
    if (i % 10 == 0) {
      puts(out);
      emscripten_sleep(2);
    }
  }
  printf("%d\n", sum);
}
