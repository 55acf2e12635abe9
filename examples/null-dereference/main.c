// Does not ask whether the lookup found anything. In WebAssembly address 0 is ordinary memory: without wasan this runs on.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct user {
  char name[12];
  int age;
};

static struct user *find(struct user *users, int count, const char *name) {
  for (int i = 0; i < count; i++)
    if (strcmp(users[i].name, name) == 0) return &users[i];
  return NULL;
}

int main(void) {
  struct user *users = calloc(2, sizeof *users);
  strcpy(users[0].name, "ada");
  strcpy(users[1].name, "grace");
  printf("age: %d\n", find(users, 2, "linus")->age);
  free(users);
  return 0;
}
