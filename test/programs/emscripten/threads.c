// Threads that put blocks into one list and free each other's. With BUG, the second writes behind a block of its own.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct node {
  struct node *next;
  char text[40];
} node;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static node *shared;
static long total;

static void *work(void *arg) {
  long id = (long)arg;
  unsigned seed = (unsigned)id * 7919u + 1;
  char local[128];
  for (int i = 0; i < ROUNDS; i++) {
    seed = seed * 1103515245u + 12345u;
    node *n = malloc(sizeof *n + (seed >> 24));
    snprintf(n->text, sizeof n->text, "t%ld-%d", id, i);
    snprintf(local, sizeof local, "%s", n->text);
    pthread_mutex_lock(&lock);
    n->next = shared;
    shared = n;
    node *taken = NULL;
    if (i % 2) {
      taken = shared->next ? shared->next : shared;
      if (taken == shared) shared = NULL;
      else shared->next = taken->next;
    }
    total += strlen(local);
    pthread_mutex_unlock(&lock);
    free(taken);
    char *grown = realloc(malloc(16), 16 + (seed >> 20 & 1023));
    grown[15] = 1;
    free(grown);
  }
#ifdef BUG
  if (id == 2) {
    volatile char *block = malloc(20);
    block[20] = 1;
    free((void *)block);
  }
#endif
  return NULL;
}

int main(void) {
  pthread_t threads[THREADS];
  for (int round = 0; round < 2; round++) {
    for (long i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, work, (void *)(i + 1));
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  }
  int left = 0;
  while (shared) {
    node *next = shared->next;
    free(shared);
    shared = next;
    left++;
  }
  printf("done %d %ld\n", left, total);
}
