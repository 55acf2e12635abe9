// yajl: the parser on the bytes as they are, the tree on the same bytes as a C string.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "api/yajl_parse.h"
#include "api/yajl_tree.h"

static int on_string(void *context, const unsigned char *text, size_t length) {
  *(unsigned *)context += length ? text[length - 1] : 0;
  return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  unsigned seen = 0;
  yajl_callbacks callbacks = {.yajl_string = on_string, .yajl_map_key = on_string};
  yajl_handle parser = yajl_alloc(&callbacks, NULL, &seen);
  if (yajl_parse(parser, data, size) == yajl_status_ok) yajl_complete_parse(parser);
  yajl_free(parser);

  char *text = malloc(size + 1);
  memcpy(text, data, size);
  text[size] = 0;
  char message[128];
  yajl_tree_free(yajl_tree_parse(text, message, sizeof message));
  free(text);
  return 0;
}
