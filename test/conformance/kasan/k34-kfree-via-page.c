// K34 kfree_via_page: a block is freed through an address put together again.
// FINDS nothing
#include "kasan.h"

int main(void) {
  char *p = block(8);
  uintptr_t page = (uintptr_t)p >> 12;
  uintptr_t offset = (uintptr_t)p & 4095;
  HIDE(page);
  free((void *)(page << 12 | offset));
  return 0;
}
