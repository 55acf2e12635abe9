// What becomes of the options of compiler-rt that are none here: each is accepted without effect, or refused, with the reason.
// A test holds this against the flags of asan_flags.inc, sanitizer_flags.inc and lsan_flags.inc.

type Group = readonly [because: string, names: string];

/** Settings made for native programs still work: these mean nothing to a WebAssembly program, or ask for what is there anyway. */
const ACCEPTED: readonly Group[] = [
  [
    'a WebAssembly program has no signals: its traps are always told',
    `handle_abort handle_segv handle_sigbus handle_sigfpe handle_sigill handle_sigtrap allow_user_segv_handler
    cloak_sanitizer_signal_handlers use_sigaltstack disable_coredump use_madv_dontdump dump_instruction_bytes dump_registers`,
  ],
  [
    'it is about processes, libraries and the system of native programs',
    `can_use_proc_maps_statm decorate_proc_maps detect_deadlocks detect_invalid_join detect_write_exec
    full_address_space handle_ioctl intercept_send intercept_stat intercept_tls_get_addr legacy_pthread_cond log_to_syslog
    print_module_map strip_env test_only_emulate_no_memorymap test_only_replace_dlopen_main_program use_ld_allocations
    use_tls verify_asan_link_order verify_interceptors windows_hook_legacy_allocators windows_hook_rtl_allocators
    check_malloc_usable_size thread_suspend_fail`,
  ],
  [
    'the runtime here is built otherwise',
    `allocator_release_to_os_interval_ms clear_shadow_mmap_threshold compress_stack_depot debug fast_unwind_on_check
    fast_unwind_on_fatal fast_unwind_on_malloc log_pointers log_threads max_uar_stack_size_log min_uar_stack_size_log
    no_huge_pages_for_shadow protect_shadow_gap quarantine_batch_size sleep_after_init sleep_before_dying sleep_before_init
    thread_local_quarantine_size_kb tries uar_noreserve unmap_shadow_on_exit`,
  ],
  [
    'it needs what a compiler alone knows, and ASan itself does nothing without code that was compiled for it',
    `check_initialization_order detect_invalid_pointer_pairs detect_odr_violation poison_array_cookie
    strict_init_order track_poison use_odr_indicator`,
  ],
  [
    'symbols are read from the module, always in the same way',
    'allow_addr2line enable_symbolizer_markup external_symbolizer_path symbolize_vs_style',
  ],
  [
    'reports have one layout for people and --format=json and sarif for tools',
    'dedup_token_length print_cmdline print_full_thread_history print_scariness',
  ],
  ['print_stats tells at the end of every run', 'atexit'],
  ['the program gets memory as its own allocator leaves it', 'free_fill_byte malloc_fill_byte max_free_fill_size max_malloc_fill_size'],
  ['a string function is checked as far as it reads', 'strict_string_checks'],
  ["printf's own code reads its arguments, and is checked as all code is", 'check_printf'],
  ['a log that cannot be written is an error', 'log_fallback_to_stderr'],
  ['nothing registers root regions', 'use_root_regions'],
  ['code coverage is what `wasan fuzz` has', 'coverage_dir cov_8bit_counters_out cov_pcs_out print_coverage_summary sancov_path'],
]; // biome-ignore format: a table

/** `name=value`: the value that asks for nothing, and is accepted. Any other asks for what the run would not be. */
const REFUSED: readonly Group[] = [
  ['it is deprecated: set quarantine_size_mb', 'quarantine_size=-1'],
  ['nobody would enforce that limit', 'hard_rss_limit_mb=0 soft_rss_limit_mb=0 mmap_limit_mb=0'],
  ['code coverage is what `wasan fuzz` has', 'coverage=0 html_cov_report=0'],
  ['there is no heap profiler; --html draws the heap over time', 'heap_profile=0'],
  ['tools read --format=json', 'stack_trace_format=DEFAULT'],
  ['checks are in force from the start', 'start_deactivated=0'],
  ['all bytes of a block are guarded; suppressions silence a place', 'poison_partial=1'],
  ['suppressions silence a place', 'enable_unmalloced_free_check=1 report_globals=1'],
  [
    'replace_str=0 switches all string functions off, and "interceptor_name:" in a suppressions file a single one',
    `intercept_memcmp=1 intercept_memmem=1 intercept_strchr=1 intercept_strcmp=1 intercept_strlen=1 intercept_strndup=1
    intercept_strpbrk=1 intercept_strspn=1 intercept_strstr=1 intercept_strtok=1 strict_memcmp=1`,
  ],
  ['replace_intrin=0 does that', 'intercept_intrin=1'],
]; // biome-ignore format: a table

export interface UpstreamOption {
  readonly name: string;
  readonly because: string;
  /** Absent: accepted whatever its value. Else the value that is accepted. */
  readonly only?: string;
}

/** Every such option. */
export const UPSTREAM_OPTIONS: readonly UpstreamOption[] = [
  ...ACCEPTED.flatMap(([because, names]) => names.split(/\s+/).map((name) => ({ name, because }))),
  ...REFUSED.flatMap(([because, names]) =>
    names.split(/\s+/).map((text) => {
      const [name = '', only = ''] = text.split('=');
      return { name, because, only };
    }),
  ),
];

const BY_NAME: ReadonlyMap<string, UpstreamOption> = new Map(UPSTREAM_OPTIONS.map((option) => [option.name, option]));

/** Undefined if compiler-rt has no such option either. */
export function upstreamOption(name: string): UpstreamOption | undefined {
  return BY_NAME.get(name);
}

/** Whether a setting asks for what there is not. */
export function isRefused({ only }: UpstreamOption, value: string | undefined): boolean {
  if (only === undefined || value === only) return false;
  const spellings: Readonly<Record<string, readonly string[]>> = { 0: ['false', 'no', '0x0'], 1: ['true', 'yes'] };
  return value === undefined || !(spellings[only] ?? []).includes(value);
}
