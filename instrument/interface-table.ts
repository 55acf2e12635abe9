// The sanitizer interface, once: the functions of compiler-rt's headers that a module may import, and those that it may define
// for the runtime to call. Imports are bound by these names and types (interface.ts); docs/ABI.md and the tests are made from
// the same rows.

import { type FuncType, type Module, pointerType } from './wasm/module.ts';
import { TYPE } from './wasm/opcodes.ts';

/**
 * Who answers: the runtime alone; the runtime with what the host tells it, so that without wasan's host there is no answer; or
 * nobody, because there is nothing to do in WebAssembly.
 */
export type Answerer = 'runtime' | 'host' | 'nobody';

export interface InterfaceRow {
  /** Names separated by blanks; `a{1,2}` stands for a1 and a2. */
  readonly names: string;
  /** Parameters, each ending in its type, and the result: `(addr P, write i32) -> P`; P is a pointer or size_t. */
  readonly type: string;
  readonly by: Answerer;
  readonly meaning: string;
  /** It keeps the call stack: calls to it are recorded. */
  readonly keepsStack?: true;
}

const row = (names: string, type: string, by: Answerer, meaning: string): InterfaceRow => ({
  names,
  type,
  by,
  meaning,
});
const recorded = (...of: Parameters<typeof row>): InterfaceRow => ({ ...row(...of), keepsStack: true });

/** What compilers call. */
const COMPILED: readonly InterfaceRow[] = [
  row('__asan_load{1,2,4,8,16} __asan_store{1,2,4,8,16}', '(addr P)', 'runtime', 'check an access of so many bytes'),
  row('__asan_load{1,2,4,8,16}_noabort __asan_store{1,2,4,8,16}_noabort', '(addr P)', 'runtime', 'the same; never stops the program by itself'),
  row('__asan_loadN __asan_storeN __asan_loadN_noabort __asan_storeN_noabort', '(addr P, size P)', 'runtime', 'check a range'),
  row('__asan_report_load{1,2,4,8,16} __asan_report_store{1,2,4,8,16}', '(addr P)', 'runtime', 'report an access found bad by inlined code'),
  row('__asan_report_load{1,2,4,8,16}_noabort __asan_report_store{1,2,4,8,16}_noabort', '(addr P)', 'runtime', 'the same'),
  row('__asan_report_load_n __asan_report_store_n __asan_report_load_n_noabort __asan_report_store_n_noabort', '(addr P, size P)', 'runtime', 'the same for a range'),
  row('__asan_memset', '(addr P, byte i32, size P) -> P', 'runtime', 'check, then do; on a report nothing is written'),
  row('__asan_memcpy __asan_memmove', '(to P, from P, size P) -> P', 'runtime', 'the same; on a report nothing is copied'),
  row('__asan_set_shadow_{00,01,02,03,04,05,06,07,f1,f2,f3,f5,f8}', '(shadow P, size P)', 'runtime', 'write shadow bytes; the address is a shadow address'),
  row('__asan_alloca_poison __asan_allocas_unpoison', '(top P, bottom P)', 'runtime', 'redzones of a dynamic stack object'),
  row('__asan_register_globals __asan_unregister_globals', '(descriptors P, count P)', 'runtime', 'redzones of globals'),
  row('__asan_handle_no_return __asan_init __asan_version_mismatch_check_v8', '()', 'runtime', 'expected by compiled code'),
]; // biome-ignore format: a table

const ASAN: readonly InterfaceRow[] = [
  row('__asan_poison_memory_region __asan_unpoison_memory_region', '(addr P, size P)', 'runtime', 'manual poisoning'),
  row('__asan_address_is_poisoned', '(addr P) -> i32', 'runtime', '1 if a byte may not be used'),
  row('__asan_region_is_poisoned', '(addr P, size P) -> P', 'runtime', 'the first bad address, or 0'),
  row('__asan_describe_address', '(addr P)', 'host', 'prints what a report would say of an address'),
  row('__asan_locate_address', '(addr P, name P, name_size P, begin P, size P) -> P', 'host', 'the same in parts: heap, stack, global or heap-invalid'),
  row('__asan_get_alloc_stack __asan_get_free_stack', '(addr P, trace P, size P, thread P) -> P', 'host', 'a block\'s stacks; a "pc" is an offset in the module before instrumentation'),
  recorded('__asan_update_allocation_context', '(addr P) -> i32', 'runtime', 'the block counts as allocated here'),
  row('__asan_report_present', '() -> i32', 'runtime', '1 in a callback that is called for a finding'),
  row('__asan_get_report_pc', '() -> P', 'host', 'where the access is, as an offset in the module before instrumentation'),
  row('__asan_get_report_bp __asan_get_report_sp', '() -> P', 'nobody', '0: WebAssembly has neither'),
  row('__asan_get_report_address __asan_get_report_access_size', '() -> P', 'runtime', 'of the access'),
  row('__asan_get_report_access_type', '() -> i32', 'runtime', '1 for a write'),
  row('__asan_get_report_description', '() -> P', 'host', 'its title: "heap-buffer-overflow"'),
  recorded('__asan_report_error', '(pc P, bp P, sp P, addr P, write i32, size P)', 'runtime', 'reports an access, whatever its shadow says'),
  row('__asan_set_death_callback __sanitizer_set_death_callback', '(function P)', 'host', 'called when a finding stops the program'),
  row('__asan_set_error_report_callback', '(function P)', 'host', 'gets the text of each report, as ASan words it'),
  row('__asan_print_accumulated_stats', '()', 'host', 'prints what print_stats prints at the end'),
  row('__asan_get_shadow_mapping', '(scale P, offset P)', 'runtime', '3, and where the shadow lies in memory 1'),
  row('__asan_get_current_fake_stack', '() -> P', 'nobody', '0: there are no fake stacks'),
  row('__asan_addr_is_in_fake_stack', '(stack P, addr P, begin P, end P) -> P', 'nobody', '0'),
]; // biome-ignore format: a table

const LSAN: readonly InterfaceRow[] = [
  row('__lsan_disable __lsan_enable', '()', 'runtime', 'what is allocated in between is no leak, nor what it leads to'),
  row('__lsan_ignore_object', '(addr P)', 'runtime', 'nor is this block'),
  row('__lsan_register_root_region __lsan_unregister_root_region', '(begin P, size P)', 'runtime', 'what lies there keeps blocks alive, though itself in a block that nothing reaches'),
  row('__lsan_do_leak_check', '()', 'host', 'the check of the end, now: a leak stops the program, and there is no check at the end'),
  row('__lsan_do_recoverable_leak_check', '() -> i32', 'host', 'a check that stops nothing; 1 if there are leaks'),
]; // biome-ignore format: a table

const ALLOCATOR: readonly InterfaceRow[] = [
  row('__sanitizer_get_estimated_allocated_size', '(size P) -> P', 'runtime', 'the size'),
  row('__sanitizer_get_ownership', '(addr P) -> i32', 'runtime', '1 where a live block begins'),
  row('__sanitizer_get_allocated_begin', '(addr P) -> P', 'runtime', 'where the live block around it begins, or 0'),
  recorded('__sanitizer_get_allocated_size', '(addr P) -> P', 'runtime', 'bytes asked for; reports what is no live block'),
  row('__sanitizer_get_allocated_size_fast', '(addr P) -> P', 'runtime', 'the same, and 0 for what is none'),
  row('__sanitizer_get_current_allocated_bytes', '() -> P', 'runtime', 'bytes in live blocks'),
  row('__sanitizer_get_heap_size', '() -> P', 'runtime', "bytes of the program's memory"),
  row('__sanitizer_get_free_bytes', '() -> P', 'runtime', 'bytes of blocks that have left the quarantine and wait to be used again'),
  row('__sanitizer_get_unmapped_bytes', '() -> P', 'nobody', '0: memory is never given back'),
  row('__sanitizer_purge_allocator', '()', 'runtime', 'empties the quarantine'),
  row('__sanitizer_install_malloc_and_free_hooks', '(malloc_hook P, free_hook P) -> i32', 'runtime', 'called with (addr P, size P) after each allocation and (addr P) before each free; 5 pairs at most'),
  row('__sanitizer_print_memory_profile', '(percent P, contexts P)', 'nobody', 'there are no profiles'),
]; // biome-ignore format: a table

const COMMON: readonly InterfaceRow[] = [
  recorded('__sanitizer_annotate_contiguous_container', '(begin P, end P, old_mid P, new_mid P)', 'runtime', 'container overflow'),
  recorded('__sanitizer_annotate_double_ended_contiguous_container', '(begin P, end P, old_first P, old_last P, first P, last P)', 'runtime', 'the same for a container that grows at both ends'),
  row('__sanitizer_verify_contiguous_container', '(begin P, mid P, end P) -> i32', 'runtime', '1 if the shadow agrees, 32 bytes around each bound'),
  row('__sanitizer_verify_double_ended_contiguous_container', '(begin P, first P, last P, end P) -> i32', 'runtime', 'the same'),
  row('__sanitizer_contiguous_container_find_bad_address', '(begin P, mid P, end P) -> P', 'runtime', 'the first byte of which the shadow says something else, or 0'),
  row('__sanitizer_double_ended_contiguous_container_find_bad_address', '(begin P, first P, last P, end P) -> P', 'runtime', 'the same'),
  row('__sanitizer_print_stack_trace', '()', 'host', "prints the program's stack"),
  row('__sanitizer_symbolize_pc __sanitizer_symbolize_global', '(at P, format P, out P, out_size P)', 'host', 'an offset in the module, or an address, in words; formats are those of stack_trace_format'),
  row('__sanitizer_get_module_and_offset_for_pc', '(pc P, path P, path_size P, offset P) -> i32', 'host', "the module's name, and the same offset"),
  row('__sanitizer_report_error_summary', '(text P)', 'host', 'prints a line'),
  row('__sanitizer_acquire_crash_state', '() -> i32', 'runtime', '1 the first time'),
  row('__sanitizer_unaligned_load{16,32}', '(addr P) -> i32', 'runtime', 'checked like any access'),
  row('__sanitizer_unaligned_load64', '(addr P) -> i64', 'runtime', 'the same'),
  row('__sanitizer_unaligned_store{16,32}', '(addr P, value i32)', 'runtime', 'the same'),
  row('__sanitizer_unaligned_store64', '(addr P, value i64)', 'runtime', 'the same'),
  row('__sanitizer_set_report_path', '(path P)', 'nobody', 'a program may not write files that nobody gave it: log_path says where reports go'),
  row('__sanitizer_set_report_fd', '(fd P)', 'nobody', 'the same'),
  row('__sanitizer_get_report_path', '() -> P', 'nobody', '0'),
  row('__sanitizer_sandbox_on_notify', '(arguments P)', 'nobody', 'every program is in a sandbox from the start'),
  row('__sanitizer_start_switch_fiber', '(save P, bottom P, size P)', 'nobody', 'stacks are told by where the stack pointer is'),
  row('__sanitizer_finish_switch_fiber', '(saved P, bottom P, size P)', 'nobody', 'the same'),
]; // biome-ignore format: a table

export const INTERFACE: readonly (readonly [header: string, rows: readonly InterfaceRow[]])[] = [
  ['compiled code', COMPILED],
  ['asan_interface.h', ASAN],
  ['lsan_interface.h', LSAN],
  ['allocator_interface.h', ALLOCATOR],
  ['common_interface_defs.h', COMMON],
];

/** What a module may define, and have called or read. */
export interface HookRow {
  readonly name: string;
  readonly type: string;
  /** The runtime's import of module "program" that is bound to it; undefined: it is read when the module is instrumented. */
  readonly called?: string;
  readonly meaning: string;
}

export const HOOKS: readonly HookRow[] = [
  { name: '__asan_default_options', type: '() -> P', meaning: 'options where ASAN_OPTIONS and flags say nothing' },
  { name: '__lsan_default_options', type: '() -> P', meaning: 'the same for LSAN_OPTIONS' },
  { name: '__asan_default_suppressions', type: '() -> P', meaning: 'lines of a suppressions file' },
  { name: '__lsan_default_suppressions', type: '() -> P', meaning: 'the same for leaks' },
  { name: '__lsan_is_turned_off', type: '() -> i32', meaning: 'not 0: no leak check' },
  { name: '__asan_on_error', type: '()', called: 'on_error', meaning: 'called before a finding is told' },
  { name: '__sanitizer_malloc_hook', type: '(addr P, size P)', called: 'malloc_hook', meaning: 'called after each allocation' },
  { name: '__sanitizer_free_hook', type: '(addr P)', called: 'free_hook', meaning: 'called before each free' },
  { name: '__sanitizer_ignore_free_hook', type: '(addr P) -> i32', called: 'ignore_free_hook', meaning: 'not 0: the free does not happen' },
]; // biome-ignore format: a table

/** `a{1,2}b` -> a1b, a2b. */
function expand(pattern: string): string[] {
  const group = /\{([^}]*)\}/.exec(pattern);
  return group ? group[1]!.split(',').map((choice) => pattern.replace(group[0], choice)) : [pattern];
}

export function namesOf({ names }: InterfaceRow): string[] {
  return names.split(' ').flatMap(expand);
}

const BY_NAME: ReadonlyMap<string, InterfaceRow> = new Map(
  INTERFACE.flatMap(([, rows]) => rows.flatMap((each) => namesOf(each).map((name) => [name, each] as const))),
);

export function interfaceRow(name: string): InterfaceRow | undefined {
  return BY_NAME.get(name);
}

/** What a row's type means in this module. */
export function typeOf(type: string, module: Pick<Module, 'memories'>): FuncType {
  const codes = { P: pointerType(module), i32: TYPE.I32, i64: TYPE.I64 };
  const [, params, result] = /^\((.*)\)(?: -> (\w+))?$/.exec(type)!;
  const code = (text: string) => codes[text.split(' ').at(-1) as keyof typeof codes];
  return { params: params ? params.split(', ').map(code) : [], results: result ? [code(result)] : [] };
}
