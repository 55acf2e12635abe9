// What CoreMark measures, in code of our own: a linked list that is searched, reversed and sorted, small integer matrices,
// a state machine over text, and a checksum of it all.
#include "bench.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS = 64, SIDE = 12, TEXT = 512, STATES = 6 };

struct item {
  struct item *next;
  int16_t key, value;
};

static uint16_t checksum(uint16_t crc, uint16_t value) {
  for (int i = 0; i < 16; i++) {
    int bit = (value ^ crc) & 1;
    crc = (crc >> 1) ^ (bit ? 0xa001 : 0);
    value >>= 1;
  }
  return crc;
}

static struct item *reverse(struct item *list) {
  struct item *done = NULL;
  while (list) {
    struct item *next = list->next;
    list->next = done, done = list, list = next;
  }
  return done;
}

static struct item *merge(struct item *a, struct item *b, int by_value) {
  struct item head, *last = &head;
  while (a && b) {
    int first = by_value ? a->value <= b->value : a->key <= b->key;
    struct item **from = first ? &a : &b;
    last->next = *from, last = *from, *from = (*from)->next;
  }
  last->next = a ? a : b;
  return head.next;
}

static struct item *sort(struct item *list, int by_value) {
  if (!list || !list->next) return list;
  struct item *slow = list, *fast = list->next;
  while (fast && fast->next) slow = slow->next, fast = fast->next->next;
  struct item *rest = slow->next;
  slow->next = NULL;
  return merge(sort(list, by_value), sort(rest, by_value), by_value);
}

static uint16_t lists(struct item *items, int seed) {
  for (int i = 0; i < ITEMS; i++) {
    items[i].next = i + 1 < ITEMS ? &items[i + 1] : NULL;
    items[i].key = (i * 37 + seed) & 0x7ff, items[i].value = (i * 101 ^ seed) & 0x7ff;
  }
  struct item *list = items;
  uint16_t crc = 0;
  for (int wanted = 0; wanted < 40; wanted++) {
    struct item *at = list;
    while (at && (at->key & 0x3f) != wanted) at = at->next;
    list = reverse(list);
    crc = checksum(crc, at ? at->value : wanted);
  }
  list = sort(sort(list, 0), 1);
  for (struct item *at = list; at; at = at->next) crc = checksum(crc, at->value);
  return crc;
}

static uint16_t matrices(int32_t *c, const int16_t *a, const int16_t *b, int16_t scale) {
  for (int i = 0; i < SIDE; i++)
    for (int j = 0; j < SIDE; j++) {
      int32_t sum = 0;
      for (int k = 0; k < SIDE; k++) sum += a[i * SIDE + k] * b[k * SIDE + j];
      c[i * SIDE + j] = sum * scale;
    }
  uint16_t crc = 0;
  for (int i = 0; i < SIDE * SIDE; i++) crc = checksum(crc, (c[i] >> 2 & 15) * (c[i] >> 5 & 127));
  return crc;
}

enum state { START, SIGN, INTEGER, FRACTION, EXPONENT, INVALID };

static enum state scan(const char **text, int *seen) {
  enum state state = START;
  for (; **text; ++*text) {
    char c = **text;
    if (c == ',') {
      ++*text;
      break;
    }
    enum state next = state;
    switch (state) {
    case START: next = c >= '0' && c <= '9' ? INTEGER : c == '-' || c == '+' ? SIGN : c == '.' ? FRACTION : INVALID; break;
    case SIGN: next = c >= '0' && c <= '9' ? INTEGER : c == '.' ? FRACTION : INVALID; break;
    case INTEGER: next = c >= '0' && c <= '9' ? INTEGER : c == '.' ? FRACTION : c == 'e' ? EXPONENT : INVALID; break;
    case FRACTION: next = c >= '0' && c <= '9' ? FRACTION : c == 'e' ? EXPONENT : INVALID; break;
    case EXPONENT: next = (c >= '0' && c <= '9') || c == '-' ? EXPONENT : INVALID; break;
    case INVALID: break;
    }
    if (next != state) seen[next]++;
    state = next;
  }
  return state;
}

static uint16_t states(char *text, int seed) {
  static const char *const words[] = {"5012", "-874", "+122", "35.54400", ".1234500", "-110.700", "5.500e4", "-.123e-2",
                                      "T0.3e-1F", "-T.T++Tq", "1T3.4e4z", "34.0e-T^"};
  int seen[STATES] = {0}, ends[STATES] = {0}, length = 0;
  for (int i = seed; length + 10 < TEXT; i++) {
    const char *word = words[i * 7 % 12];
    size_t n = strlen(word);
    memcpy(text + length, word, n);
    text[length + n] = ',', length += n + 1;
  }
  text[length] = 0;
  const char *at = text;
  while (*at) ends[scan(&at, seen)]++;
  uint16_t crc = 0;
  for (int i = 0; i < STATES; i++) crc = checksum(checksum(crc, seen[i]), ends[i]);
  return crc;
}

RUN double run(int rounds) {
  struct item *items = malloc(ITEMS * sizeof *items);
  int16_t *a = malloc(SIDE * SIDE * sizeof *a), *b = malloc(SIDE * SIDE * sizeof *b);
  int32_t *c = malloc(SIDE * SIDE * sizeof *c);
  char *text = malloc(TEXT);
  for (int i = 0; i < SIDE * SIDE; i++) a[i] = i % 17 - 8, b[i] = i % 13 - 6;
  uint16_t crc = 0;
  for (int round = 0; round < rounds; round++) {
    crc = checksum(crc, lists(items, round));
    crc = checksum(crc, matrices(c, a, b, round % 5 + 1));
    crc = checksum(crc, states(text, round));
  }
  free(items), free(a), free(b), free(c), free(text);
  return crc;
}
