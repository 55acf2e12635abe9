// cJSON: parse, print, parse what was printed.
#include <stddef.h>
#include <stdint.h>
#include "cJSON.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  cJSON *json = cJSON_ParseWithLength((const char *)data, size);
  if (!json) return 0;
  char *text = cJSON_PrintUnformatted(json);
  cJSON_Delete(json);
  if (!text) return 0;
  cJSON_Delete(cJSON_Parse(text));
  cJSON_free(text);
  return 0;
}
