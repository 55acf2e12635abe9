// K33 workqueue_uaf: a work item frees itself and is then looked at by whoever queued it.
// FINDS heap-use-after-free|slab-use-after-free, READ of size 8, 8 bytes inside 16-byte region, at A
#include "kasan.h"

struct work {
  void (*run)(struct work *);
  long long data;
};

NOINLINE static void free_itself(struct work *work) { free(work); }

NOINLINE static void flush(struct work **queue, int count) {
  for (int i = 0; i < count; i++) queue[i]->run(queue[i]);
}

int main(void) {
  struct work *work = (struct work *)block(sizeof(struct work));
  work->run = free_itself;
  work->data = 7;
  struct work *queue[] = {work};
  flush(queue, 1);
  (void)((volatile struct work *)again(work))->data; // <- A
  return 0;
}
