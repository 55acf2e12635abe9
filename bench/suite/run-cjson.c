// Builds, prints and parses JSON documents: small allocations and strings.
#include "bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cJSON.h"

RUN double run(int rounds) {
  double total = 0;
  for (int round = 0; round < rounds; round++) {
    cJSON *root = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(root, "list");
    for (int i = 0; i < 400; i++) {
      cJSON *item = cJSON_CreateObject();
      char name[32];
      snprintf(name, sizeof name, "item number %d", i);
      cJSON_AddStringToObject(item, "name", name);
      cJSON_AddNumberToObject(item, "value", i * 1.25);
      cJSON_AddBoolToObject(item, "even", i % 2 == 0);
      cJSON_AddItemToArray(list, item);
    }
    char *text = cJSON_Print(root);
    cJSON *again = cJSON_Parse(text);
    char *compact = cJSON_PrintUnformatted(again);
    total += strlen(text) + strlen(compact) + cJSON_GetArraySize(cJSON_GetObjectItem(again, "list"));
    free(text), free(compact);
    cJSON_Delete(root), cJSON_Delete(again);
  }
  return total;
}
