// From options (ASAN_OPTIONS, LSAN_OPTIONS, flags) to what the instrumenter bakes in and how reports are printed.

import { writeFileSync } from 'node:fs';
import { SanitizerError } from '../host/errors.ts';
import { asanText, jsonText, kasanText, type Report } from '../host/index.ts';
import { helpText, type Options, type OptionValues, resolveOptions, styleOf } from '../host/options.ts';
import { leakText } from '../host/report/text-leak.ts';
import type { RuntimeOptions } from '../instrument/index.ts';
import type { Io } from './command.ts';

const MIB = 1 << 20;

/** Reads the environment and the flags; `help=1` prints the table. */
export function readOptions(flags: OptionValues, io: Io): Options {
  const { ASAN_OPTIONS: asan, LSAN_OPTIONS: lsan } = io.env;
  const options = resolveOptions({ flags, ...(asan ? { asan } : {}), ...(lsan ? { lsan } : {}) });
  if (options.help) io.stderr(helpText(options));
  return options;
}

export function runtimeOptions(options: Options): RuntimeOptions {
  return {
    scheme: options.scheme,
    halt: options.halt_on_error,
    quarantineBytes: options.quarantine_size_mb * MIB,
    contextSize: options.malloc_context_size,
    redzone: options.redzone,
    maxRedzone: options.max_redzone,
    maxAllocation: options.max_allocation_size_mb * MIB,
    allocatorMayReturnNull: options.allocator_may_return_null,
    allocDeallocMismatch: options.alloc_dealloc_mismatch,
    newDeleteTypeMismatch: options.new_delete_type_mismatch,
    poisonHeap: options.poison_heap,
    replaceIntrin: options.replace_intrin,
    reallocZeroFrees: options.allocator_frees_and_returns_null_on_realloc_zero,
  };
}

/** Renders findings in the wanted format, to stderr or to `log_path.<pid>`. */
export function reportPrinter(options: Options, io: Io, pid: number): (report: Report) => void {
  const toFile = options.log_path !== '' && options.log_path !== 'stderr' && options.log_path !== 'stdout';
  const style = styleOf(options, !toFile && io.terminalColumns !== undefined);
  const write = toFile ? appendTo(`${options.log_path}.${pid}`) : options.log_path === 'stdout' ? io.stdout : io.stderr;
  return (report) => {
    if (options.format === 'json') write(`${jsonText(report)}\n`);
    else if (report.layout === 'leak') write(leakText(report, style));
    else write(options.format === 'kasan' ? kasanText(report, style) : asanText(report, style));
  };
}

function appendTo(path: string): (text: string) => void {
  return (text) => {
    try {
      writeFileSync(path, text, { flag: 'a' });
    } catch (error) {
      throw new SanitizerError('E_OUTPUT', `${path}: ${(error as Error).message}`);
    }
  };
}
