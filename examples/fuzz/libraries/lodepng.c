// LodePNG: decode, without looking at checksums; images of more than a million pixels are left out.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include "lodepng.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  LodePNGState state;
  lodepng_state_init(&state);
  state.decoder.ignore_crc = 1;
  state.decoder.zlibsettings.ignore_adler32 = 1;
  unsigned width, height;
  unsigned char *image = NULL;
  if (lodepng_inspect(&width, &height, &state, data, size) == 0 && (uint64_t)width * height <= 1 << 20)
    lodepng_decode(&image, &width, &height, &state, data, size);
  free(image);
  lodepng_state_cleanup(&state);
  return 0;
}
