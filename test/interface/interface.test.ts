// The functions of compiler-rt's headers: each is bound, does what the header says, and says nothing where there is nothing to
// say. What a program defines for the runtime is called or read.

import { describe, expect, test } from 'vitest';
import { openTarget } from '../../fuzz/module.ts';
import { instrument, load } from '../../index.ts';
import { defaultOptions } from '../../instrument/default-options.ts';
import { HOOKS, INTERFACE, namesOf, typeOf } from '../../instrument/interface-table.ts';
import { runtimeImages } from '../../instrument/runtime-images.ts';
import { parseModule } from '../../instrument/wasm/module.ts';
import { compileC } from '../support/compile-c.ts';
import { compile, run, upstreamFunctions } from './run.ts';

const ROWS = INTERFACE.flatMap(([, rows]) => rows);

/** Called by compilers' runtimes and fuzzers with the caller's pc, for which there is no use here. */
const LEFT_OUT = /^__sanitizer_weak_hook_/;

test('the table has all that compiler-rt 19 declares', () => {
  const known = new Set([...ROWS.flatMap(namesOf), ...HOOKS.map((hook) => hook.name)]);
  expect(upstreamFunctions().filter(({ name }) => !known.has(name) && !LEFT_OUT.test(name))).toEqual([]);
});

test.each([32, 64] as const)('the runtime has each function, with the type of its row: %i bits', (bits) => {
  const runtime = parseModule(runtimeImages('flat', bits));
  const memories = [{ imported: false, shared: false, is64: bits === 64, min: 1, max: undefined }];
  for (const row of ROWS) {
    for (const name of namesOf(row)) {
      const found = runtime.exports.find((e) => e.name === name);
      expect(found, name).toBeDefined();
      expect(runtime.types[runtime.functions[found!.index]!], name).toEqual(typeOf(row.type, { memories }));
    }
  }
});

interface Case {
  readonly name: string;
  readonly source: string;
  readonly output?: string;
  readonly said?: readonly RegExp[];
  readonly findings?: readonly string[];
  readonly leaks?: readonly string[];
  readonly stopped?: true;
}

const CASES: readonly Case[] = [
  {
    name: 'poisoned regions',
    source: `char buffer[64] __attribute__((aligned(32)));
int main(void) {
  __asan_poison_memory_region(A(buffer + 16), 32);
  printf("%d%d ", __asan_address_is_poisoned(A(buffer)), __asan_address_is_poisoned(A(buffer + 16)));
  printf("%d ", (int)(__asan_region_is_poisoned(A(buffer), 64) - A(buffer)));
  __asan_unpoison_memory_region(A(buffer + 16), 32);
  printf("%d", (int)__asan_region_is_poisoned(A(buffer), 64));
}`,
    output: '01 16 0',
  },
  {
    name: 'an address in words',
    source: `int global[4]; struct { int a, b; } *p;
int main(void) {
  p = malloc(24);
  __asan_describe_address(A(p) + 5);
  __asan_describe_address(A(global) + 4);
  free(p);
  __asan_describe_address(A(p));
}`,
    said: [
      /located 5 bytes inside of 24-byte region \[0x[0-9a-f]+,0x[0-9a-f]+\)\nallocated by thread T0 here:\n {4}#0 0x[0-9a-f]+ in malloc .*\n {4}#1 0x[0-9a-f]+ in main \/interface\.c:\d+/,
      /located 4 bytes inside of global variable 'global' defined in '\/interface\.c:\d+/,
      /located 0 bytes inside of 24-byte region .*\nfreed by thread T0 here:/,
    ],
  },
  {
    name: 'an address in parts',
    source: `int global[4];
NOINLINE void locate(void *p) {
  char name[16]; size_t begin = 1, size = 1;
  const char *kind = (const char *)__asan_locate_address(A(p), A(name), sizeof name, A(&begin), A(&size));
  printf("%s %s %d %d;", kind, name, begin ? (int)(A(p) - begin) : -1, (int)size);
}
int main(void) { char *p = malloc(24); locate(p + 3); locate((char *)global + 6); locate((void *)0x7fff0000); int v[8]; keep(v); locate(v + 1); }`,
    output: 'heap  3 24;global global 6 16;heap-invalid  -1 0;stack v 4 32;',
  },
  {
    name: 'the stacks of a block',
    source: `NOINLINE char *make(void) { return keep(malloc(10)); }
int main(void) {
  char *p = make(); size_t trace[8], again[8]; int thread = 7; char text[128];
  size_t n = __asan_get_alloc_stack(A(p), A(trace), 8, A(&thread));
  __sanitizer_symbolize_pc(trace[0], A("%f %l"), A(text), sizeof text);
  printf("%d %d %.4s ", (int)n, thread, text);
  printf("%d ", (int)__asan_get_free_stack(A(p), A(trace), 8, A(&thread)));
  int updated = __asan_update_allocation_context(A(p));
  n = __asan_get_alloc_stack(A(p), A(again), 8, 0);
  __sanitizer_symbolize_pc(again[0], A("%f"), A(text), sizeof text);
  printf("%d %s ", updated, text);
  free(p);
  printf("%d %d", (int)__asan_get_free_stack(A(p), A(trace), 1, 0), __asan_update_allocation_context(A(p)));
}`,
    output: '3 0 make 0 1 main 1 0',
  },
  {
    name: 'what a finding is about, in callbacks',
    source: `static void about(const char *when) {
  char text[64];
  __sanitizer_symbolize_pc(__asan_get_report_pc(), A("%f"), A(text), sizeof text);
  printf("%s: %d %s %d %d %s\\n", when, __asan_report_present(), (const char *)__asan_get_report_description(),
    __asan_get_report_access_type(), (int)__asan_get_report_access_size(), text);
}
static char *volatile p; static int told;
EXPORT("__asan_on_error") void __asan_on_error(void) { about("error"); }
static void on_text(const char *text) { told = strstr(text, "heap-buffer-overflow on address") && strstr(text, "SUMMARY"); about("text"); }
static void on_death(void) { about("death"); printf("%d%d%d%d", told, (int)(__asan_get_report_address() - A(p)), (int)__asan_get_report_bp(), (int)__asan_get_report_sp()); fflush(stdout); }
int main(void) {
  __asan_set_error_report_callback(A(on_text));
  __sanitizer_set_death_callback(A(on_text));
  __asan_set_death_callback(A(on_death));
  printf("%d[%s]\\n", __asan_report_present(), (const char *)__asan_get_report_description());
  p = malloc(10);
  p[12] = 1;
}`,
    output: `0[]
error: 1 heap-buffer-overflow 1 1 main
text: 1 heap-buffer-overflow 1 1 main
death: 1 heap-buffer-overflow 1 1 main
11200`,
    findings: ['heap-buffer-overflow'],
    stopped: true,
  },
  {
    name: 'a report that the program asks for',
    source: `int main(void) { char *p = malloc(10); __asan_report_error(0, 0, 0, A(p + 3), 1, 2); }`,
    findings: ['unknown-crash'],
    stopped: true,
  },
  {
    name: 'statistics, a stack, a line',
    source: `NOINLINE void inner(void) { __sanitizer_print_stack_trace(); }
int main(void) { inner(); __asan_print_accumulated_stats(); __sanitizer_report_error_summary(A("SUMMARY: mine")); }`,
    said: [
      / {4}#0 0x[0-9a-f]+ in inner \/interface\.c:\d+:\d+\n {4}#1 0x[0-9a-f]+ in main /,
      /heap\.allocations +\d/,
      /\nSUMMARY: mine\n/,
    ],
  },
  {
    name: 'symbols',
    source: `int global[4];
int main(void) {
  char text[64], module[32]; size_t pc = 0;
  __sanitizer_symbolize_global(A(global) + 5, A("%g in %s"), A(text), sizeof text);
  int found = __sanitizer_get_module_and_offset_for_pc(1234, A(module), sizeof module, A(&pc));
  printf("%s %d %s %d ", text, found, module, (int)pc);
  __sanitizer_symbolize_global(A(global) + 5, A("%g"), A(text), 4);
  printf("%s", text);
}`,
    output: 'global in /interface.c 1 interface.wasm 1234 glo',
  },
  {
    name: 'what WebAssembly has no use for',
    source: `int main(void) {
  size_t scale = 0, offset = 0, save = 1, bottom = 1, size = 1;
  __asan_get_shadow_mapping(A(&scale), A(&offset));
  __sanitizer_start_switch_fiber(A(&save), 0, 0);
  __sanitizer_finish_switch_fiber(0, A(&bottom), A(&size));
  __sanitizer_set_report_path(A("/nowhere/report")); __sanitizer_set_report_fd(2);
  __sanitizer_sandbox_on_notify(0); __sanitizer_print_memory_profile(90, 10);
  printf("%d %d %d%d%d %d%d %d ", (int)scale, offset > 0, (int)save, (int)bottom, (int)size,
    (int)__asan_get_current_fake_stack(), (int)__asan_addr_is_in_fake_stack(0, 0, 0, 0), (int)__sanitizer_get_report_path());
  printf("%d%d", __sanitizer_acquire_crash_state(), __sanitizer_acquire_crash_state());
}`,
    output: '3 1 000 00 0 10',
  },
  {
    name: 'sizes of the heap',
    source: `int main(void) {
  size_t before = __sanitizer_get_current_allocated_bytes();
  char *p = malloc(10);
  printf("%d ", (int)(__sanitizer_get_current_allocated_bytes() - before));
  printf("%d%d%d ", __sanitizer_get_ownership(A(p)), __sanitizer_get_ownership(A(p + 1)), __sanitizer_get_ownership(A(&before)));
  printf("%d %d %d ", (int)(A(p) - __sanitizer_get_allocated_begin(A(p + 4))), (int)__sanitizer_get_allocated_begin(A(p + 10)), (int)__sanitizer_get_allocated_begin(0));
  printf("%d %d %d %d ", (int)__sanitizer_get_allocated_size(A(p)), (int)__sanitizer_get_allocated_size(0), (int)__sanitizer_get_allocated_size_fast(A(p)), (int)__sanitizer_get_allocated_size_fast(A(p + 1)));
  printf("%d %d %d ", (int)__sanitizer_get_estimated_allocated_size(33), __sanitizer_get_heap_size() >= 65536, (int)__sanitizer_get_unmapped_bytes());
  free(p);
  printf("%d%d ", __sanitizer_get_ownership(A(p)), (int)__sanitizer_get_allocated_begin(A(p)));
  size_t trace;
  printf("%d ", (int)__asan_get_free_stack(A(p), A(&trace), 1, 0));
  __sanitizer_purge_allocator();
  printf("%d %d", (int)__sanitizer_get_free_bytes(), (int)__asan_get_free_stack(A(p), A(&trace), 1, 0));
}`,
    output: '10 100 0 0 0 10 0 10 0 33 1 0 00 1 0 0',
  },
  {
    name: 'the size of what is no block',
    source: `int main(void) { char *p = malloc(10); __sanitizer_get_allocated_size(A(p + 1)); }`,
    findings: ['bad-__sanitizer_get_allocated_size'],
    stopped: true,
  },
  {
    name: 'hooks of allocations',
    source: `static volatile int calls, bytes, frees; static char *volatile last;
EXPORT("__sanitizer_malloc_hook") void __sanitizer_malloc_hook(const volatile void *p, size_t size) { calls++; bytes += size; }
EXPORT("__sanitizer_free_hook") void __sanitizer_free_hook(const volatile void *p) { frees++; }
EXPORT("__sanitizer_ignore_free_hook") int __sanitizer_ignore_free_hook(const volatile void *p) { return p == last; }
static volatile int more; static void on_malloc(const volatile void *p, size_t size) { more += size; }
static void on_free(const volatile void *p) { more += 1000; }
int main(void) {
  char *p = malloc(10); free(keep(malloc(5)));
  printf("%d %d %d ", calls, bytes, frees);
  printf("%d%d%d ", __sanitizer_install_malloc_and_free_hooks(A(on_malloc), A(on_free)), __sanitizer_install_malloc_and_free_hooks(A(on_malloc), 0), __sanitizer_install_malloc_and_free_hooks(0, 0));
  more = 0;
  last = keep(malloc(7)); free(last); free(last); last[6] = 1;
  char *q = last; last = 0; free(q);
  printf("%d", more);
  keep(p);
}`,
    output: '2 15 1 120 1014',
  },
  {
    name: 'a vector',
    source: `int main(void) {
  char *v = malloc(32);
  __sanitizer_annotate_contiguous_container(A(v), A(v + 32), A(v + 32), A(v + 13));
  printf("%d%d ", __sanitizer_verify_contiguous_container(A(v), A(v + 13), A(v + 32)), __sanitizer_verify_contiguous_container(A(v), A(v + 14), A(v + 32)));
  printf("%d %d ", (int)__sanitizer_contiguous_container_find_bad_address(A(v), A(v + 13), A(v + 32)), (int)(__sanitizer_contiguous_container_find_bad_address(A(v), A(v + 15), A(v + 32)) - A(v)));
  fflush(stdout);
  ((volatile char *)v)[12] = 1; ((volatile char *)v)[13] = 1;
}`,
    output: '10 0 13 ',
    findings: ['container-overflow'],
    stopped: true,
  },
  {
    name: 'a deque',
    source: `int main(void) {
  volatile char *d = malloc(64);
  __sanitizer_annotate_double_ended_contiguous_container(A(d), A(d + 64), A(d), A(d + 64), A(d + 16), A(d + 43));
  printf("%d", __sanitizer_verify_double_ended_contiguous_container(A(d), A(d + 16), A(d + 43), A(d + 64)));
  printf("%d ", __sanitizer_verify_double_ended_contiguous_container(A(d), A(d + 8), A(d + 43), A(d + 64)));
  d[16] = d[42] = 1;
  __sanitizer_annotate_double_ended_contiguous_container(A(d), A(d + 64), A(d + 16), A(d + 43), A(d + 8), A(d + 24));
  d[8] = d[23] = 1;
  printf("%d %d %d", __sanitizer_verify_double_ended_contiguous_container(A(d), A(d + 8), A(d + 24), A(d + 64)),
    (int)__sanitizer_double_ended_contiguous_container_find_bad_address(A(d), A(d + 8), A(d + 24), A(d + 64)),
    (int)(__sanitizer_double_ended_contiguous_container_find_bad_address(A(d), A(d + 8), A(d + 32), A(d + 64)) - A(d)));
  fflush(stdout);
  d[7] = 1;
}`,
    output: '10 1 0 24',
    findings: ['container-overflow'],
    stopped: true,
  },
  {
    name: 'bounds of a deque that contradict each other',
    source: `int main(void) { char *d = malloc(64); __sanitizer_annotate_double_ended_contiguous_container(A(d), A(d + 64), A(d), A(d + 64), A(d + 32), A(d + 16)); }`,
    findings: ['bad-__sanitizer_annotate_double_ended_contiguous_container'],
    stopped: true,
  },
  {
    name: 'unaligned accesses',
    source: `int main(void) {
  char *p = malloc(19);
  __sanitizer_unaligned_store16(A(p + 1), 0x1234); __sanitizer_unaligned_store32(A(p + 3), 0x56789abc); __sanitizer_unaligned_store64(A(p + 7), 0x1122334455667788);
  printf("%x %x %llx ", __sanitizer_unaligned_load16(A(p + 1)), __sanitizer_unaligned_load32(A(p + 3)), __sanitizer_unaligned_load64(A(p + 7)));
  fflush(stdout);
  __sanitizer_unaligned_load32(A(p + 16));
}`,
    output: '1234 56789abc 1122334455667788 ',
    findings: ['heap-buffer-overflow'],
    stopped: true,
  },
  {
    name: 'leaks that the program looks for itself',
    source: `NOINLINE void lose(void) { keep(malloc(10)); }
int main(void) {
  wipe(); printf("%d", __lsan_do_recoverable_leak_check());
  lose(); wipe(); printf("%d", __lsan_do_recoverable_leak_check()); fflush(stdout);
  __lsan_do_leak_check();
  printf("never");
}`,
    output: '01',
    leaks: ['recoverable: 0', 'recoverable: 1', 'final: 1'],
    stopped: true,
  },
  {
    name: 'a last check without leaks: there is no other',
    source: `NOINLINE void lose(void) { keep(malloc(10)); }
int main(void) { wipe(); __lsan_do_leak_check(); lose(); wipe(); printf("%d", __lsan_do_recoverable_leak_check()); }`,
    output: '0',
    leaks: ['final: 0'],
  },
  {
    name: 'blocks that are no leaks',
    source: `struct node { struct node *next; };
NOINLINE void off(void) { __lsan_disable(); struct node *n = keep(malloc(12)); __lsan_enable(); n->next = keep(malloc(16)); }
NOINLINE void ignored(void) { char *p = keep(malloc(20)); __lsan_ignore_object(A(p + 3)); }
static size_t hidden; static char *volatile area;
NOINLINE void rooted(void) { area = malloc(64); *(void **)(area + 8) = keep(malloc(24)); __lsan_register_root_region(A(area + 8), 8); hidden = A(area) ^ 0x5a5a5a5a; area = 0; }
int main(void) {
  __lsan_enable();
  off(); ignored(); wipe(); printf("%d", __lsan_do_recoverable_leak_check());
  rooted(); wipe(); __lsan_do_recoverable_leak_check();
  __lsan_unregister_root_region((hidden ^ 0x5a5a5a5a) + 8, 8); wipe(); __lsan_do_recoverable_leak_check();
}`,
    output: '0',
    leaks: ['recoverable: 0', 'recoverable: 1', 'recoverable: 2'],
  },
];

describe.each([
  ['functions of the interface', {}],
  ['the same with a single memory', { singleMemory: true }],
] as const)('%s', (_, options) => {
  test.each(CASES)('$name', async (each) => {
    const ran = await run(each.source, options);
    expect(ran.output).toBe(each.output ?? '');
    expect(ran.findings.map((report) => report.title)).toEqual(each.findings ?? []);
    expect(ran.leaks).toEqual(each.leaks ?? []);
    for (const pattern of each.said ?? []) expect(ran.said).toMatch(pattern);
    if (!each.said) expect(ran.said).toBe('');
    expect(ran.exitCode).toBe(each.stopped ? undefined : 0);
  });
});

test('the cases call every function of the headers', () => {
  const called = CASES.map(({ source }) => source).join('\n');
  const rows = INTERFACE.slice(1).flatMap(([, each]) => each);
  expect(rows.flatMap(namesOf).filter((name) => !called.includes(`${name}(`))).toEqual([]);
});

describe('what a module says of its own options', () => {
  const OWN = `
EXPORT("__asan_default_options") const char *__asan_default_options(void) { return "halt_on_error=0:log_path=/nowhere/report"; }
EXPORT("__lsan_default_suppressions") const char *__lsan_default_suppressions(void) { return "leak:lose\\n"; }
NOINLINE void lose(void) { keep(malloc(10)); }
int main(void) { lose(); wipe(); printf("%d", __lsan_do_recoverable_leak_check()); char *p = malloc(8); ((volatile char *)p)[9] = 1; printf(" on"); }`;

  test.each(['-O0', '-O2'])('holds where nobody else says anything: %s', async (level) => {
    const ran = await run(OWN, {}, [level]);
    expect(ran.output).toBe('0 on');
    expect(ran.findings).toHaveLength(1);
    const asked = await run(OWN, { runtime: { halt: true } }, [level]);
    expect(asked.exitCode).toBeUndefined();
  });

  test('no leak check, if it says so', async () => {
    const source = `EXPORT("__lsan_is_turned_off") int __lsan_is_turned_off(void) { return 1; }
NOINLINE void lose(void) { keep(malloc(10)); }
int main(void) { lose(); wipe(); printf("%d", __lsan_do_recoverable_leak_check()); }`;
    expect(await run(source)).toMatchObject({ output: '0', leaks: [] });
    const options = `EXPORT("__lsan_default_options") const char *__lsan_default_options(void) { return "detect_leaks=0"; } int main(void) {}`;
    expect(defaultOptions(await compile(options)).lsan).toBe('detect_leaks=0');
  });

  test('a function that does more than return a constant is named, not called', async () => {
    const source = `EXPORT("__asan_default_options") const char *__asan_default_options(void) { return getenv("X"); } int main(void) {}`;
    expect(defaultOptions(await compile(source))).toMatchObject({ asan: '', unread: ['__asan_default_options'] });
  });
});

test('a function of another type is refused in one sentence', async () => {
  const source = `__attribute__((import_module("env"), import_name("__asan_describe_address"))) int wrong(int, int);
int main(void) { return wrong(1, 2); }`;
  const bytes = await compileC({ file: 'wrong.c', source, flags: ['-O1'] });
  expect(() => instrument(bytes)).toThrow(
    'a function of the sanitizer interface has another type here: it imports "env.__asan_describe_address" as (i32, i32) -> i32, which is (i32)',
  );
  const hook = `__attribute__((export_name("__asan_on_error"))) void hook(int a) {} int main(void) {}`;
  const defined = await compileC({ file: 'hook.c', source: hook, flags: ['-O1'] });
  expect(() => instrument(defined)).toThrow('it defines "__asan_on_error" as (i32), which is ()');
});

test('an import with a name of the sanitizer that none has', async () => {
  const source = `__attribute__((import_module("env"), import_name("__asan_frobnicate"))) void frobnicate(void); int main(void) { frobnicate(); }`;
  await expect(run(source)).rejects.toThrow(
    'it imports "env.__asan_frobnicate", which is no function of the sanitizer interface that wasan knows (docs/ABI.md)',
  );
});

test('without a host nothing is asked, and the rest works', async () => {
  const source = `EXPORT("probe") int probe(void) {
  char *p = malloc(10); size_t trace[4];
  __sanitizer_print_stack_trace(); __asan_describe_address(A(p));
  return __lsan_do_recoverable_leak_check() * 1000 + __sanitizer_get_ownership(A(p)) * 100 + (int)__sanitizer_get_allocated_size(A(p));
} int main(void) { return probe(); }`;
  const original = await compile(source);
  const { bytes } = instrument(original);
  const stub = () => 0;
  const wasi = new Proxy({}, { get: () => stub, has: () => true });
  const { instance } = await WebAssembly.instantiate(bytes as BufferSource, { wasi_snapshot_preview1: wasi });
  expect((instance.exports.probe as () => number)()).toBe(110);
});

test('load() answers like the commands do', async () => {
  const source = `EXPORT("probe") int probe(void) { __sanitizer_print_stack_trace(); return (int)__sanitizer_get_allocated_size(A(malloc(10))); } int main(void) { return probe(); }`;
  const original = await compile(source);
  const said: string[] = [];
  const wasi = new Proxy({}, { get: () => () => 0, has: () => true });
  const { instance } = await load({
    original,
    instrumented: instrument(original, { host: true }).bytes,
    imports: { wasi_snapshot_preview1: wasi },
    print: (text) => void said.push(text),
  });
  expect((instance.exports.probe as () => number)()).toBe(10);
  expect(said.join('')).toContain('in probe /interface.c:');
});

test('a fuzz target may look for leaks, and say that there are none to look for', async () => {
  const target = (own: string) =>
    compile(
      `${own} NOINLINE void lose(void) { keep(malloc(10)); }
EXPORT("LLVMFuzzerTestOneInput") int LLVMFuzzerTestOneInput(const char *data, size_t size) {
  if (size < 1) return 0;
  lose(); wipe();
  __sanitizer_print_stack_trace();
  __lsan_do_leak_check();
  return 0;
}`,
      ['-O1', '-g', '-mexec-model=reactor'],
    );
  const finding = openTarget(await target('')).run(Uint8Array.of(1));
  expect(finding?.kind).toBe('leak');
  expect(finding?.printed).toContain('in LLVMFuzzerTestOneInput');
  const off = 'EXPORT("__asan_default_options") const char *__asan_default_options(void) { return "detect_leaks=0"; }';
  expect(openTarget(await target(off)).run(Uint8Array.of(1))).toBeUndefined();
});
