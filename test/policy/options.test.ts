// Every option of help=1 acts: each is switched once, and something the user sees changes with it.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OPTIONS } from '../../host/option-table.ts';
import { type CliResult, wasan } from '../support/cli.ts';
import { compileC } from '../support/compile-c.ts';

const PROGRAM = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define NOINLINE __attribute__((noinline))
void __asan_poison_memory_region(const volatile void *, size_t) __attribute__((import_module("env"), import_name("__asan_poison_memory_region")));
void __asan_unpoison_memory_region(const volatile void *, size_t) __attribute__((import_module("env"), import_name("__asan_unpoison_memory_region")));
void __sanitizer_annotate_contiguous_container(const void *, const void *, const void *, const void *) __attribute__((import_module("env"), import_name("__sanitizer_annotate_contiguous_container")));
char *global; char **stacked; void *volatile sink;
NOINLINE void overflow(int by) { volatile char *p = malloc(10); p[10 + by] = 1; free((void *)p); }
NOINLINE void lose(int n) { volatile char *p = malloc(n); p[0] = 1; }
NOINLINE char *deep(int n) { if (n == 0) return malloc(10); char *p = deep(n - 1); sink = p; return p; }
NOINLINE void stale(int between) {
  volatile char *p = malloc(100); free((void *)p);
  for (int i = 0; i < between; i++) { sink = malloc(1 << 20); free(sink); }
  sink = malloc(100); // the same block, once it has left the quarantine
  p[50] = 1;
}
NOINLINE char *local(void) { volatile char buffer[320]; buffer[0] = 1; sink = (void *)buffer; return sink; }
static inline __attribute__((always_inline)) void inner(volatile char *p) { p[10] = 1; }
NOINLINE void outer(void) { inner(malloc(10)); }
char packed[16];
NOINLINE void mid(void *p) { sink = p; sink = 0; exit(0); }
int main(int argc, char **argv) {
  const char *what = argv[1];
  if (!strcmp(what, "overflow")) overflow(0);
  if (!strcmp(what, "twice")) { overflow(0); volatile char *p = malloc(4); p[4] = 2; free((void *)p); }
  if (!strcmp(what, "lose")) { lose(11); lose(22); lose(22); return 7; }
  if (!strcmp(what, "deep")) { char *p = deep(12); p[10] = 1; }
  if (!strcmp(what, "stale")) stale(4);
  if (!strcmp(what, "far")) overflow(atoi(argv[2]));
  if (!strcmp(what, "huge")) { void *p = malloc(100 << 20); printf("%s\\n", p ? "served" : "refused"); free(p); }
  if (!strcmp(what, "return")) { volatile char *p = local(); p[0] = 1; }
  if (!strcmp(what, "memcpy")) { char *p = malloc(8); memcpy(p, "123456789", (size_t)argc + 7); free(p); }
  if (!strcmp(what, "strlen")) { char *p = malloc(8); memset(p, 'x', 8); printf("%d\\n", (int)strlen(p) > 0); free(p); }
  if (!strcmp(what, "shrink")) { char *p = malloc(8); p = realloc(p, 0); printf("%s\\n", p ? "block" : "null"); free(p); }
  if (!strcmp(what, "global")) global = malloc(33);
  if (!strcmp(what, "stack")) { char *a[4]; stacked = a; a[0] = malloc(44); exit(0); }
  if (!strcmp(what, "local")) mid(malloc(55));
  if (!strcmp(what, "again")) for (int i = 0; i < 3; i++) overflow(0);
  if (!strcmp(what, "inlined")) outer();
  if (!strcmp(what, "unaligned")) { char *p = malloc(66); memcpy(packed + 1, &p, sizeof p); sink = 0; }
  if (!strcmp(what, "hidden")) { static void *kept[4]; kept[2] = malloc(77); __asan_poison_memory_region(kept + 2, 8); }
  if (!strcmp(what, "poison")) { volatile char *p = malloc(64); __asan_poison_memory_region(p + 16, 16); p[15] = 1; p[32] = 1;
    if (argc > 2) p[16] = 1; __asan_unpoison_memory_region(p + 16, 16); p[16] = 1; free((void *)p); }
  if (!strcmp(what, "container")) { volatile char *p = malloc(64); const char *c = (const char *)p;
    __sanitizer_annotate_contiguous_container(c, c + 64, c + 64, c + 24); p[23] = 1; if (argc > 2) p[24] = 1;
    __sanitizer_annotate_contiguous_container(c, c + 64, c + 24, c + 64); p[63] = 1; free((void *)p); }
  puts("done");
  return 0;
}
`;
const CPP = `
#include <stdlib.h>
struct Big { char bytes[64]; }; struct Small { char bytes[8]; };
void *volatile sink;
__attribute__((noinline)) void release(Small *p) { ::operator delete(p, sizeof(Small)); }
int main(int argc, char **) {
  if (argc > 1) { sink = new Big; release((Small *)sink); } else { sink = new Small; free(sink); }
}
`;

let cwd: string;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'wasan-policy-'));
  const flags = ['-O0', '-g', '-fno-builtin'];
  writeFileSync(join(cwd, 'app.wasm'), await compileC({ file: 'app.c', source: PROGRAM, flags }));
  writeFileSync(
    join(cwd, 'cpp.wasm'),
    await compileC({ file: 'cpp.cpp', source: CPP, flags: [...flags, '-fsized-deallocation'] }),
  );
});
afterAll(() => rmSync(cwd, { recursive: true }));

/** What the program does without options, which many hold beside what it does with one. */
const plain = new Map<string, CliResult>();

function run(options: string, ...args: readonly string[]): CliResult {
  const start = (): CliResult => wasan(['run', ...options.split(' ').filter(Boolean), 'app.wasm', ...args], { cwd });
  if (options !== '') return start();
  const key = args.join(' ');
  const result = plain.get(key) ?? start();
  plain.set(key, result);
  return result;
}

function file(name: string, text: string): string {
  writeFileSync(join(cwd, name), text);
  return name;
}

const read = (name: string): string => readFileSync(join(cwd, name), 'utf8');
const count = (text: string, part: RegExp): number => [...text.matchAll(new RegExp(part, 'g'))].length;
const ERROR = /ERROR: AddressSanitizer/;

/** One entry per option: shows that it acts. */
const ACTS: Readonly<Record<(typeof OPTIONS)[number]['name'], () => void>> = {
  help: () => {
    const { stderr } = wasan(['run'], { cwd, env: { ASAN_OPTIONS: 'help=1' } });
    for (const { name } of OPTIONS) expect(stderr).toContain(`\t${name}\n`);
  },
  halt_on_error: () => {
    expect(count(run('', 'twice').stderr, ERROR)).toBe(1);
    const on = run('--halt_on_error=0', 'twice');
    expect([count(on.stderr, ERROR), on.stdout, on.status]).toEqual([2, 'done\n', 1]);
  },
  exitcode: () => expect(run('--exitcode=77', 'overflow').status).toBe(77),
  log_path: () => {
    expect(run('--log_path=log', 'overflow').stderr).toBe('');
    expect(read(readdirSync(cwd).find((f) => f.startsWith('log.'))!)).toMatch(ERROR);
  },
  verbosity: () => {
    expect(run('', 'x').stderr).toBe('');
    expect(run('--verbosity=1', 'x').stderr).toMatch(/allocator: .*malloc = malloc/);
  },
  color: () => {
    expect(run('', 'overflow').stderr).not.toContain('\x1b[');
    expect(run('--color=always', 'overflow').stderr).toContain('\x1b[');
  },
  symbolize: () => {
    expect(run('', 'overflow').stderr).toContain('in overflow ');
    const { stderr } = run('--symbolize=0', 'overflow');
    expect(stderr).not.toMatch(/app\.c|in overflow/);
    expect(stderr).toMatch(/#0 .*app\.wasm\+0x/);
  },
  strip_path_prefix: () => {
    const path = / (\S*)app\.c:/.exec(run('', 'overflow').stderr)![1]!;
    expect(run(`--strip_path_prefix=${path}ap`, 'overflow').stderr).toMatch(/ p\.c:/);
  },
  print_summary: () => expect(run('--print_summary=0', 'overflow').stderr).not.toContain('SUMMARY'),
  print_legend: () => {
    expect(run('', 'overflow').stderr).toContain('Shadow byte legend');
    expect(run('--print_legend=0', 'overflow').stderr).not.toContain('Shadow byte legend');
  },
  print_stats: () => {
    expect(run('--print_stats=1', 'x').stderr).toMatch(/^heap\.allocations +\d+ /m);
    for (const json of ['--format=json', '--json']) {
      const stats = JSON.parse(run(`--print_stats=1 ${json}`, 'x').stderr);
      expect(stats).toMatchObject({ schema: 'wasan-stats/1', checks: { reports: 0 } });
    }
  },
  suppressions: () => {
    const quiet = run(`--suppressions=${file('s1', '# known\nfun:^overflow$\n')}`, 'twice');
    expect([count(quiet.stderr, ERROR), /in main/.test(quiet.stderr), quiet.status]).toEqual([1, true, 1]);
    expect(run(`--suppressions=${file('s2', 'src:app.c\n')}`, 'twice').status).toBe(0);
    expect(run(`--suppressions=${file('s3', 'interceptor_via_fun:main\n')}`, 'memcpy', 'x').status).toBe(0);
    expect(run(`--suppressions=${file('s4', 'nonsense\n')}`, 'x').status).toBe(2);
  },
  malloc_context_size: () => {
    const frames = (text: string): number => count(text.slice(text.indexOf('allocated by')), / in deep /);
    expect(frames(run('', 'deep').stderr)).toBe(13);
    expect(frames(run('--malloc_context_size=3', 'deep').stderr)).toBe(3);
  },
  quarantine_size_mb: () => {
    expect(run('', 'stale').stderr).toContain('freed by');
    expect(run('--quarantine_size_mb=1', 'stale').stderr).not.toContain('freed by');
  },
  redzone: () => {
    expect(run('', 'far', '100').status).toBe(0);
    expect(run('--redzone=256', 'far', '100').stderr).toContain('100 bytes after 10-byte region');
  },
  max_redzone: () => {
    const peak = (text: string): number => Number(/redzone_bytes +(\d+)/.exec(text)![1]);
    const big = ['huge'];
    expect(peak(run('--print_stats', ...big).stderr)).toBeGreaterThan(
      peak(run('--print_stats --max_redzone=16', ...big).stderr),
    );
  },
  mmap_threshold: () => {
    // Large blocks are given back at once and push nothing out of the quarantine.
    expect(run('--quarantine_size_mb=1', 'stale').stderr).not.toContain('freed by');
    expect(run('--quarantine_size_mb=1 --mmap_threshold=65536', 'stale').stderr).toContain('freed by');
  },
  max_allocation_size_mb: () => {
    expect(run('', 'huge').stdout).toContain('served');
    expect(run('--max_allocation_size_mb=50', 'huge').stdout).toContain('refused');
  },
  allocator_may_return_null: () => {
    expect(run('--max_allocation_size_mb=50 --allocator_may_return_null=0', 'huge').stderr).toContain(
      'allocation-size-too-big',
    );
  },
  alloc_dealloc_mismatch: () => {
    expect(wasan(['run', 'cpp.wasm'], { cwd }).stderr).toContain('alloc-dealloc-mismatch');
    expect(wasan(['run', '--alloc_dealloc_mismatch=0', 'cpp.wasm'], { cwd }).status).toBe(0);
  },
  new_delete_type_mismatch: () => {
    expect(wasan(['run', 'cpp.wasm', 'x'], { cwd }).stderr).toContain('new-delete-type-mismatch');
    expect(wasan(['run', '--new_delete_type_mismatch=0', 'cpp.wasm', 'x'], { cwd }).status).toBe(0);
  },
  poison_heap: () => expect(run('--poison_heap=0', 'overflow').status).toBe(0),
  allow_user_poisoning: () => {
    expect(run('', 'poison', 'wrong').status).toBe(1);
    expect(run('--allow_user_poisoning=0', 'poison', 'wrong')).toMatchObject({ status: 0, stdout: 'done\n' });
    expect(run('--allow_user_poisoning=0', 'container', 'wrong').status).toBe(1);
  },
  detect_container_overflow: () => {
    expect(run('', 'container', 'wrong').status).toBe(1);
    expect(run('--detect_container_overflow=0', 'container', 'wrong')).toMatchObject({ status: 0, stdout: 'done\n' });
    expect(run('--detect_container_overflow=0', 'poison', 'wrong').status).toBe(1);
  },
  suppress_equal_pcs: () => {
    expect(count(run('--halt_on_error=0', 'again').stderr, ERROR)).toBe(1);
    expect(count(run('--halt_on_error=0 --suppress_equal_pcs=0', 'again').stderr, ERROR)).toBe(3);
  },
  abort_on_error: () => {
    expect(run('--abort_on_error=1', 'overflow').status).toBe(134);
    expect(run('--abort_on_error=1', 'lose').status).toBe(134);
    expect(run('--abort_on_error=1', 'x').status).toBe(0);
  },
  demangle: () => {
    expect(wasan(['run', 'cpp.wasm', 'x'], { cwd }).stderr).toContain('release(Small*)');
    expect(wasan(['run', '--demangle=0', 'cpp.wasm', 'x'], { cwd }).stderr).toContain('in _Z7releaseP5Small ');
  },
  symbolize_inline_frames: () => {
    expect(run('', 'inlined').stderr).toMatch(/#0 .* in inner .*\n +#1 .* in outer /);
    expect(run('--symbolize_inline_frames=0', 'inlined').stderr).toMatch(/#0 .* in outer /);
  },
  log_exe_name: () => {
    run('--log_path=named --log_exe_name=1', 'overflow');
    expect(readdirSync(cwd).filter((f) => /^named\.app\.wasm\.\d+$/.test(f))).toHaveLength(1);
  },
  log_suffix: () => {
    run('--log_path=ended --log_suffix=.txt', 'overflow');
    expect(readdirSync(cwd).filter((f) => /^ended\.\d+\.txt$/.test(f))).toHaveLength(1);
  },
  include: () => {
    const flags = file('flags', 'exitcode=66\nhalt_on_error=0\n');
    expect(run(`--include=${flags}`, 'overflow')).toMatchObject({ status: 66, stdout: 'done\n' });
    expect(wasan(['run', 'app.wasm', 'overflow'], { cwd, env: { ASAN_OPTIONS: `include=${flags}` } }).status).toBe(66);
    expect(run('--include=nowhere', 'x').status).toBe(2);
  },
  include_if_exists: () => {
    expect(run(`--include_if_exists=${file('flags', 'exitcode=67')}`, 'overflow').status).toBe(67);
    expect(run('--include_if_exists=nowhere', 'overflow').status).toBe(1);
  },
  leak_check_at_exit: () => {
    expect(run('', 'lose').status).toBe(23);
    expect(run('--leak_check_at_exit=0', 'lose').status).toBe(7);
  },
  resolution: () => {
    expect(count(run('', 'lose').stderr, /Direct leak/)).toBe(3);
    expect(run('--resolution=1', 'lose').stderr).toContain('Direct leak of 55 byte(s) in 3 object(s)');
  },
  use_unaligned: () => {
    expect(run('', 'unaligned').stderr).toContain('leak of 66 byte(s)');
    expect(run('--use_unaligned=1', 'unaligned').status).toBe(0);
  },
  use_poisoned: () => {
    expect(run('', 'hidden').stderr).toContain('leak of 77 byte(s)');
    expect(run('--use_poisoned=1', 'hidden').status).toBe(0);
  },
  replace_intrin: () => {
    expect(run('', 'memcpy', 'x').stderr).toMatch(/#0 .* memcpy/);
    expect(run('--replace_intrin=0', 'memcpy', 'x').status).toBe(0);
  },
  replace_str: () => {
    expect(run('', 'strlen').stderr).toMatch(/#0 .* strlen/);
    expect(run('--replace_str=0', 'strlen').status).toBe(0);
  },
  detect_leaks: () => {
    const found = run('', 'lose');
    expect([found.status, /LeakSanitizer/.test(found.stderr)]).toEqual([23, true]);
    const off = run('--detect_leaks=0', 'lose');
    expect([off.status, off.stderr]).toEqual([7, '']);
  },
  detect_stack_use_after_return: () => {
    expect(run('--detect_stack_use_after_return=1', 'return').stderr).toContain('stack-use-after-return');
    expect(run('', 'return').stderr).not.toContain('after-return');
  },
  allocator_frees_and_returns_null_on_realloc_zero: () => {
    expect(run('', 'shrink').stdout).toContain('block');
    expect(run('--allocator_frees_and_returns_null_on_realloc_zero=1', 'shrink').stdout).toContain('null');
  },
  leak_exitcode: () => {
    expect(run('--leak_exitcode=9', 'lose').status).toBe(9);
    expect(run('--leak_exitcode=0', 'lose').status).toBe(7);
    expect(wasan(['run', 'app.wasm', 'lose'], { cwd, env: { LSAN_OPTIONS: 'exitcode=8' } }).status).toBe(8);
  },
  leak_suppressions: () => {
    const { status, stderr } = run(`--leak_suppressions=${file('l1', 'leak:lose\n')}`, 'lose');
    expect(status).toBe(7);
    expect(stderr).toMatch(/Suppressions used:[\s\S]* 3 +55 lose/);
  },
  max_leaks: () => expect(count(run('--max_leaks=1', 'lose').stderr, /Direct leak/)).toBe(1),
  print_suppressions: () => {
    expect(run(`--leak_suppressions=${file('l2', 'leak:lose\n')} --print_suppressions=0`, 'lose').stderr).toBe('');
  },
  report_objects: () =>
    expect(run('--report_objects=1', 'lose').stderr).toMatch(/Objects leaked above:\n0x[0-9a-f]+ \(22 bytes\)/),
  use_globals: () => {
    expect(run('', 'global').status).toBe(0);
    expect(run('--use_globals=0', 'global').stderr).toContain('leak of 33 byte(s)');
  },
  use_stacks: () => {
    expect(run('', 'stack').status).toBe(0);
    expect(run('--use_stacks=0 --use_registers=0', 'stack').stderr).toContain('leak of 44 byte(s)');
  },
  use_registers: () => {
    expect(run('--use_stacks=0', 'local').status).toBe(0);
    expect(run('--use_stacks=0 --use_registers=0', 'local').stderr).toContain('leak of 55 byte(s)');
  },
  format: () => {
    expect(run('--format=kasan', 'overflow').stderr).toContain('BUG: KASAN: slab-out-of-bounds');
    expect(JSON.parse(run('--format=json', 'overflow').stderr)).toMatchObject({ name: 'heap-out-of-bounds' });
    const log = JSON.parse(run('--format=sarif --halt_on_error=0', 'twice').stderr);
    expect(log.runs[0].results.map((r: { ruleId: string }) => r.ruleId)).toEqual([
      'heap-out-of-bounds',
      'heap-out-of-bounds',
    ]);
  },
  scheme: () => expect(run('--scheme=kasan --format=asan', 'overflow').stderr).toContain('slab-out-of-bounds'),
  html: () => {
    run('--html=page.html', 'overflow');
    expect(read('page.html')).toMatch(/<h1>1 finding in app\.wasm<\/h1>/);
  },
};

for (const [name, acts] of Object.entries(ACTS)) {
  test(name, acts);
}

test('no option is left out', () => {
  expect(Object.keys(ACTS).sort()).toEqual(OPTIONS.map((o) => o.name as string).sort());
});

describe('ignore lists', () => {
  const ignore = (text: string, ...args: string[]): CliResult =>
    run(`--halt_on_error=0 --ignorelist=${file('ignore', text)}`, ...args);

  test('by function, file and offset', () => {
    expect(count(ignore('fun:over*\n', 'twice').stderr, ERROR)).toBe(1);
    expect(count(ignore('src:*app.c\n', 'twice').stderr, ERROR)).toBe(0);
    expect(count(ignore('src:*other.c\nfun:nobody\n[cfi]\nfun:*\n', 'twice').stderr, ERROR)).toBe(2);
    const offset = /#0 (0x[0-9a-f]+) in overflow/.exec(run('', 'twice').stderr)![1]!;
    expect(count(ignore(`offset:${offset}\n`, 'twice').stderr, ERROR)).toBe(1);
  });

  test('a line that is none is refused', () => expect(ignore('what is this\n', 'x').status).toBe(2));
});

describe('what programs say themselves', () => {
  test.each([
    ['poison', 'use-after-poison'],
    ['container', 'container-overflow'],
  ])('%s', (what, title) => {
    expect(run('', what).status).toBe(0);
    expect(run('', what, 'wrong').stderr).toContain(`AddressSanitizer: ${title}`);
  });
});
