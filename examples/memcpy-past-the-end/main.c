// Copies as many bytes as the sender says there are.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct packet {
  unsigned char length;
  char payload[15];
};

static char *receive(const struct packet *packet) {
  char *copy = malloc(16);
  memcpy(copy, packet->payload, packet->length);
  return copy;
}

int main(void) {
  struct packet *packet = calloc(1, sizeof *packet);
  volatile int claimed = 40;
  packet->length = claimed;
  char *copy = receive(packet);
  printf("%d bytes\n", packet->length);
  free(copy);
  free(packet);
  return 0;
}
