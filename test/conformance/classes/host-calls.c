// Hands the host memory that it must not read or write.
// TITLES heap-buffer-overflow heap-use-after-free stack-buffer-overflow global-buffer-overflow SEGV
#include "classes.h"
#include <wasi/api.h>

static uint8_t fixed[24];

CASE(write_from_freed, uint8_t *a = (uint8_t *)text(20); __wasi_ciovec_t v = {a, 20}; __wasi_size_t n; if (bug) free(a); (void)__wasi_fd_write(1, &v, 1, &n); if (!bug) free(a);)
CASE(write_too_much, uint8_t *a = (uint8_t *)text(20); __wasi_ciovec_t v = {a, number(bug ? 30 : 20)}; __wasi_size_t n; (void)__wasi_fd_write(1, &v, 1, &n); free(a);)
CASE(read_into_short, uint8_t *a = (uint8_t *)calloc(1, 20); __wasi_iovec_t v = {a, number(bug ? 64 : 20)}; __wasi_size_t n; (void)__wasi_fd_read(0, &v, 1, &n); free(a);)
CASE(read_into_freed, uint8_t *a = (uint8_t *)calloc(1, 20); __wasi_iovec_t v = {a, 20}; __wasi_size_t n; if (bug) free(a); (void)__wasi_fd_read(0, &v, 1, &n); if (!bug) free(a);)
CASE(random_into_short, uint8_t *a = (uint8_t *)calloc(1, 12); (void)__wasi_random_get(a, number(bug ? 16 : 12)); use(a); free(a);)
CASE(random_into_stack, uint8_t a[12]; (void)__wasi_random_get(a, number(bug ? 64 : 12)); use(a);)
CASE(random_into_global, (void)__wasi_random_get(fixed, number(bug ? 200 : 24)); use(fixed);)
CASE(vectors_freed, __wasi_ciovec_t *v = (__wasi_ciovec_t *)calloc(2, sizeof *v); __wasi_size_t n; use(v); if (bug) free(v); (void)__wasi_fd_write(1, v, 2, &n); if (!bug) free(v);)
CASE(vectors_too_many, __wasi_ciovec_t *v = (__wasi_ciovec_t *)calloc(2, sizeof *v); __wasi_size_t n; use(v); (void)__wasi_fd_write(1, v, number(2 + bug), &n); free(v);)
CASE(time_into_short, __wasi_timestamp_t *t = (__wasi_timestamp_t *)malloc(bug ? 4 : 8); (void)__wasi_clock_time_get(__WASI_CLOCKID_REALTIME, 1, t); use(t); free(t);)
CASE(size_into_freed, __wasi_size_t *n = (__wasi_size_t *)malloc(4); __wasi_size_t m; if (bug) free(n); (void)__wasi_args_sizes_get(n, &m); if (!bug) free(n);)
CASE(stat_into_short, __wasi_fdstat_t *s = (__wasi_fdstat_t *)malloc(bug ? 8 : sizeof *s); (void)__wasi_fd_fdstat_get(1, s); use(s); free(s);)
CASE(name_into_short, uint8_t *a = (uint8_t *)malloc(4); (void)__wasi_fd_prestat_dir_name(3, a, number(bug ? 40 : 4)); use(a); free(a);)
CASE(count_into_null, __wasi_ciovec_t v = {fixed, 1}; __wasi_size_t n; (void)__wasi_fd_write(1, &v, 1, number(bug) ? NULL : &n);)
