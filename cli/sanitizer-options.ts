// From options (ASAN_OPTIONS, LSAN_OPTIONS, flags) to what the instrumenter bakes in.

import { existsSync } from 'node:fs';
import { helpText, type Options, type OptionValues, type ReadOptionFile, resolveOptions } from '../host/options.ts';
import type { RuntimeOptions } from '../instrument/index.ts';
import type { Io } from './command.ts';
import { readText } from './module-file.ts';

const MIB = 1 << 20;

/** Reads the environment and the flags; `help=1` prints the table. */
export function readOptions(flags: OptionValues, io: Io): Options {
  const { ASAN_OPTIONS: asan, LSAN_OPTIONS: lsan } = io.env;
  const options = resolveOptions({ flags, read: readOptionFile, ...(asan ? { asan } : {}), ...(lsan ? { lsan } : {}) });
  if (options.help) io.stderr(helpText(options));
  return options;
}

/** For include and include_if_exists. */
export const readOptionFile: ReadOptionFile = (path, isOptional) =>
  isOptional && !existsSync(path) ? undefined : readText(path);

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
