// Walks a list while freeing it.
#include <stdio.h>
#include <stdlib.h>

struct node {
  int value;
  struct node *next;
};

static struct node *push(struct node *list, int value) {
  struct node *node = malloc(sizeof *node);
  node->value = value;
  node->next = list;
  return node;
}

static void release(struct node *list) {
  for (struct node *node = list; node != NULL; node = node->next) free(node);
}

int main(void) {
  struct node *list = NULL;
  for (int i = 0; i < 3; i++) list = push(list, i);
  printf("first: %d\n", list->value);
  release(list);
  return 0;
}
