// The command line as a user meets it: the program's own streams, files and exit code pass through, findings exit 1 in
// every format, and a module that runs without wasan leaves a report behind.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WASI } from 'node:wasi';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { takeSnapshot } from '../../host/index.ts';
import { wasan } from '../support/cli.ts';
import { compileC } from '../support/compile-c.ts';

const PROGRAM = `// Does what its first argument says.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int upper(void) {
  int c;
  while ((c = getchar()) != EOF) putchar(c >= 'a' && c <= 'z' ? c - 32 : c);
  return 0;
}

static int copy(const char *from, const char *to) {
  FILE *in = fopen(from, "r"), *out = fopen(to, "w");
  if (in == NULL || out == NULL) return 3;
  for (int c; (c = getc(in)) != EOF;) putc(c, out);
  return fclose(in) + fclose(out);
}

static int overflow(void) {
  volatile char *p = malloc(10);
  p[10] = 1; // the bug
  free((void *)p);
  puts("went on");
  return 0;
}

__attribute__((noinline)) int dig(int depth) {
  if (depth == 0) __builtin_trap();
  volatile int result = dig(depth - 1);
  return result;
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "nothing";
  if (strcmp(what, "upper") == 0) return upper();
  if (strcmp(what, "copy") == 0) return copy(argv[2], argv[3]);
  if (strcmp(what, "overflow") == 0) return overflow();
  if (strcmp(what, "exit") == 0) return atoi(argv[2]);
  if (strcmp(what, "trap") == 0) __builtin_trap();
  if (strcmp(what, "dig") == 0) return dig(atoi(argv[2]));
  if (strcmp(what, "greet") == 0) printf("hello %s\\n", getenv("WHO") ? getenv("WHO") : "nobody");
  return 0;
}
`;
const GUILTY_LINE = PROGRAM.split('\n').findIndex((l) => l.includes('// the bug')) + 1;

let cwd: string;
let module: Uint8Array;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'wasan-commands-'));
  module = await compileC({ file: 'app.c', source: PROGRAM, flags: ['-O1', '-g'] });
  writeFileSync(join(cwd, 'app.wasm'), module);
});
afterAll(() => rmSync(cwd, { recursive: true }));

const run = (args: string[], more: { flags?: string[]; stdin?: string; env?: Record<string, string> } = {}) =>
  wasan(['run', ...(more.flags ?? []), 'app.wasm', ...args], { cwd, ...more });

test('a clean program: its output, nothing else', () => {
  expect(run(['greet'])).toEqual({ status: 0, stdout: 'hello nobody\n', stderr: '' });
});

test('the exit code passes through', () => {
  expect(run(['exit', '7'])).toEqual({ status: 7, stdout: '', stderr: '' });
  expect(run(['exit', '125']).status).toBe(125);
});

test('standard input passes through', () => {
  expect(run(['upper'], { stdin: 'over and out\n' })).toEqual({ status: 0, stdout: 'OVER AND OUT\n', stderr: '' });
});

test('only the variables given reach the program', () => {
  expect(run(['greet'], { env: { WHO: 'host' } }).stdout).toBe('hello nobody\n');
  expect(run(['greet'], { flags: ['--env', 'WHO=guest'] }).stdout).toBe('hello guest\n');
  expect(run(['greet'], { flags: ['--env=WHO=a=b'] }).stdout).toBe('hello a=b\n');
});

test('only the directories given reach the program', () => {
  mkdirSync(join(cwd, 'data'));
  writeFileSync(join(cwd, 'data', 'in.txt'), 'some text');
  expect(run(['copy', '/data/in.txt', '/data/out.txt']).status).toBe(3);
  expect(existsSync(join(cwd, 'data', 'out.txt'))).toBe(false);
  expect(run(['copy', '/box/in.txt', '/box/out.txt'], { flags: ['--dir', 'data::/box'] })).toEqual({
    status: 0,
    stdout: '',
    stderr: '',
  });
  expect(readFileSync(join(cwd, 'data', 'out.txt'), 'utf8')).toBe('some text');
});

test('a finding stops the program and exits 1', () => {
  const { status, stdout, stderr } = run(['overflow']);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^=+\n==\d+==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x/);
  expect(stderr).toContain(`in overflow /app.c:${GUILTY_LINE}:`);
  expect(stderr).toContain('is located 0 bytes after 10-byte region');
  expect(stderr).toMatch(/==\d+==ABORTING\n$/);
  expect(stderr.match(/ERROR:/g)).toHaveLength(1);
  expect(stderr).not.toContain('\x1b');
  expect(status).toBe(1);
});

test('halt_on_error=0 goes on, and still exits 1; exitcode sets another', () => {
  const goesOn = run(['overflow'], { env: { ASAN_OPTIONS: 'halt_on_error=0' } });
  expect(goesOn.stdout).toBe('went on\n');
  expect(goesOn.stderr.match(/ERROR: AddressSanitizer/g)).toHaveLength(1);
  expect(goesOn.status).toBe(1);
  expect(run(['overflow'], { flags: ['--exitcode=42'] }).status).toBe(42);
  expect(run(['overflow'], { flags: ['--halt_on_error=0', '--exitcode=42'] }).status).toBe(42);
});

test('format=json is one object a finding', () => {
  const { status, stderr } = run(['overflow'], { flags: ['--format=json'] });
  const report = JSON.parse(stderr);
  expect(report).toMatchObject({ title: 'heap-buffer-overflow' });
  expect(JSON.stringify(report)).toContain('"overflow"');
  expect(status).toBe(1);
});

test('format=kasan is a kernel splat', () => {
  const { status, stderr } = run(['overflow'], { flags: ['--scheme=kasan', '--format=kasan'] });
  expect(stderr).toMatch(/BUG: KASAN: slab-out-of-bounds in overflow/);
  expect(stderr).toMatch(/Write of size 1 at addr [0-9a-f]+/);
  expect(stderr).toMatch(/located 0 bytes to the right of[\s\S]*10-byte region/);
  expect(status).toBe(1);
});

test('log_path takes the report', () => {
  const { status, stderr } = run(['overflow'], { env: { ASAN_OPTIONS: 'log_path=report' } });
  expect(stderr).toBe('');
  expect(status).toBe(1);
  const [log] = readdirSync(cwd).filter((f) => f.startsWith('report.'));
  expect(readFileSync(join(cwd, log!), 'utf8')).toContain('ERROR: AddressSanitizer: heap-buffer-overflow');
});

test('a trap of the program itself: where, and 134', () => {
  const { status, stdout, stderr } = run(['trap']);
  expect(stderr).toMatch(/^==\d+==ERROR: the program trapped: unreachable\n {4}#0 .* in main \/app\.c:\d+/);
  expect(stderr).not.toContain('AddressSanitizer');
  expect(stdout).toBe('');
  expect(status).toBe(134);
});

test('a trap far down the stack: all of the program’s frames', () => {
  const { status, stderr } = run(['dig', '30']);
  expect(stderr).toMatch(/\n {4}#30 .* in dig \/app\.c:\d+.*\n {4}#31 .* in main \/app\.c:\d+/);
  expect(status).toBe(134);
});

test('help=1 lists the options, of which any can be set', () => {
  const { status, stderr } = wasan(['run'], { env: { ASAN_OPTIONS: 'help=1' } });
  for (const name of ['halt_on_error', 'quarantine_size_mb', 'malloc_context_size', 'format', 'scheme', 'exitcode']) {
    expect(stderr).toMatch(new RegExp(`^\\s*${name}\\b`, 'm'));
  }
  expect(status).toBe(0);
});

test('--help explains each command', () => {
  for (const command of ['run', 'instrument', 'inspect', 'explain']) {
    const { status, stdout, stderr } = wasan([command, '--help']);
    expect(stdout).toMatch(new RegExp(`^wasan ${command} `));
    expect(stderr).toBe('');
    expect(status).toBe(0);
  }
});

test('help COMMAND, as git has it; --version is that of package.json', () => {
  expect(wasan(['help', 'inspect'])).toEqual(wasan(['inspect', '--help']));
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(wasan(['--version'])).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
});

test('inspect says what was found', () => {
  const { status, stdout, stderr } = wasan(['inspect', 'app.wasm'], { cwd });
  expect(stdout).toMatch(/^app\.wasm: \d+ bytes/);
  expect(stdout).toMatch(/malloc +function \d+/);
  expect(stdout).toContain('symbols        dwarf');
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

test('an instrumented module is a drop-in: same imports, its exports, and a trap that tells', async () => {
  const { status, stdout, stderr } = wasan(['instrument', 'app.wasm', '-o', 'checked.wasm'], { cwd });
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^checked\.wasm: \d+ of \d+ functions checked, \d+ sites, \d+ -> \d+ bytes/);
  expect(status).toBe(0);

  const checked = await WebAssembly.compile(readFileSync(join(cwd, 'checked.wasm')));
  const original = await WebAssembly.compile(module as BufferSource);
  expect(WebAssembly.Module.imports(checked)).toEqual(WebAssembly.Module.imports(original));
  const exported = WebAssembly.Module.exports(checked).filter((e) => !/^__(w?asan|lsan|sanitizer)_/.test(e.name));
  expect(exported).toEqual(WebAssembly.Module.exports(original));

  const { instance, error } = await runPlainly(checked, ['app.wasm', 'overflow']);
  expect(error).toBeInstanceOf(WebAssembly.RuntimeError);
  expect(error?.stack).toMatch(/heap[_-]buffer[_-]overflow/);

  const memory = instance.exports.__wasan_memory as WebAssembly.Memory;
  writeFileSync(join(cwd, 'dump'), takeSnapshot(memory));
  writeFileSync(join(cwd, 'stack'), error?.stack ?? '');
  const explained = wasan(
    ['explain', '--original', 'app.wasm', '--memory', 'dump', '--stack', 'stack', 'checked.wasm'],
    { cwd },
  );
  expect(explained.stdout).toContain('ERROR: AddressSanitizer: heap-buffer-overflow on address');
  expect(explained.stdout).toContain(`in overflow /app.c:${GUILTY_LINE}:`);
  expect(explained.stdout).toContain('is located 0 bytes after 10-byte region');
  expect(explained.stderr).toBe('');
  expect(explained.status).toBe(1);
});

/** Under plain node:wasi, as somebody who has never heard of wasan would. */
async function runPlainly(
  compiled: WebAssembly.Module,
  args: string[],
): Promise<{ instance: WebAssembly.Instance; error: Error | undefined }> {
  const wasi = new WASI({ version: 'preview1', args, returnOnExit: true });
  const instance = await WebAssembly.instantiate(compiled, wasi.getImportObject() as WebAssembly.Imports);
  try {
    wasi.start(instance);
    return { instance, error: undefined };
  } catch (error) {
    return { instance, error: error as Error };
  }
}
