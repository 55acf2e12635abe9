// The operating system as SQLITE_OS_OTHER sees it: databases live in memory, so files cannot be opened, and clocks stand still.
#include <string.h>
#include "sqlite3.h"

static int open_nothing(sqlite3_vfs *v, const char *name, sqlite3_file *file, int flags, int *out) {
  (void)v, (void)name, (void)flags, (void)out;
  file->pMethods = 0;
  return SQLITE_CANTOPEN;
}

static int delete_nothing(sqlite3_vfs *v, const char *name, int sync) {
  (void)v, (void)name, (void)sync;
  return SQLITE_OK;
}

static int access_nothing(sqlite3_vfs *v, const char *name, int flags, int *result) {
  (void)v, (void)name, (void)flags;
  *result = 0;
  return SQLITE_OK;
}

static int full_path(sqlite3_vfs *v, const char *name, int size, char *out) {
  (void)v;
  strncpy(out, name, (size_t)size - 1);
  out[size - 1] = 0;
  return SQLITE_OK;
}

static int randomness(sqlite3_vfs *v, int size, char *out) {
  (void)v;
  for (int i = 0; i < size; i++) out[i] = (char)(i * 37 + 11);
  return size;
}

static int nap(sqlite3_vfs *v, int microseconds) {
  (void)v;
  return microseconds;
}

static int now(sqlite3_vfs *v, double *days) {
  (void)v;
  *days = 2440587.5;
  return SQLITE_OK;
}

int sqlite3_os_init(void) {
  static sqlite3_vfs vfs = {1, sizeof(sqlite3_file), 128, 0, "none", 0, open_nothing, delete_nothing, access_nothing,
                            full_path, 0, 0, 0, 0, randomness, nap, now, 0, 0, 0, 0, 0};
  return sqlite3_vfs_register(&vfs, 1);
}

int sqlite3_os_end(void) { return SQLITE_OK; }
