// K32 rcu_uaf: a callback, put off until later, frees its object and then reads it.
// FINDS heap-use-after-free|slab-use-after-free, READ of size 4, 0 bytes inside 4-byte region, at A
#include "kasan.h"

struct later {
  void (*run)(void *);
  void *object;
};
static struct later queue[4];
static int waiting;

NOINLINE static void call_later(void (*run)(void *), void *object) {
  queue[waiting++] = (struct later){run, object};
}

NOINLINE static void run_what_waits(void) {
  while (waiting > 0) {
    struct later next = queue[--waiting];
    next.run(next.object);
  }
}

NOINLINE static void reclaim(void *object) {
  free(object);
  HIDE(object);
  (void)*(volatile int *)object; // <- A
}

int main(void) {
  int *object = (int *)block(sizeof(int));
  *object = 42;
  call_later(reclaim, object);
  run_what_waits();
  return 0;
}
