// Jumps out of a recursion into one of eight frames that wait for it.
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf env[8];

__attribute__((noinline)) static void dive(int n, int target) {
  char local[100];
  memset(local, n, sizeof local);
  char *heap = malloc(30);
  snprintf(heap, 30, "%d", n);
  int value = atoi(heap) + local[5];
  free(heap);
  if (n > 20) longjmp(env[target], value);
  dive(n + 1, target);
  local[3]++;
}

__attribute__((noinline)) static int guarded(int depth, int target) {
  char frame[64];
  snprintf(frame, sizeof frame, "%d:%d", depth, target);
  int result = setjmp(env[depth]);
  if (result) return result + (int)strlen(frame);
  if (depth < 7) return guarded(depth + 1, target) + frame[0];
  dive(0, target);
  return 0;
}

int main(void) {
  long sum = 0;
  for (int i = 0; i < 500; i++) {
    char *buffer = malloc(50);
    strcpy(buffer, "live across the jump");
    sum += guarded(0, i % 8) + (long)strlen(buffer);
    free(buffer);
  }
  printf("%ld\n", sum);
}
