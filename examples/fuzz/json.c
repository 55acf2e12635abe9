// A small JSON parser in the manner of cJSON (a heap block per node, strings copied), with one bug: an escape at the end of
// a string reads and copies past it.
//
//   clang --target=wasm32-wasi -O2 -g -mexec-model=reactor -Wl,--export=LLVMFuzzerTestOneInput json.c -o json.wasm
//   wasan fuzz json.wasm corpus/

#include <stdlib.h>
#include <string.h>

enum kind { NUL, TRUE, FALSE, NUMBER, STRING, ARRAY, OBJECT };

struct node {
  struct node *next, *child;
  enum kind kind;
  char *name, *text;
  double number;
};

struct input {
  const char *at, *end;
  int depth;
};

static struct node *value(struct input *in);

static void release(struct node *node) {
  while (node) {
    struct node *next = node->next;
    release(node->child);
    free(node->name);
    free(node->text);
    free(node);
    node = next;
  }
}

static void space(struct input *in) {
  while (in->at < in->end && (*in->at == ' ' || *in->at == '\n' || *in->at == '\t' || *in->at == '\r')) in->at++;
}

static int word(struct input *in, const char *word) {
  size_t size = strlen(word);
  if ((size_t)(in->end - in->at) < size || strncmp(in->at, word, size)) return 0;
  in->at += size;
  return 1;
}

static char *string(struct input *in) {
  const char *start = ++in->at;
  size_t length = 0;
  while (in->at < in->end && *in->at != '"') {
#ifdef FIXED
    if (*in->at == '\\' && ++in->at == in->end) return NULL;
#else
    if (*in->at == '\\') in->at++;
#endif
    in->at++;
    length++;
  }
  if (in->at == in->end) return NULL;
  char *text = malloc(length + 1), *to = text;
  for (const char *from = start; from < in->at; from++) {
    if (*from == '\\') {
      from++;
      *to++ = *from == 'n' ? '\n' : *from == 't' ? '\t' : *from;
    } else *to++ = *from;
  }
  *to = 0;
  in->at++;
  return text;
}

static int number(struct input *in, double *out) {
  double result = 0, scale = 1;
  int negative = in->at < in->end && *in->at == '-', digits = 0;
  if (negative) in->at++;
  for (; in->at < in->end && *in->at >= '0' && *in->at <= '9'; in->at++, digits++) result = result * 10 + (*in->at - '0');
  if (in->at < in->end && *in->at == '.')
    for (in->at++; in->at < in->end && *in->at >= '0' && *in->at <= '9'; in->at++) result += (*in->at - '0') * (scale /= 10);
  *out = negative ? -result : result;
  return digits > 0;
}

static int members(struct input *in, struct node *parent, char close) {
  struct node **link = &parent->child;
  in->at++;
  space(in);
  if (in->at < in->end && *in->at == close) return in->at++, 1;
  for (;;) {
    char *name = NULL;
    space(in);
    if (close == '}') {
      if (in->at == in->end || *in->at != '"' || !(name = string(in))) return 0;
      space(in);
      if (in->at == in->end || *in->at++ != ':') return free(name), 0;
    }
    struct node *child = value(in);
    if (!child) return free(name), 0;
    child->name = name;
    *link = child;
    link = &child->next;
    space(in);
    if (in->at == in->end) return 0;
    if (*in->at == close) return in->at++, 1;
    if (*in->at++ != ',') return 0;
  }
}

static struct node *value(struct input *in) {
  space(in);
  if (in->at == in->end || in->depth > 100) return NULL;
  struct node *node = calloc(1, sizeof *node);
  int fine = 1;
  in->depth++;
  switch (*in->at) {
    case '"': node->kind = STRING; fine = (node->text = string(in)) != NULL; break;
    case '[': node->kind = ARRAY; fine = members(in, node, ']'); break;
    case '{': node->kind = OBJECT; fine = members(in, node, '}'); break;
    case 't': node->kind = TRUE; fine = word(in, "true"); break;
    case 'f': node->kind = FALSE; fine = word(in, "false"); break;
    case 'n': node->kind = NUL; fine = word(in, "null"); break;
    default: node->kind = NUMBER; fine = number(in, &node->number);
  }
  in->depth--;
  if (fine) return node;
  release(node);
  return NULL;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
  struct input in = {(const char *)data, (const char *)data + size, 0};
  release(value(&in));
  return 0;
}
