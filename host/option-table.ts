// Every option there is, once: parsing, defaults, `help=1` and the documentation are made from these rows.
// Names are those of compiler-rt wherever it has the option.

export type OptionFamily = 'asan' | 'lsan' | 'wasan';

interface Row {
  readonly name: string;
  readonly family: OptionFamily;
  readonly sentence: string;
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
): BooleanRow & { readonly name: N } {
  return { type: 'bool', family, name, default: byDefault, sentence };
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
): IntegerRow & { readonly name: N } {
  return { type: 'int', family, name, default: byDefault, min: 0, ...limits, sentence };
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
  int('asan', 'quarantine_size_mb', 16, { max: MEBIBYTES }, 'Freed memory to hold back from reuse; 0 for none.'),
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
  bool('asan', 'allocator_may_return_null', true, 'Let a refused allocation return null instead of reporting it.'),
  bool('asan', 'alloc_dealloc_mismatch', true, 'Report malloc released by delete, new[] released by free, and so on.'),
  bool('asan', 'new_delete_type_mismatch', true, 'Report a size given to delete that is not the size given to new.'),
  bool('asan', 'poison_heap', true, 'Poison heap blocks around and after their life.'),
  bool('asan', 'replace_intrin', true, 'Check memcpy, memmove and memset as ranges.'),
  bool('asan', 'replace_str', true, 'Check strlen, strcpy and their family as ranges.'),
  bool('asan', 'detect_leaks', true, 'Look for unreachable heap blocks when the program ends.'),
  bool('asan', 'detect_stack_use_after_return', false, 'Poison the frame of a function when it returns.'),
  bool('asan', 'allocator_frees_and_returns_null_on_realloc_zero', false, 'Let realloc(p, 0) free p and return null.'),
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

/**
 * Options of compiler-rt that mean nothing to a WebAssembly program. They are accepted in ASAN_OPTIONS and LSAN_OPTIONS, so
 * that settings made for native programs still work, and are not options of the command line.
 */
export const INAPPLICABLE_OPTIONS: ReadonlySet<string> = new Set(
  `abort_on_error allocator_release_to_os_interval_ms allow_addr2line allow_user_poisoning allow_user_segv_handler
  atexit can_use_proc_maps_statm check_initialization_order check_malloc_usable_size clear_shadow_mmap_threshold
  compress_stack_depot coverage coverage_dir debug decorate_proc_maps dedup_token_length demangle detect_container_overflow
  detect_deadlocks detect_invalid_join detect_invalid_pointer_pairs detect_odr_violation detect_write_exec disable_coredump
  dump_instruction_bytes dump_registers enable_symbolizer_markup external_symbolizer_path fast_unwind_on_check
  fast_unwind_on_fatal fast_unwind_on_malloc full_address_space handle_abort handle_ioctl handle_segv handle_sigbus
  handle_sigfpe handle_sigill handle_sigtrap hard_rss_limit_mb heap_profile heartbeat_interval html_cov_report
  include_if intercept_memcmp intercept_memmem intercept_send intercept_stat intercept_strchr intercept_strcmp
  intercept_strlen intercept_strndup intercept_strpbrk intercept_strspn intercept_strstr intercept_strtok
  intercept_tls_get_addr leak_check_at_exit legacy_pthread_cond log_exe_name log_pointers log_suffix log_threads
  log_to_syslog max_free_fill_size max_malloc_fill_size malloc_fill_byte free_fill_byte max_uar_stack_size_log
  min_uar_stack_size_log mmap_limit_mb no_huge_pages_for_shadow pause_after_checks poison_array_cookie poison_partial
  prelink_only print_cmdline print_full_thread_history print_module_map print_scariness
  protect_shadow_gap quarantine_size quarantine_batch_size report_globals resolution sleep_after_init
  sleep_before_dying soft_rss_limit_mb stack_trace_format start_deactivated strict_init_order strict_memcmp
  strict_string_checks suppress_equal_pcs symbolize_inline_frames symbolize_vs_style test_only_emulate_no_memorymap
  test_only_replace_dlopen_main_program thread_local_quarantine_size_kb unmap_shadow_on_exit use_ld_allocations
  use_madv_dontdump use_odr_indicator use_poisoned use_root_regions use_sigaltstack use_tls use_unaligned verify_asan_link_order
  verify_interceptors windows_hook_legacy_allocators windows_hook_rtl_allocators`.split(/\s+/),
);
