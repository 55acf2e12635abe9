// jsmn: parse into few tokens, with all of its rules on; each token must lie inside the text.
#define JSMN_STRICT
#define JSMN_PARENT_LINKS
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include "jsmn.h"

enum { TOKENS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  jsmn_parser parser;
  jsmntok_t *tokens = malloc(TOKENS * sizeof *tokens);
  jsmn_init(&parser);
  int count = jsmn_parse(&parser, (const char *)data, size, tokens, TOKENS);
  for (int i = 0; i < count; i++)
    if (tokens[i].start < 0 || tokens[i].end < tokens[i].start || (size_t)tokens[i].end > size) abort();
  free(tokens);
  return 0;
}
