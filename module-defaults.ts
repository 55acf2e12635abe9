// What a module says of its own options (__asan_default_options and its like), for whoever instruments and loads modules: it
// holds where nobody else has said anything.

import type { LeakOptions } from './host/leak-check.ts';
import { type Options, resolveOptions } from './host/options.ts';
import { parseSuppressions, type Suppression } from './host/report/suppressions.ts';
import { defaultOptions } from './instrument/default-options.ts';
import type { InstrumentOptions, RuntimeOptions } from './instrument/index.ts';

const MIB = 1 << 20;

/** The part of the options that is baked into a module. */
export function runtimeOptions(options: Options): RuntimeOptions {
  return {
    scheme: options.scheme,
    halt: options.halt_on_error,
    quarantineBytes: options.quarantine_size_mb * MIB,
    contextSize: options.malloc_context_size,
    redzone: options.redzone,
    maxRedzone: options.max_redzone,
    maxAllocation: options.max_allocation_size_mb * MIB,
    mmapThreshold: options.mmap_threshold,
    allocatorMayReturnNull: options.allocator_may_return_null,
    allocDeallocMismatch: options.alloc_dealloc_mismatch,
    newDeleteTypeMismatch: options.new_delete_type_mismatch,
    poisonHeap: options.poison_heap,
    replaceIntrin: options.replace_intrin,
    userPoisoning: options.allow_user_poisoning,
    containers: options.detect_container_overflow,
    everyTime: !options.suppress_equal_pcs,
    stackAfterReturn: options.detect_stack_use_after_return,
    heapHistory: options.html !== '',
    reallocZeroFrees: options.allocator_frees_and_returns_null_on_realloc_zero,
  };
}

/** How to search for leaks under these options. */
export function leakOptions(options: Options, suppressions: readonly Suppression[]): LeakOptions {
  const { use_globals: useGlobals, use_stacks: useStacks, use_registers: useRegisters, resolution } = options;
  const { use_unaligned: useUnaligned, use_poisoned: usePoisoned } = options;
  return { suppressions, useGlobals, useStacks, useRegisters, useUnaligned, usePoisoned, resolution };
}

/** For `instrument`, where the caller gives `given`. */
export function withModuleDefaults<T extends InstrumentOptions>(bytes: Uint8Array, given: T): T {
  const program = defaultOptions(bytes);
  if (program.asan === '' && program.lsan === '') return given;
  const options = resolveOptions({ program });
  return { strings: options.replace_str, ...given, runtime: { ...runtimeOptions(options), ...given.runtime } };
}

/** For whoever loads the module: what not to report, and how to search for leaks. */
export function loadDefaults(bytes: Uint8Array): { suppressions: readonly Suppression[]; leaks: LeakOptions | false } {
  const program = defaultOptions(bytes);
  const options = resolveOptions({ program });
  const suppressions = parseSuppressions(program.suppressions);
  return { suppressions, leaks: program.leakCheck && options.detect_leaks && leakOptions(options, suppressions) };
}
