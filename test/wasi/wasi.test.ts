// The host boundary: every function of WASI preview 1 has a row; what a program hands to the host is checked before the host
// touches it, and reported as that function's access with the caller below it.

import { beforeAll, describe, expect, test } from 'vitest';
import { type BoundaryTable, parseBoundary, WASI_PREVIEW1 } from '../../host/boundary-table.ts';
import { SanitizerError } from '../../host/errors.ts';
import type { Report } from '../../host/index.ts';
import { load } from '../../host/index.ts';
import { instrument } from '../../index.ts';
import { compileC } from '../support/compile-c.ts';
import { instrumentToRun, type ProgramOptions, runInstrumented, runProgram } from '../support/run-instrumented.ts';

/** WASI's own names, declared as imports: no library in between. */
const HEAD = `
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <unistd.h>
#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <wasi/api.h>
#define FREED(n) ({ char *p_ = malloc(n); memset(p_, 0, n); free(p_); p_; })
`;

interface Case {
  readonly name: string;
  readonly wrong: string;
  readonly right: string;
  /** Title, direction, size, innermost frame, caller. */
  readonly finding: string;
}

const CASES: readonly Case[] = [
  {
    name: 'read into a short buffer',
    wrong: 'char *b = malloc(10); read(0, b, 11); free(b);',
    right: 'char *b = malloc(10); read(0, b, 10); free(b);',
    finding: 'heap-buffer-overflow WRITE 11 fd_read',
  },
  {
    name: 'write from a freed one',
    wrong: 'write(1, FREED(8), 8);',
    right: 'char *b = calloc(1, 8); write(1, b, 8); free(b);',
    finding: 'heap-use-after-free READ 8 fd_write',
  },
  {
    name: 'write past the end',
    wrong: 'char *b = calloc(1, 8); write(1, b, 9); free(b);',
    right: 'char *b = calloc(1, 9); write(1, b, 9); free(b);',
    finding: 'heap-buffer-overflow READ 9 fd_write',
  },
  {
    name: 'pread',
    wrong: 'char *b = malloc(3); pread(0, b, 4, 0); free(b);',
    right: 'char *b = malloc(4); pread(0, b, 4, 0); free(b);',
    finding: 'heap-buffer-overflow WRITE 4 fd_pread',
  },
  {
    name: 'pwrite',
    wrong: 'char *b = calloc(1, 3); pwrite(1, b, 4, 0); free(b);',
    right: 'char *b = calloc(1, 4); pwrite(1, b, 4, 0); free(b);',
    finding: 'heap-buffer-overflow READ 4 fd_pwrite',
  },
  {
    name: 'vectors in freed memory',
    wrong:
      'struct iovec *v = malloc(16); static char c[4]; v[0] = v[1] = (struct iovec){c, 4}; free(v); writev(1, v, 2);',
    right:
      'struct iovec *v = malloc(16); static char c[4]; v[0] = v[1] = (struct iovec){c, 4}; writev(1, v, 2); free(v);',
    finding: 'heap-use-after-free READ 16 fd_write',
  },
  {
    name: 'the second vector is too long',
    wrong: 'char *b = calloc(1, 5); static char c[4]; struct iovec v[2] = {{c, 4}, {b, 6}}; writev(1, v, 2); free(b);',
    right: 'char *b = calloc(1, 6); static char c[4]; struct iovec v[2] = {{c, 4}, {b, 6}}; writev(1, v, 2); free(b);',
    finding: 'heap-buffer-overflow READ 6 fd_write',
  },
  {
    name: 'random_get',
    wrong: 'uint8_t *b = malloc(20); (void)!__wasi_random_get(b, 24); free(b);',
    right: 'uint8_t *b = malloc(20); (void)!__wasi_random_get(b, 20); free(b);',
    finding: 'heap-buffer-overflow WRITE 24 random_get',
  },
  {
    name: 'a clock',
    wrong: 'uint64_t *t = malloc(8); free(t); (void)!__wasi_clock_time_get(0, 1, t);',
    right: 'uint64_t *t = malloc(8); (void)!__wasi_clock_time_get(0, 1, t); free(t);',
    finding: 'heap-use-after-free WRITE 8 clock_time_get',
  },
  {
    name: 'the resolution of a clock',
    wrong: 'uint64_t *t = malloc(4); (void)!__wasi_clock_res_get(0, t); free(t);',
    right: 'uint64_t *t = malloc(8); (void)!__wasi_clock_res_get(0, t); free(t);',
    finding: 'heap-buffer-overflow WRITE 8 clock_res_get',
  },
  {
    name: 'the result of fd_fdstat_get',
    wrong: '__wasi_fdstat_t *s = malloc(20); (void)!__wasi_fd_fdstat_get(0, s); free(s);',
    right: '__wasi_fdstat_t *s = malloc(24); (void)!__wasi_fd_fdstat_get(0, s); free(s);',
    finding: 'heap-buffer-overflow WRITE 24 fd_fdstat_get',
  },
  {
    name: 'the result of fd_filestat_get',
    wrong: '__wasi_filestat_t *s = malloc(56); (void)!__wasi_fd_filestat_get(0, s); free(s);',
    right: '__wasi_filestat_t *s = malloc(64); (void)!__wasi_fd_filestat_get(0, s); free(s);',
    finding: 'heap-buffer-overflow WRITE 64 fd_filestat_get',
  },
  {
    name: 'where fd_seek leaves the offset',
    wrong: '__wasi_filesize_t *s = malloc(1); (void)!__wasi_fd_seek(0, 0, 1, s); free(s);',
    right: '__wasi_filesize_t *s = malloc(8); (void)!__wasi_fd_seek(0, 0, 1, s); free(s);',
    finding: 'heap-buffer-overflow WRITE 8 fd_seek',
  },
  {
    name: 'fd_tell',
    wrong: '__wasi_filesize_t *s = malloc(7); (void)!__wasi_fd_tell(0, s); free(s);',
    right: '__wasi_filesize_t *s = malloc(8); (void)!__wasi_fd_tell(0, s); free(s);',
    finding: 'heap-buffer-overflow WRITE 8 fd_tell',
  },
  {
    name: 'fd_readdir',
    wrong: 'uint8_t *b = malloc(64); __wasi_size_t n; (void)!__wasi_fd_readdir(3, b, 65, 0, &n); free(b);',
    right: 'uint8_t *b = malloc(65); __wasi_size_t n; (void)!__wasi_fd_readdir(3, b, 65, 0, &n); free(b);',
    finding: 'heap-buffer-overflow WRITE 65 fd_readdir',
  },
  {
    name: 'fd_prestat_dir_name',
    wrong: 'uint8_t *b = malloc(5); (void)!__wasi_fd_prestat_dir_name(3, b, 6); free(b);',
    right: 'uint8_t *b = malloc(6); (void)!__wasi_fd_prestat_dir_name(3, b, 6); free(b);',
    finding: 'heap-buffer-overflow WRITE 6 fd_prestat_dir_name',
  },
  {
    name: 'poll_oneoff: subscriptions',
    wrong:
      '__wasi_subscription_t *s = calloc(1, 48); __wasi_event_t e[2]; __wasi_size_t n; (void)!__wasi_poll_oneoff(s, e, 2, &n); free(s);',
    right:
      '__wasi_subscription_t *s = calloc(1, 48); s->u.tag = 0; __wasi_event_t e[2]; __wasi_size_t n; (void)!__wasi_poll_oneoff(s, e, 1, &n); free(s);',
    finding: 'heap-buffer-overflow READ 96 poll_oneoff',
  },
  {
    name: 'poll_oneoff: events',
    wrong:
      '__wasi_subscription_t s; memset(&s, 0, 48); __wasi_event_t *e = malloc(31); __wasi_size_t n; (void)!__wasi_poll_oneoff(&s, e, 1, &n); free(e);',
    right:
      '__wasi_subscription_t s; memset(&s, 0, 48); __wasi_event_t *e = malloc(32); __wasi_size_t n; (void)!__wasi_poll_oneoff(&s, e, 1, &n); free(e);',
    finding: 'heap-buffer-overflow WRITE 32 poll_oneoff',
  },
  {
    name: 'args_get',
    wrong: 'uint8_t **v = malloc(8), *b = malloc(100); (void)!__wasi_args_get(v, b); free(v); free(b);',
    right: 'uint8_t **v = malloc(12), *b = malloc(100); (void)!__wasi_args_get(v, b); free(v); free(b);',
    finding: 'heap-buffer-overflow WRITE 12 args_get',
  },
  {
    name: 'args_get: the text',
    wrong: 'uint8_t **v = malloc(12), *b = malloc(16); (void)!__wasi_args_get(v, b); free(v); free(b);',
    right: 'uint8_t **v = malloc(12), *b = malloc(17); (void)!__wasi_args_get(v, b); free(v); free(b);',
    finding: 'heap-buffer-overflow WRITE 17 args_get',
  },
  {
    name: 'environ_sizes_get',
    wrong: '__wasi_size_t n, *m = malloc(2); (void)!__wasi_environ_sizes_get(&n, m); free(m);',
    right: '__wasi_size_t n, *m = malloc(4); (void)!__wasi_environ_sizes_get(&n, m); free(m);',
    finding: 'heap-buffer-overflow WRITE 4 environ_sizes_get',
  },
  {
    name: 'a null pointer',
    wrong: '(void)!__wasi_random_get(0, 4);',
    right: '(void)!__wasi_random_get(0, 0);',
    finding: 'SEGV WRITE 4 random_get',
  },
  {
    name: 'past the end of memory',
    wrong: '(void)!__wasi_random_get((uint8_t *)0xf0000000u, 4);',
    right: '(void)!__wasi_random_get((uint8_t *)0xf0000000u, 0);',
    finding: 'SEGV WRITE 4 random_get',
  },
];

/** Functions that only take a path: a name in freed memory, and the same in live memory. */
const PATHS: readonly [function_: string, call: string][] = [
  ['path_create_directory', 'path_create_directory'],
  ['path_remove_directory', 'path_remove_directory'],
  ['path_unlink_file', 'path_unlink_file'],
];

function textOf(report: Report): string {
  if (report.layout !== 'access' && report.layout !== 'segv') return report.title;
  const { write, size } = report.access;
  return `${report.title} ${write ? 'WRITE' : 'READ'} ${size} ${report.stack[0]?.function}`;
}

const PROGRAM: ProgramOptions = { args: ['a', 'b'], stdin: 'some input that is long enough' };

async function findings(
  body: string,
  flags: readonly string[],
  program: ProgramOptions = PROGRAM,
): Promise<readonly Report[]> {
  const source = `${HEAD}\nint main(int argc, char **argv) { ${body} return 0; }\n`;
  const module = await compileC({ file: 'host.c', source, flags });
  const run = await runInstrumented(module, program);
  expect(run.trap).toBeUndefined();
  return run.findings;
}

test('all 46 functions have a row', () => {
  expect(Object.keys(WASI_PREVIEW1)).toHaveLength(46);
});

/** Of all cases one program, which runs the function that its environment names: `case0`, right, or `case1`, wrong. */
const BODIES = CASES.flatMap(({ wrong, right }) => [right, wrong]);
const ALL = `${HEAD}
${BODIES.map((body, i) => `__attribute__((noinline)) static void case${i}(void) { ${body} }`).join('\n')}
int main(int argc, char **argv) {
  switch (atoi(getenv("CASE"))) {
${BODIES.map((_, i) => `    case ${i}: case${i}(); return 0;`).join('\n')}
    default: abort();
  }
}
`;

describe.each(['-O0', '-O2'])('%s', (level) => {
  let original: Uint8Array;
  let instrumented: Uint8Array;
  beforeAll(async () => {
    original = await compileC({ file: 'host.c', source: ALL, flags: [level, '-g'] });
    instrumented = instrumentToRun(original);
  });

  const found = async (number: number): Promise<readonly Report[]> => {
    const run = await runProgram(original, instrumented, { ...PROGRAM, env: { CASE: `${number}` } });
    expect([run.trap, run.exitCode]).toEqual([undefined, 0]);
    return run.findings;
  };

  test.each(CASES.map((c, i) => ({ ...c, right: 2 * i, wrong: 2 * i + 1 })))('$name', async (row) => {
    const reports = await found(row.wrong);
    expect(reports.map(textOf)).toEqual([row.finding]);
    const [report] = reports;
    const caller = `case${row.wrong}`;
    expect(report!.stack.slice(1).some((f) => f.function === caller && f.file?.endsWith('host.c'))).toBe(true);
    if (report!.layout === 'access') expect(report!.access.host).toBe(true);
    expect((await found(row.right)).map(textOf)).toEqual([]);
  });
});

test.each(PATHS)('%s', async (name) => {
  const call = (free: string, after: string) =>
    `char *volatile p = malloc(7); memcpy(p, "nowhere", 7); ${free} __attribute__((import_module("wasi_snapshot_preview1"), import_name("${name}"))) extern int call(int, const char *, int); call(3, p, 7); ${after}`;
  expect((await findings(call('free(p);', ''), ['-O1', '-g'])).map(textOf)).toEqual([
    `heap-use-after-free READ 7 ${name}`,
  ]);
  expect((await findings(call('', 'free(p);'), ['-O1', '-g'])).map(textOf)).toEqual([]);
});

test.each([
  [8, 10, []],
  [7, 10, ['heap-buffer-overflow WRITE 8 environ_get']],
  [8, 9, ['heap-buffer-overflow WRITE 10 environ_get']],
])('environ_get, of which the sizes were not asked for: %i and %i bytes', async (list, text, expected) => {
  const get = '(void)!__wasi_environ_get(v, b);';
  const body = `uint8_t **v = calloc(1, ${list}), *b = calloc(1, ${text}); ${get} ${get} free(v); free(b);`;
  const found = await findings(body, ['-O1', '-g'], { env: { A: '1', BC: '23' } });
  expect(found.map(textOf)).toEqual(expected);
});

test('one report per place, however often it happens', async () => {
  const found = await findings(
    'char *p = FREED(8); for (volatile int i = 0; i < 5; i++) write(1, p, 8); write(1, p, 7);',
    ['-O1', '-g'],
  );
  expect(found.map(textOf)).toEqual(['heap-use-after-free READ 8 fd_write', 'heap-use-after-free READ 7 fd_write']);
});

/** What is found when `run`, exported by a reactor that imports from `module`, is called with each of these numbers. */
async function foundByCalls(
  source: string,
  imports: WebAssembly.Imports,
  calls: number[],
  boundary: BoundaryTable = {},
) {
  const original = await compileC({
    file: 'host.c',
    source: HEAD + source,
    flags: ['-O1', '-g', '-mexec-model=reactor'],
  });
  const found: Report[] = [];
  const { bytes } = instrument(original, { host: true, runtime: { halt: false } });
  const wasi = { proc_exit: () => {}, ...imports.wasi_snapshot_preview1 };
  const { instance } = await load({
    original,
    instrumented: bytes,
    boundary,
    imports: { ...imports, wasi_snapshot_preview1: wasi },
    onFinding: (report) => {
      found.push(report);
      return false;
    },
  });
  (instance.exports._initialize as () => void)();
  const run = instance.exports.run as (n: number) => void;
  return calls.map((n) => {
    found.length = 0;
    run(n);
    return [...found];
  });
}

test("a table of one's own", async () => {
  const source = `
__attribute__((import_module("radio"), import_name("send"))) extern void transmit(const short *, int);
__attribute__((export_name("run"))) void run(int n) { short *p = malloc(8); memset(p, 0, 8); transmit(p, n); free(p); }
`;
  const boundary = parseBoundary('{"radio": {"send": [{"access": "reads", "pointer": 0, "length": 1, "each": 2}]}}');
  const [four, five] = await foundByCalls(source, { radio: { send: () => {} } }, [4, 5], boundary);
  expect(four!.map(textOf)).toEqual([]);
  expect(five!.map(textOf)).toEqual(['heap-buffer-overflow READ 10 send']);
  expect(five![0]!.stack.map((f) => f.function).slice(0, 2)).toEqual(['send', 'run']);
});

// Emscripten's older glue takes an offset as two halves: the whence that follows is no pointer. And one stub may stand in for
// several functions.
test('parameters of 64 bits that come in two, and one stub for all', async () => {
  const source = `
#define WASI(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name))) extern int
WASI(fd_seek) seek(int, int low, int high, int whence, void *);
WASI(fd_pread) pread_(int, const void *, int, int low, int high, void *);
WASI(fd_write) write_(int, const void *, int, void *);
__attribute__((export_name("run"))) void run(int n) {
  char *b = malloc(n); struct iovec v = { b, n };
  seek(3, 0, 0, 1, b); pread_(3, &v, 1, 0, 0, b); write_(1, &v, 1, b);
  free(b);
}
`;
  const stub = () => 0;
  const imports = { wasi_snapshot_preview1: { fd_seek: stub, fd_pread: stub, fd_write: stub } };
  const [eight, four] = await foundByCalls(source, imports, [8, 4]);
  expect(eight!.map(textOf)).toEqual([]);
  expect(four!.map(textOf)).toEqual(['heap-buffer-overflow WRITE 8 fd_seek']);
});

test.each([
  ['[', /Unexpected|JSON/],
  ['[]', /expected an object/],
  ['{"a": {"b": {}}}', /a\.b: expected an array/],
  ['{"a": {"b": [{"access": "eats", "pointer": 0, "bytes": 1}]}}', /"access" is/],
  ['{"a": {"b": [{"access": "reads", "pointer": -1, "bytes": 1}]}}', /number of a parameter/],
  ['{"a": {"b": [{"access": "reads", "pointer": 0}]}}', /exactly one of/],
  ['{"a": {"b": [{"access": "reads", "pointer": 0, "bytes": 1, "size": 2}]}}', /unknown key "size"/],
])('refuses the table %s', (json, message) => {
  expect(() => parseBoundary(json)).toThrow(SanitizerError);
  expect(() => parseBoundary(json)).toThrow(message);
});
