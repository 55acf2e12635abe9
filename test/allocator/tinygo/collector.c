// A collector with the ways of TinyGo's gc_blocks.go, under its names: blocks of 16 bytes with a state each, objects marked from
// the stack, the globals and other objects, also by pointers into their middle, and swept.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BLOCK 16
#define BLOCKS 2048
#define OWN(name) __attribute__((noinline)) __asm__("runtime." name)

enum { FREE, HEAD, TAIL, MARK };

static uint8_t states[BLOCKS];
static _Alignas(BLOCK) uint8_t heap[BLOCKS * BLOCK];
static uintptr_t stack_top;
static void *roots[64];
static int collections, next;
static uint8_t empty;

void *alloc(size_t size, const void *layout) OWN("alloc");
void run_gc(void) OWN("runGC");
void mark_roots(uintptr_t from, uintptr_t to) OWN("markRoots");

/** Objects that are marked are scanned again until no more are found. */
void mark_roots(uintptr_t from, uintptr_t to) {
  for (uintptr_t at = from & ~3ul; at + 4 <= to; at += 4) {
    uintptr_t value = *(volatile uintptr_t *)at - (uintptr_t)heap;
    if (value >= sizeof heap) continue;
    int block = value / BLOCK;
    while (states[block] == TAIL) block--;
    if (states[block] != HEAD) continue;
    states[block] = MARK;
    int end = block + 1;
    while (end < BLOCKS && states[end] == TAIL) end++;
    mark_roots((uintptr_t)&heap[block * BLOCK], (uintptr_t)&heap[end * BLOCK]);
  }
}

void run_gc(void) {
  collections++;
  mark_roots((uintptr_t)__builtin_frame_address(0), stack_top);
  mark_roots((uintptr_t)roots, (uintptr_t)(roots + 64));
  int live = 0;
  for (int i = 0; i < BLOCKS; i++) {
    if (states[i] == MARK) states[i] = HEAD, live = 1;
    else if (states[i] == HEAD) states[i] = FREE, live = 0;
    else if (states[i] == TAIL && !live) states[i] = FREE;
  }
}

static void *find(int blocks) {
  for (int tried = 0, run = 0; tried < BLOCKS + blocks; tried++) {
    if (next == BLOCKS) next = run = 0;
    run = states[next++] == FREE ? run + 1 : 0;
    if (run < blocks) continue;
    int first = next - blocks;
    states[first] = HEAD;
    memset(states + first + 1, TAIL, blocks - 1);
    return memset(heap + first * BLOCK, 0, blocks * BLOCK);
  }
  return NULL;
}

void *alloc(size_t size, const void *layout) {
  (void)layout;
  if (size == 0) return &empty;
  int blocks = (size + BLOCK - 1) / BLOCK;
  void *found = find(blocks);
  if (!found) run_gc(), found = find(blocks);
  if (!found) __builtin_trap();
  return found;
}

// ------------------------------------------------------------------------------------------------ the program

typedef struct Node {
  struct Node *next;
  int length;
  char text[];
} Node;

/** In memory, where the collector looks: it knows nothing of the engine's registers. TinyGo sees to that, too. */
typedef Node *volatile Root;

__attribute__((noinline)) static Node *cons(Node *list, int length) {
  Root rest = list, node = alloc(sizeof(Node) + length, (void *)3);
  node->next = rest;
  node->length = length;
  memset(node->text, length, length);
  return node;
}

__attribute__((noinline)) static unsigned sum(Node *list) {
  unsigned total = 0;
  for (Node *node = list; node; node = node->next)
    for (int i = 0; i < node->length; i++) total += (unsigned char)node->text[i];
  return total;
}

/** A list that stays while others are dropped, between frames with arrays. */
__attribute__((noinline)) static unsigned churn(int depth) {
  volatile char frame[40];
  Root list = NULL;
  memset((char *)frame, depth, sizeof frame);
  for (int i = 1; i < 12; i++) list = cons(list, i * 3);
  unsigned total = depth > 0 ? churn(depth - 1) : 0;
  for (int i = 0; i < 40; i++) cons(NULL, 20 + i);
  return total + sum(list) + frame[depth];
}

/** Collections, while one object is known by a pointer into its middle alone. */
__attribute__((noinline)) static unsigned work(void) {
  char *volatile middle = (char *)cons(NULL, 100) + 60;
  roots[0] = cons(cons(NULL, 7), 9);
  unsigned total = 0;
  for (int round = 0; round < 20; round++) {
    total += churn(6);
    if (round % 5 == 4) run_gc();
  }
  for (int i = 0; i < 48; i++) total += middle[i - 10];
  return total + sum(roots[0]) + (alloc(0, NULL) == (void *)&empty);
}

int main(int argc, char **argv) {
  stack_top = (uintptr_t)__builtin_frame_address(0);
  const char *mode = argc > 1 ? argv[1] : "";
  unsigned total = work();
  printf("%u after %s collections\n", total, collections > 6 ? "many" : "few");
  char *block = alloc(21, NULL);
  block[strcmp(mode, "over") == 0 ? 21 : 20] = 1;
  if (strcmp(mode, "copy") == 0) memcpy(block, heap, 22 + argc);
  return block[0];
}
