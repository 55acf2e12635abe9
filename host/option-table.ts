// Every option there is, once: parsing, defaults, `help=1` and docs/OPTIONS.md are made from these rows.
// Names are those of compiler-rt wherever it has the option; what it has beside them is in upstream-options.ts.

export type OptionFamily = 'asan' | 'lsan' | 'wasan';

/** Where the default is not that of ASan: what ASan's is, and why ours is not. */
export interface Difference {
  readonly upstream: string;
  readonly because: string;
}

interface Row {
  readonly name: string;
  readonly family: OptionFamily;
  readonly sentence: string;
  readonly differs?: Difference;
}

export interface BooleanRow extends Row {
  readonly type: 'bool';
  readonly default: boolean;
}

export interface IntegerRow extends Row {
  readonly type: 'int';
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly powerOfTwo?: true;
}

export interface TextRow extends Row {
  readonly type: 'text';
  readonly default: string;
}

export interface ChoiceRow extends Row {
  readonly type: 'choice';
  readonly default: string;
  readonly choices: readonly string[];
}

export type OptionRow = BooleanRow | IntegerRow | TextRow | ChoiceRow;

function bool<const N extends string, const D extends boolean>(
  family: OptionFamily,
  name: N,
  byDefault: D,
  sentence: string,
  differs?: Difference,
): BooleanRow & { readonly name: N } {
  return { type: 'bool', family, name, default: byDefault, sentence, ...(differs && { differs }) };
}

function text<const N extends string>(family: OptionFamily, name: N, sentence: string): TextRow & { readonly name: N } {
  return { type: 'text', family, name, default: '', sentence };
}

function int<const N extends string>(
  family: OptionFamily,
  name: N,
  byDefault: number,
  limits: { min?: number; max: number; powerOfTwo?: true },
  sentence: string,
  differs?: Difference,
): IntegerRow & { readonly name: N } {
  return { type: 'int', family, name, default: byDefault, min: 0, ...limits, sentence, ...(differs && { differs }) };
}

function choice<const N extends string, const C extends string>(
  family: OptionFamily,
  name: N,
  choices: readonly [C, ...C[]],
  sentence: string,
): ChoiceRow & { readonly name: N; readonly choices: readonly C[] } {
  return { type: 'choice', family, name, default: choices[0], choices, sentence };
}

const MEBIBYTES = 4095; // the runtime counts bytes in 32 bits
const EXIT = { max: 255 };

export const OPTIONS = [
  bool('asan', 'help', false, 'Print the options and go on.'),
  bool(
    'asan',
    'halt_on_error',
    true,
    'Stop the program at the first finding; otherwise report every site once and go on.',
  ),
  int('asan', 'exitcode', 1, EXIT, 'Exit status of a program with findings.'),
  text('asan', 'log_path', 'Write reports to this path followed by ".<pid>"; "stdout" and "stderr" name the streams.'),
  int('asan', 'verbosity', 0, { max: 3 }, 'Say more about what was found in the module and what is switched off.'),
  choice('asan', 'color', ['auto', 'always', 'never'], 'Colour reports: on a terminal only, always, or never.'),
  bool('asan', 'symbolize', true, 'Name functions and source lines; otherwise print module offsets only.'),
  text('asan', 'strip_path_prefix', 'Cut this off the front of file names in reports.'),
  bool('asan', 'print_summary', true, 'End a report with a SUMMARY line.'),
  bool('asan', 'print_legend', true, 'Explain the shadow bytes below a report.'),
  bool('asan', 'print_stats', false, 'Print statistics of the heap when the program ends.'),
  text('asan', 'suppressions', 'File of findings that are not to be reported.'),
  int('asan', 'malloc_context_size', 30, { max: 255 }, 'Frames to keep of the stack of each allocation and free.'),
  int('asan', 'quarantine_size_mb', 16, { max: MEBIBYTES }, 'Freed memory to hold back from reuse; 0 for none.', {
    upstream: '256',
    because: "the program's own memory has to hold it, often with a maximum of a few dozen MiB",
  }),
  int(
    'asan',
    'redzone',
    16,
    { min: 16, max: 2048, powerOfTwo: true },
    'Smallest redzone around heap blocks, in bytes.',
  ),
  int(
    'asan',
    'max_redzone',
    2048,
    { min: 16, max: 2048, powerOfTwo: true },
    'Largest redzone around heap blocks, in bytes.',
  ),
  int('asan', 'max_allocation_size_mb', 0, { max: MEBIBYTES }, 'Refuse larger allocations; 0 for no limit.'),
  bool('asan', 'allocator_may_return_null', true, 'Let a refused allocation return null instead of reporting it.', {
    upstream: '0',
    because: 'an instrumented module does what the original did, and a program that handles null has no bug',
  }),
  bool('asan', 'alloc_dealloc_mismatch', true, 'Report malloc released by delete, new[] released by free, and so on.'),
  bool('asan', 'new_delete_type_mismatch', true, 'Report a size given to delete that is not the size given to new.'),
  bool('asan', 'poison_heap', true, 'Poison heap blocks around and after their life.'),
  bool('asan', 'replace_intrin', true, 'Check memcpy, memmove and memset as ranges.'),
  bool('asan', 'replace_str', true, 'Check strlen, strcpy and their family as ranges.'),
  bool('asan', 'allow_user_poisoning', true, 'Obey __asan_poison_memory_region and its opposite.'),
  bool('asan', 'detect_container_overflow', true, 'Obey __sanitizer_annotate_contiguous_container.'),
  bool('asan', 'suppress_equal_pcs', true, 'With halt_on_error=0, report each place of the program once.'),
  bool('asan', 'abort_on_error', false, 'End a program with findings with status 134, as abort() does, not exitcode.'),
  bool('asan', 'demangle', true, 'Write names as the source does; otherwise as the linker knows them.'),
  bool('asan', 'symbolize_inline_frames', true, 'Give inlined functions frames of their own in stacks.'),
  bool('asan', 'log_exe_name', false, 'Put the name of the module into that of the log: log_path.module.pid.'),
  text('asan', 'log_suffix', 'Append this to the name of the log.'),
  text('asan', 'include', 'Read more options from this file.'),
  text('asan', 'include_if_exists', 'Read more options from this file, if there is one.'),
  bool('asan', 'detect_leaks', true, 'Look for unreachable heap blocks when the program ends.'),
  bool(
    'asan',
    'leak_check_at_exit',
    true,
    'Do so when the program ends; otherwise only where the library is asked to.',
  ),
  bool('asan', 'detect_stack_use_after_return', false, 'Poison the frame of a function when it returns.', {
    upstream: '1',
    because: 'every frame must then go through the runtime, where small ones otherwise write their own shadow',
  }),
  bool('asan', 'allocator_frees_and_returns_null_on_realloc_zero', false, 'Let realloc(p, 0) free p and return null.', {
    upstream: '1',
    because: 'the allocators of wasi-libc and Emscripten return a block, and the program gets what they return',
  }),
  int(
    'lsan',
    'leak_exitcode',
    23,
    EXIT,
    'Exit status of a program whose only findings are leaks (LSAN_OPTIONS: exitcode).',
  ),
  text('lsan', 'leak_suppressions', 'File of leaks that are not to be reported (LSAN_OPTIONS: suppressions).'),
  int('lsan', 'max_leaks', 0, { max: 1_000_000 }, 'Largest leaks to print; 0 for all.'),
  bool('lsan', 'print_suppressions', true, 'Say which suppressions matched a leak.'),
  bool('lsan', 'report_objects', false, 'Print the address and size of every leaked block.'),
  int('lsan', 'resolution', 0, { max: 255 }, 'Frames in which stacks of one leak must agree; 0 for all.'),
  bool('lsan', 'use_unaligned', false, 'Let addresses that are not aligned keep blocks alive.'),
  bool('lsan', 'use_poisoned', false, 'Let addresses in poisoned memory keep blocks alive.'),
  bool('lsan', 'use_globals', true, 'Let globals and data keep blocks alive.'),
  bool('lsan', 'use_stacks', true, 'Let the stack in memory keep blocks alive.'),
  bool('lsan', 'use_registers', true, 'Let locals of running functions keep blocks alive.'),
  choice('wasan', 'format', ['asan', 'kasan', 'json', 'sarif'], 'Layout of reports. "kasan" implies scheme=kasan.'),
  int(
    'wasan',
    'mmap_threshold',
    0,
    { max: 0x7fffffff },
    'Heap blocks of this many bytes, at least 16384, get pages of their own and grow by mremap; 0 for none.',
  ),
  choice('wasan', 'scheme', ['asan', 'kasan'], 'Shadow codes and titles. "kasan" implies format=kasan.'),
  text('wasan', 'html', 'Write a self-contained HTML page of all findings to this path.'),
] as const satisfies readonly OptionRow[];

/** What an option of LSAN_OPTIONS is called here, where the same name means something else in ASAN_OPTIONS. */
export const LSAN_NAMES: Readonly<Record<string, string>> = {
  exitcode: 'leak_exitcode',
  suppressions: 'leak_suppressions',
};

/** Flags of the command line that are short for an option. */
export const SHORT_FLAGS: Readonly<Record<string, readonly [name: string, value: string]>> = {
  '--json': ['format', 'json'],
};
