// K76 copy_user_test_oob: 121 bytes copied to and from the outside, seven ways, where a block has 120.
// FINDS 3x heap-buffer-overflow|slab-out-of-bounds, READ of size 121, 0 bytes after|0 bytes inside 120-byte region, at R
// FINDS 4x heap-buffer-overflow|slab-out-of-bounds, WRITE of size 121, 0 bytes after|0 bytes inside 120-byte region, at W
#include "kasan.h"
#include <wasi/api.h>

int main(void) {
  char *p = block(120);
  memset(p, 'a', 120);
  __wasi_size_t done;
  __wasi_ciovec_t from = {(const uint8_t *)p, 121};
  __wasi_iovec_t to = {(uint8_t *)p, 121};
  (void)__wasi_fd_write(1, &from, 1, &done); // <- R
  (void)__wasi_fd_pwrite(1, &from, 1, 0, &done); // <- R
  (void)__wasi_sock_send(1, &from, 1, 0, &done); // <- R
  (void)__wasi_fd_read(0, &to, 1, &done); // <- W
  (void)__wasi_fd_pread(0, &to, 1, 0, &done); // <- W
  (void)__wasi_random_get((uint8_t *)p, 121); // <- W
  (void)__wasi_fd_prestat_dir_name(3, (uint8_t *)p, 121); // <- W
  free(p);
  return 0;
}
