// Two owners of one buffer, both of which tidy up.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct message {
  char *body;
};

static void message_free(struct message *message) {
  free(message->body);
}

int main(void) {
  struct message first = {strdup("hello")};
  struct message second = first;
  printf("%s, %s\n", first.body, second.body);
  message_free(&first);
  message_free(&second);
  return 0;
}
