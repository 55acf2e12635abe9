// The programs: which Debian source package each comes from, what is compiled of it, and what it is asked to do. Most are the
// authors' own test programs, because nobody else's would go through as much of their code.

import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Tree } from '@yowasp/clang';
import { debianSource } from '../../bench/debian.ts';
import { type Sources, sourceTree, type Toolchain } from './build.ts';

export interface Program {
  readonly name: string;
  /** Source package; the first is the one whose folder `directory` is in. */
  readonly packages: readonly string[];
  readonly toolchain: Toolchain;
  readonly flags: readonly string[];
  /** Files to compile, or a question about each. */
  readonly sources: readonly string[] | ((file: string) => boolean);
  readonly tree: (folders: readonly string[]) => Tree;
  /** One run of the program for each list of arguments. */
  readonly runs: readonly (readonly string[])[];
  /** The folder that the program may read and write in, copied: in the package, or the drivers here. "." to it. */
  readonly directory?: string | typeof DRIVERS;
  /** Bytes of blocks that the program itself never frees. */
  readonly ownLeaks?: readonly number[];
  /** wasm-opt 108 makes a module of it that does not work. */
  readonly spoiltByOptimiser?: true;
  /** Optimised as if nothing trapped it is reported, as RATIONALE says: nothing tells that it was, or a field would have to be asked. */
  readonly readsFirst?: true;
  /** At -O0 it recurses deeper than the engine's own stack, also without wasan. */
  readonly tooDeepUnoptimised?: true;
  /** Parts of the output that differ from run to run: times. */
  readonly volatile?: RegExp;
}

/** The folder of our own scripts. */
export const DRIVERS = new URL('drivers/', import.meta.url);
const driver = (name: string) => readFileSync(new URL(name, DRIVERS));

/** setjmp and longjmp by way of exceptions (sjlj.c). */
const SJLJ = ['-mllvm', '-wasm-enable-sjlj', '-mexception-handling'];
const SJLJ_FILES = { 'setjmp.h': driver('setjmp.h'), 'sjlj.c': driver('sjlj.c') };
/** What WASI has only in emulation. */
const EMULATED = [
  '-D_WASI_EMULATED_SIGNAL', '-lwasi-emulated-signal',
  '-D_WASI_EMULATED_PROCESS_CLOCKS', '-lwasi-emulated-process-clocks',
  '-D_WASI_EMULATED_GETPID', '-lwasi-emulated-getpid',
]; // biome-ignore format: pairs

const SQLITE = [
  '-DSQLITE_OS_OTHER=1', '-DSQLITE_THREADSAFE=0', '-DSQLITE_TEMP_STORE=3', '-DSQLITE_OMIT_LOAD_EXTENSION',
  '-DSQLITE_ENABLE_FTS3', '-DSQLITE_ENABLE_RTREE', ...EMULATED,
]; // biome-ignore format: pairs

const CJSON_FLAGS = ['-Itests/unity/src', '-DUNITY_EXCLUDE_SETJMP_H', '-DUNITY_INCLUDE_DOUBLE'];
/** wasm-ld's 64 KiB are not enough for some: cJSON's thousand nested arrays take 73,776 bytes and run over the data below. */
const ENOUGH_STACK = ['-Wl,-z,stack-size=1048576'];

const isC = (file: string) => file.endsWith('.c');
const cjsonTests = ['compare_tests', 'json_patch_tests', 'minify_tests', 'misc_tests', 'misc_utils_tests', 'old_utils_tests',
  'cjson_add', 'parse_array', 'parse_examples', 'parse_hex4', 'parse_number', 'parse_object', 'parse_string', 'parse_value',
  'parse_with_opts', 'print_array', 'print_number', 'print_object', 'print_string', 'print_value', 'readme_examples']; // biome-ignore format: one list

export const PROGRAMS: readonly Program[] = [
  {
    name: 'sqlite3 speedtest1',
    readsFirst: true,
    packages: ['sqlite3', 'libdbd-sqlite3-perl'], // the second holds SQLite as one file
    toolchain: 'debian',
    flags: SQLITE,
    tree: ([own, amalgamated]) => ({
      'sqlite3.c': readFileSync(join(amalgamated!, 'sqlite3.c')),
      'sqlite3.h': readFileSync(join(amalgamated!, 'sqlite3.h')),
      'speedtest1.c': readFileSync(join(own!, 'test/speedtest1.c')),
      'vfs.c': driver('sqlite-vfs.c'),
    }),
    sources: isC,
    runs: ['main', 'cte', 'fp', 'orm', 'rtree'].map((set) => ['--memdb', '--size', '3', '--verify', '--testset', set]),
    ownLeaks: [6008], // testset_rtree: aCheck, 15 * 100 ints behind SQLite's word for the size
    volatile: /[\d.]+s$/gm,
  },
  ...['example', 'infcover', 'minigzip'].map(
    (name): Program => ({
      name: `zlib ${name}`,
      packages: ['zlib'],
      toolchain: 'debian',
      flags: ['-DHAVE_UNISTD_H', '-D_LARGEFILE64_SOURCE=0'],
      tree: ([folder]) => ({
        ...sourceTree(folder!),
        [`test_${name}.c`]: readFileSync(join(folder!, `test/${name}.c`)),
      }),
      sources: (file) => isC(file),
      runs:
        name === 'minigzip'
          ? [
              ['-9', 'deflate.c'],
              ['-d', 'deflate.c.gz'],
              ['-1', '-h', 'trees.c'],
            ]
          : [[]],
      directory: '.',
    }),
  ),
  ...['fuzzer', 'frametest'].map(
    (name): Program => ({
      name: `lz4 ${name}`,
      packages: ['lz4'],
      toolchain: 'debian',
      flags: [
        '-Ilib',
        '-Iprograms',
        '-DXXH_NAMESPACE=LZ4_',
        '-Dchown(a,b,c)=0',
        '-Dchmod(a,b)=0',
        ...ENOUGH_STACK,
        ...EMULATED,
      ],
      tree: ([folder]) => sourceTree(folder!),
      sources: ['lz4', 'lz4hc', 'lz4frame', 'xxhash'].map((f) => `lib/${f}.c`).concat(`tests/${name}.c`),
      runs: [['-i20', '-s7', '-v']],
      ...(name === 'fuzzer' && { readsFirst: true }),
      volatile: /\r *\d+( *\/ *\d+)? */g,
    }),
  ),
  ...cjsonTests.map(
    (name): Program => ({
      name: `cjson ${name}`,
      packages: ['cjson'],
      toolchain: 'debian',
      flags: [...CJSON_FLAGS, ...(name === 'misc_tests' ? ENOUGH_STACK : [])],
      ...(name === 'misc_tests' && { tooDeepUnoptimised: true as const }),
      tree: ([folder]) => sourceTree(folder!),
      sources: [`tests/${name}.c`, 'cJSON_Utils.c', 'tests/unity/src/unity.c', 'tests/unity_setup.c'],
      runs: [[]],
      directory: 'tests',
    }),
  ),
  {
    name: 'expat runtests',
    packages: ['expat'],
    toolchain: 'debian',
    flags: [
      ...SJLJ,
      ...EMULATED,
      '-Iexpat/lib',
      '-Iexpat/tests',
      '-Iexpat',
      '-DXML_POOR_ENTROPY',
      '-DHAVE_EXPAT_CONFIG_H',
    ],
    tree: ([folder]) => {
      const tree = sourceTree(folder!);
      return { ...tree, ...SJLJ_FILES, expat: { ...(tree.expat as Tree), 'expat_config.h': driver('expat_config.h') } };
    },
    spoiltByOptimiser: true,
    sources: ['lib/xmlparse', 'lib/xmlrole', 'lib/xmltok', 'tests/runtests', 'tests/chardata', 'tests/structdata',
      'tests/minicheck', 'tests/memcheck'].map((f) => `expat/${f}.c`).concat('sjlj.c'), // biome-ignore format: one list
    runs: [['-v']],
  },
  {
    name: 'lua',
    packages: ['lua5.4'],
    toolchain: 'debian',
    flags: [...SJLJ, ...EMULATED],
    tree: ([folder]) => ({ ...sourceTree(join(folder!, 'src')), 'lua-main.c': driver('lua-main.c'), ...SJLJ_FILES }),
    sources: (file) => isC(file) && !/^(lua|luac|loslib|liolib|linit|loadlib)\.c$/.test(file),
    runs: [['tour.lua']],
    directory: DRIVERS,
    spoiltByOptimiser: true,
  },
];

/** cJSON's test of nested arrays with the stack that wasm-ld gives: it overflows, and nothing stops it without wasan. */
export const OVERFLOWING: Program = { ...PROGRAMS.find((p) => p.name === 'cjson misc_tests')!, flags: CJSON_FLAGS };

/** What a program is built from, or why it cannot be had here. */
export function sourcesOf(program: Program): (Sources & { folders: string[] }) | { reason: string } {
  const folders: string[] = [];
  for (const name of program.packages) {
    const source = debianSource(name);
    if ('reason' in source) return source;
    folders.push(source.folder);
  }
  const tree = program.tree(folders);
  const { sources } = program;
  const files = typeof sources === 'function' ? Object.keys(tree).filter((f) => sources(basename(f))) : [...sources];
  return { tree, files, folders };
}
