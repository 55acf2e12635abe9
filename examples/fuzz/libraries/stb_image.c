// stb_image: decode whatever it is; images of more than a million pixels are left out.
#include <stddef.h>
#include <stdint.h>
#define STB_IMAGE_IMPLEMENTATION
#define STBI_NO_STDIO
#include "stb_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  int width, height, channels;
  if (!stbi_info_from_memory(data, (int)size, &width, &height, &channels)) return 0;
  if ((uint64_t)width * height > 1 << 20) return 0;
  stbi_image_free(stbi_load_from_memory(data, (int)size, &width, &height, &channels, 4));
  return 0;
}
