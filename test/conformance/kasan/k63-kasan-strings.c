// K63 kasan_strings: a string that ends flush with its block may be copied; one that does not start in it may not; none of a freed block may be looked at.
// CLANG -D_GNU_SOURCE -fno-builtin
// FINDS heap-buffer-overflow|slab-out-of-bounds, READ of size 1, 0 bytes after 6-byte region, at A
// FINDS heap-use-after-free|slab-use-after-free, READ of size 6|1, 0 bytes inside 6-byte region, at B
// FINDS heap-use-after-free|slab-use-after-free, READ of size 6|1, 0 bytes inside 6-byte region, at C
// FINDS heap-use-after-free|slab-use-after-free, READ of size 6|1, 0 bytes inside 6-byte region, at D
// FINDS heap-use-after-free|slab-use-after-free, READ of size 6|1, 0 bytes inside 6-byte region, at E
// FINDS heap-use-after-free|slab-use-after-free, READ of size 6|1, 0 bytes inside 6-byte region, at F
// FINDS heap-use-after-free|slab-use-after-free, READ of size 6|1, 0 bytes inside 6-byte region, at G
#include "kasan.h"

int main(void) {
  char copy[16];
  char *p = block(6);
  memcpy(p, "hello", 6);
  HIDE(p);
  if (strlcpy(copy, p, sizeof copy) != 5) return 1;
  size_t length = strlcpy(copy, p + 6, 1); // <- A
  HIDE(length);
  free(p);
  HIDE(p);
  char *found = strchr(p, '#'); // <- B
  HIDE(found);
  found = strrchr(p, '#'); // <- C
  HIDE(found);
  int order = strcmp(p, "hello"); // <- D
  HIDE(order);
  size_t size = 6;
  HIDE(size);
  order = strncmp(p, "hello", size); // <- E
  HIDE(order);
  length = strlen(p); // <- F
  HIDE(length);
  length = strnlen(p, size); // <- G
  HIDE(length);
  return 0;
}
