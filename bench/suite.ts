// The benchmark's programs: what they are built from, and how much work one round is. The one list of them.

export interface Program {
  readonly name: string;
  /** kernel and program count in the goals; a loop lives on one kind of access and counts in none. */
  readonly kind: 'kernel' | 'program' | 'loop';
  /** File of bench/suite/ with `double run(int size)`. */
  readonly driver: string;
  /** Argument of run(): some 60 ms on the original. */
  readonly size: number;
  /** The same for runs that count instead of timing. */
  readonly small: number;
  /** Debian source package it comes from; none: the driver is all there is. */
  readonly source?: string;
  /** Folders of the package with the sources and headers to compile along. */
  readonly folders?: readonly string[];
  readonly pick?: (file: string) => boolean;
  /** Files the driver includes by itself. */
  readonly includes?: readonly string[];
  readonly flags?: readonly string[];
  /** Flags that WASI alone needs. */
  readonly wasiFlags?: readonly string[];
  /** Flags of native and Emscripten builds. */
  readonly otherFlags?: readonly string[];
}

/** Lua needs setjmp and a few functions WASI has only in emulation. */
const LUA_ON_WASI = [
  '-mllvm', '-wasm-enable-sjlj', '-lsetjmp',
  '-D_WASI_EMULATED_SIGNAL', '-lwasi-emulated-signal',
  '-D_WASI_EMULATED_PROCESS_CLOCKS', '-lwasi-emulated-process-clocks',
]; // biome-ignore format: pairs

const SQLITE = [
  '-DSQLITE_THREADSAFE=0', '-DSQLITE_OS_OTHER=1', '-DSQLITE_OMIT_LOAD_EXTENSION', '-DSQLITE_OMIT_WAL',
  '-DSQLITE_DEFAULT_MEMSTATUS=0', '-DSQLITE_TEMP_STORE=3', '-DHAVE_GETPID=0',
]; // biome-ignore format: pairs

export const PROGRAMS: readonly Program[] = [
  { name: 'gemm', kind: 'kernel', driver: 'gemm.c', size: 480, small: 48 },
  { name: 'jacobi-2d', kind: 'kernel', driver: 'jacobi-2d.c', size: 700, small: 60 },
  { name: 'floyd-warshall', kind: 'kernel', driver: 'floyd-warshall.c', size: 340, small: 50 },
  { name: 'embedded (CoreMark-like)', kind: 'kernel', driver: 'embedded.c', size: 3_500, small: 8 },
  {
    name: 'zlib',
    kind: 'program',
    driver: 'run-zlib.c',
    size: 1,
    small: 1,
    source: 'zlib',
    pick: (f) => !f.startsWith('gz'),
  },
  {
    name: 'lz4',
    kind: 'program',
    driver: 'run-lz4.c',
    size: 20,
    small: 1,
    source: 'lz4',
    folders: ['lib'],
    pick: (f) => f === 'lz4.c',
  },
  {
    name: 'cJSON',
    kind: 'program',
    driver: 'run-cjson.c',
    size: 40,
    small: 2,
    source: 'cjson',
    pick: (f) => f === 'cJSON.c',
  },
  {
    name: 'Lua',
    kind: 'program',
    driver: 'run-lua.c',
    size: 40_000,
    small: 2_000,
    source: 'lua5.4',
    folders: ['src'],
    pick: (f) => !/^(lua|luac|loslib|liolib|linit)\.c$/.test(f),
    wasiFlags: LUA_ON_WASI,
    otherFlags: ['-lm'],
  },
  {
    name: 'SQLite speedtest1',
    kind: 'program',
    driver: 'run-sqlite.c',
    size: 2,
    small: 1,
    source: 'sqlite3',
    folders: ['.', 'test'],
    pick: (f) => f === 'sqlite3.c',
    includes: ['speedtest1.c'],
    flags: SQLITE,
    wasiFlags: ['-D_WASI_EMULATED_GETPID', '-lwasi-emulated-getpid'],
    otherFlags: ['-lm'],
  },
  ...loops(['sieve', 4_000_000, 4_000], ['chase', 400_000, 500], ['sort', 400_000, 600], ['crc', 3_000_000, 1_000]),
  ...loops(['strings', 40_000, 40], ['churn', 300_000, 2_000]),
];

function loops(...rows: readonly (readonly [name: string, size: number, small: number])[]): Program[] {
  return rows.map(([name, size, small]) => ({
    name,
    kind: 'loop' as const,
    driver: 'loops.c',
    size,
    small,
    flags: [`-DLOOP=${name}`],
  }));
}
