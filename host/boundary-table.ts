// What imported functions do with the program's memory: one row per pointer they are given. WASI is complete; of Emscripten
// and wasm-bindgen the functions whose names do not depend on the program. More can be given as JSON of the same form.

import { SanitizerError } from './errors.ts';

/** One thing a host function reads or writes. Parameters are counted from 0. */
export interface Touch {
  readonly access: 'reads' | 'writes';
  /** The parameter that holds the address. */
  readonly pointer: number;
  /** A fixed number of bytes ... */
  readonly bytes?: number;
  /** ... or as many elements as another parameter says, of `each` bytes (1) ... */
  readonly length?: number;
  readonly each?: number;
  /** ... or as many as an earlier call left at its own out-pointer: [function, parameter] ... */
  readonly lengthFrom?: readonly [name: string, parameter: number];
  /** ... or up to the terminating zero byte. */
  readonly string?: true;
  /** The address is that of an array of `length` {address, bytes} pairs, which say what is read or written. */
  readonly vectors?: true;
  /** The program may leave it to the host to remember this memory: never a leak. */
  readonly kept?: true;
}

/** Module -> function -> what it touches. Module "*" is any module. */
export type BoundaryTable = Readonly<Record<string, Readonly<Record<string, readonly Touch[]>>>>;

const reads = (pointer: number, length: number, each = 1): Touch => ({ access: 'reads', pointer, length, each });
const writes = (pointer: number, length: number, each = 1): Touch => ({ access: 'writes', pointer, length, each });
const out = (pointer: number, bytes: number): Touch => ({ access: 'writes', pointer, bytes });
const text = (pointer: number): Touch => ({ access: 'reads', pointer, string: true });
const gather = (pointer: number, length: number): Touch => ({ access: 'reads', pointer, length, vectors: true });
const scatter = (pointer: number, length: number): Touch => ({ access: 'writes', pointer, length, vectors: true });
const strings = (pointer: number, name: string, parameter: number, each: number): Touch => ({
  access: 'writes',
  pointer,
  lengthFrom: [name, parameter],
  each,
  kept: true,
});

const FILESTAT = 64;
const SUBSCRIPTION = 48;
const EVENT = 32;

/** All 46 functions of WASI preview 1, in the order of its specification. */
export const WASI_PREVIEW1: Readonly<Record<string, readonly Touch[]>> = {
  args_get: [strings(0, 'args_sizes_get', 0, 4), strings(1, 'args_sizes_get', 1, 1)],
  args_sizes_get: [out(0, 4), out(1, 4)],
  environ_get: [strings(0, 'environ_sizes_get', 0, 4), strings(1, 'environ_sizes_get', 1, 1)],
  environ_sizes_get: [out(0, 4), out(1, 4)],
  clock_res_get: [out(1, 8)],
  clock_time_get: [out(2, 8)],
  fd_advise: [],
  fd_allocate: [],
  fd_close: [],
  fd_datasync: [],
  fd_fdstat_get: [out(1, 24)],
  fd_fdstat_set_flags: [],
  fd_fdstat_set_rights: [],
  fd_filestat_get: [out(1, FILESTAT)],
  fd_filestat_set_size: [],
  fd_filestat_set_times: [],
  fd_pread: [scatter(1, 2), out(4, 4)],
  fd_prestat_get: [out(1, 8)],
  fd_prestat_dir_name: [writes(1, 2)],
  fd_pwrite: [gather(1, 2), out(4, 4)],
  fd_read: [scatter(1, 2), out(3, 4)],
  fd_readdir: [writes(1, 2), out(4, 4)],
  fd_renumber: [],
  fd_seek: [out(3, 8)],
  fd_sync: [],
  fd_tell: [out(1, 8)],
  fd_write: [gather(1, 2), out(3, 4)],
  path_create_directory: [reads(1, 2)],
  path_filestat_get: [reads(2, 3), out(4, FILESTAT)],
  path_filestat_set_times: [reads(2, 3)],
  path_link: [reads(2, 3), reads(5, 6)],
  path_open: [reads(2, 3), out(8, 4)],
  path_readlink: [reads(1, 2), writes(3, 4), out(5, 4)],
  path_remove_directory: [reads(1, 2)],
  path_rename: [reads(1, 2), reads(4, 5)],
  path_symlink: [reads(0, 1), reads(3, 4)],
  path_unlink_file: [reads(1, 2)],
  poll_oneoff: [reads(0, 2, SUBSCRIPTION), writes(1, 2, EVENT), out(3, 4)],
  proc_exit: [],
  proc_raise: [],
  sched_yield: [],
  random_get: [writes(0, 1)],
  sock_accept: [out(2, 4)],
  sock_recv: [scatter(1, 2), out(4, 4), out(5, 2)],
  sock_send: [gather(1, 2), out(4, 4)],
  sock_shutdown: [],
};

/** Parameters of 64 bits with a pointer behind them. Emscripten's older glue takes each as two of 32. */
export const WIDE: Readonly<Record<string, readonly number[]>> = {
  clock_time_get: [1],
  fd_pread: [3],
  fd_pwrite: [3],
  fd_readdir: [3],
  fd_seek: [1],
  path_open: [5, 6],
};

const OLD_FILESTAT = 56;
const OLD_SUBSCRIPTION = 56;

/** Preview 0 has other sizes for three of them. */
const WASI_PREVIEW0: Readonly<Record<string, readonly Touch[]>> = {
  ...WASI_PREVIEW1,
  fd_filestat_get: [out(1, OLD_FILESTAT)],
  path_filestat_get: [reads(2, 3), out(4, OLD_FILESTAT)],
  poll_oneoff: [reads(0, 2, OLD_SUBSCRIPTION), writes(1, 2, EVENT), out(3, 4)],
};

const EMSCRIPTEN: Readonly<Record<string, readonly Touch[]>> = {
  emscripten_memcpy_big: [reads(1, 2), writes(0, 2)],
  emscripten_memcpy_js: [reads(1, 2), writes(0, 2)],
  _emscripten_memcpy_js: [reads(1, 2), writes(0, 2)],
  emscripten_run_script: [text(0)],
  emscripten_run_script_int: [text(0)],
  emscripten_run_script_string: [text(0)],
  emscripten_console_log: [text(0)],
  emscripten_console_warn: [text(0)],
  emscripten_console_error: [text(0)],
  getentropy: [writes(0, 1)],
  __assert_fail: [text(0), text(1)],
  __syscall_chdir: [text(0)],
  __syscall_chmod: [text(0)],
  __syscall_faccessat: [text(1)],
  __syscall_fstatfs64: [writes(2, 1)],
  __syscall_getcwd: [writes(0, 1)],
  __syscall_getdents64: [writes(1, 2)],
  __syscall_mkdirat: [text(1)],
  __syscall_openat: [text(1)],
  __syscall_readlinkat: [text(1), writes(2, 3)],
  __syscall_renameat: [text(1), text(3)],
  __syscall_rmdir: [text(0)],
  __syscall_statfs64: [text(0), writes(2, 1)],
  __syscall_symlinkat: [text(0), text(2)],
  __syscall_truncate64: [text(0)],
  __syscall_unlinkat: [text(1)],
};

/** wasm-bindgen passes text as address and length, and has results of two words written to an address. */
const WASM_BINDGEN: Readonly<Record<string, readonly Touch[]>> = {
  __wbindgen_throw: [reads(0, 1)],
  __wbindgen_error_new: [reads(0, 1)],
  __wbindgen_string_new: [reads(0, 1)],
  __wbindgen_symbol_named_new: [reads(0, 1)],
  __wbindgen_string_get: [out(0, 8)],
  __wbindgen_debug_string: [out(0, 8)],
  __wbindgen_json_parse: [reads(0, 1)],
  __wbindgen_json_serialize: [out(0, 8)],
};

export const BOUNDARY: BoundaryTable = {
  wasi_snapshot_preview1: WASI_PREVIEW1,
  wasi_unstable: WASI_PREVIEW0,
  env: EMSCRIPTEN,
  '*': WASM_BINDGEN,
};

/** Reads a table from JSON: `{"env": {"send": [{"access": "reads", "pointer": 0, "length": 1}]}}`. */
export function parseBoundary(json: string): BoundaryTable {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new SanitizerError('E_BOUNDARY', (error as Error).message);
  }
  for (const [module, functions] of entries(value, 'the file')) {
    for (const [name, rows] of entries(functions, module)) {
      if (!Array.isArray(rows)) throw new SanitizerError('E_BOUNDARY', `${module}.${name}: expected an array`);
      for (const row of rows) checkRow(row as Touch, `${module}.${name}`);
    }
  }
  return value as BoundaryTable;
}

function entries(value: unknown, where: string): [string, unknown][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  throw new SanitizerError('E_BOUNDARY', `${where}: expected an object`);
}

const KNOWN_KEYS = ['access', 'pointer', 'bytes', 'length', 'each', 'lengthFrom', 'string', 'vectors', 'kept'];

function checkRow(row: Touch, where: string): void {
  const refuse = (why: string): never => {
    throw new SanitizerError('E_BOUNDARY', `${where}: ${why}`);
  };
  const strange = entries(row, where).find(([key]) => !KNOWN_KEYS.includes(key));
  if (strange) refuse(`unknown key "${strange[0]}"`);
  if (row.access !== 'reads' && row.access !== 'writes') refuse('"access" is "reads" or "writes"');
  if (!Number.isInteger(row.pointer) || row.pointer < 0) refuse('"pointer" is the number of a parameter');
  const sizes = [row.bytes, row.length, row.lengthFrom, row.string].filter((s) => s !== undefined);
  if (sizes.length !== 1) refuse('exactly one of "bytes", "length", "lengthFrom" and "string" is needed');
}
