// SQLite's own speedtest1 on a database in memory. The file system is a stub, so that all builds run the same code.
#include "bench.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int quiet(const char *format, ...) { return 0; }

#define printf quiet
#define main speedtest1_main
#include "speedtest1.c"
#undef main
#undef printf

static int no_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out) { return SQLITE_CANTOPEN; }
static int no_delete(sqlite3_vfs *v, const char *name, int sync) { return SQLITE_OK; }
static int no_access(sqlite3_vfs *v, const char *name, int flags, int *out) { return *out = 0, SQLITE_OK; }
static int same_path(sqlite3_vfs *v, const char *name, int n, char *out) {
  return sqlite3_snprintf(n, out, "%s", name), SQLITE_OK;
}
static int no_randomness(sqlite3_vfs *v, int n, char *out) { return memset(out, 7, n), n; }
static int no_sleep(sqlite3_vfs *v, int microseconds) { return microseconds; }
static int no_time(sqlite3_vfs *v, double *out) { return *out = 2460000.5, SQLITE_OK; }
static int no_error(sqlite3_vfs *v, int n, char *out) { return 0; }

int sqlite3_os_init(void) {
  static sqlite3_vfs stub = {1, sizeof(sqlite3_file), 100, 0, "stub", 0, no_open, no_delete, no_access, same_path,
                             0, 0, 0, 0, no_randomness, no_sleep, no_time, no_error};
  return sqlite3_vfs_register(&stub, 1);
}

int sqlite3_os_end(void) { return SQLITE_OK; }

RUN double run(int size) {
  char number[16];
  snprintf(number, sizeof number, "%d", size);
  char *arguments[] = {"speedtest1", "--verify", "--size", number, ":memory:", NULL};
  if (speedtest1_main(5, arguments)) return -1;
  double result = 0;
  for (int i = 0; i < 24; i++) result = result * 7 + g.hash.r[i];
  return result;
}
