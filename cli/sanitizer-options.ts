// The options of a command: ASAN_OPTIONS, LSAN_OPTIONS and flags, over what the program's module says itself.

import { existsSync } from 'node:fs';
import {
  helpText,
  type OptionSources,
  type Options,
  type OptionValues,
  type ReadOptionFile,
  resolveOptions,
} from '../host/options.ts';
import { defaultOptions } from '../instrument/default-options.ts';
import type { Io } from './command.ts';
import { readText } from './module-file.ts';

/** Reads the environment and the flags; `help=1` prints the table. */
export function readOptions(flags: OptionValues, io: Io): Options {
  const options = resolveOptions(sources(flags, io));
  if (options.help) io.stderr(helpText(options));
  return options;
}

/** The same for one program, with what its module says where nobody else does. */
export function optionsOf(module: Uint8Array, flags: OptionValues, io: Io): Options {
  const program = defaultOptions(module);
  const options = resolveOptions({ ...sources(flags, io), program });
  if (program.unread.length > 0 && options.verbosity > 0) {
    io.stderr(`wasan: ${program.unread.join(', ')}: it returns no constant, and is not called\n`);
  }
  return { ...options, detect_leaks: options.detect_leaks && program.leakCheck };
}

function sources(flags: OptionValues, io: Io): OptionSources {
  const { ASAN_OPTIONS: asan, LSAN_OPTIONS: lsan } = io.env;
  return { flags, read: readOptionFile, ...(asan ? { asan } : {}), ...(lsan ? { lsan } : {}) };
}

/** For include and include_if_exists. */
export const readOptionFile: ReadOptionFile = (path, isOptional) =>
  isOptional && !existsSync(path) ? undefined : readText(path);
