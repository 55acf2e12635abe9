// expat: parse in two pieces, with handlers that ask for everything.
#include <stddef.h>
#include <stdint.h>
#include "expat.h"

static void start(void *count, const XML_Char *name, const XML_Char **attributes) {
  for (; *attributes; attributes++) *(unsigned *)count += name[0] + (*attributes)[0];
}
static void end(void *count, const XML_Char *name) { *(unsigned *)count += name[0]; }
static void text(void *count, const XML_Char *data, int length) { *(unsigned *)count += length ? data[length - 1] : 0; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  unsigned count = 0;
  XML_Parser parser = XML_ParserCreate(NULL);
  if (!parser) return 0;
  XML_SetHashSalt(parser, 0x5eed);
  XML_SetUserData(parser, &count);
  XML_SetElementHandler(parser, start, end);
  XML_SetCharacterDataHandler(parser, text);
  size_t half = size / 2;
  if (XML_Parse(parser, (const char *)data, (int)half, 0) == XML_STATUS_OK)
    XML_Parse(parser, (const char *)data + half, (int)(size - half), 1);
  XML_ParserFree(parser);
  return 0;
}
