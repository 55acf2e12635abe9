// A module as a fuzz target: instrumented with the feedback a campaign needs, or for a look at which source it reaches.

import { SanitizerError } from '../host/errors.ts';
import { hasMultiMemory } from '../host/features.ts';
import { createSymbolizer, type Symbolizer } from '../host/symbols/index.ts';
import type { CountedCode, CoverageMode } from '../instrument/coverage.ts';
import { type Instrumented, type InstrumentOptions, instrument } from '../instrument/index.ts';
import { runtimeImages } from '../instrument/runtime-images.ts';
import { loadDefaults, withModuleDefaults } from '../module-defaults.ts';
import type { EntryType } from './assemblyscript.ts';
import { DifferentialExecutor, type Side } from './differential.ts';
import { DEFAULT_ENTRY } from './entry.ts';
import { type Executor, ModuleExecutor } from './executor.ts';
import { PlainExecutor } from './plain.ts';
import { type CoveredFile, sourceCoverage } from './report/source-coverage.ts';
import { ValueProfileExecutor } from './value-profile.ts';
import type { Print } from './wasi.ts';

export interface ModuleOptions {
  /** Exported function: (pointer, length). */
  readonly entry?: string;
  /** The function takes no (pointer, length) but an object of this class of AssemblyScript, made of the input. */
  readonly entryType?: EntryType;
  readonly imports?: WebAssembly.Imports;
  /** Arguments of a command; where they say @@, the name of a file that holds the input. Else it is standard input. */
  readonly args?: readonly string[];
  /** Is given what runs print, as they do. */
  readonly print?: Print;
  /** How close comparisons come to being equal is feedback, too. Default false. */
  readonly valueProfile?: boolean;
  readonly moduleName?: string;
  /** Milliseconds one run may take. Default 1000. */
  readonly timeout?: number;
  readonly symbolizer?: Symbolizer;
  readonly memoryLimit?: number;
  /** Bytes one allocation may take. Default: memoryLimit. */
  readonly largestBlock?: number;
  /** Default true. */
  readonly detectLeaks?: boolean;
  /** How the checks are made. */
  readonly instrument?: Pick<InstrumentOptions, 'mode' | 'elide' | 'stack' | 'strings'>;
  readonly now?: () => number;
}

const MIB = 1 << 20;
/** Milliseconds one run may take. */
export const DEFAULT_TIMEOUT = 1000;

/** CPU time of this thread, where Node tells it (23.9 and later); else the clock on the wall. */
function threadTime(): number {
  if (typeof process.threadCpuUsage !== 'function') return performance.now();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Instruments a module and makes it ready to run inputs. */
export function openModule(original: Uint8Array, options: ModuleOptions = {}): ModuleExecutor {
  return open(original, options, false);
}

function open(original: Uint8Array, options: ModuleOptions, keepsOutcome: boolean): ModuleExecutor {
  if (!hasMultiMemory())
    throw new SanitizerError('E_ENGINE', 'fuzzing needs multiple memories, which Node has from version 22 on');
  const complete = { ...options, keepsOutcome, symbolizer: options.symbolizer ?? createSymbolizer(original) };
  const { bytes, counted = [], inspection } = build(original, complete, options.valueProfile ? 'compares' : 'counters');
  if (inspection.module.memories[0]?.is64)
    throw new SanitizerError('E_NO_ENTRY', 'its memory is 64-bit, and inputs are handed over at 32-bit addresses');
  const comparing = () => (options.valueProfile ? bytes : build(original, complete, 'compares').bytes);
  return executorOf(original, complete, bytes, counted, comparing);
}

/** The same with closeness as feedback, where it is asked for. */
export function openTarget(original: Uint8Array, options: ModuleOptions = {}): Executor {
  const executor = openModule(original, options);
  return options.valueProfile ? new ValueProfileExecutor(executor) : executor;
}

/** The other side of a differential campaign. */
export interface OtherModule extends ModuleOptions {
  readonly module: Uint8Array;
  /** Runs it as it is, without checks. Default false. */
  readonly plain?: boolean;
}

/** Two modules, or one module under two sets of options, to be held against each other. */
export function openDifferential(
  original: Uint8Array,
  options: ModuleOptions,
  other: OtherModule,
): DifferentialExecutor {
  const { instrument: _checks, symbolizer: _symbols, print: _once, moduleName = 'module.wasm', ...shared } = options;
  const { module, plain, ...theirs } = { ...shared, ...other };
  const otherName = other.moduleName ?? (plain ? `${moduleName}, not instrumented` : 'other.wasm');
  const { entry = DEFAULT_ENTRY, entryType, imports, args } = theirs;
  const second: Side = plain
    ? new PlainExecutor({ bytes: module, entry, entryType, ...(imports && { imports }), ...(args && { args }) })
    : open(module, theirs, true);
  return new DifferentialExecutor([open(original, options, true), second], [moduleName, otherName]);
}

/** The source lines that inputs reach, by the module's debug information. */
export function coverSources(
  original: Uint8Array,
  inputs: Iterable<Uint8Array>,
  options: ModuleOptions = {},
): CoveredFile[] {
  const symbolizer = options.symbolizer ?? createSymbolizer(original);
  const complete = { ...options, symbolizer, detectLeaks: false, keepsOutcome: false };
  const { bytes, counted = [] } = build(original, complete, 'lines');
  const executor = executorOf(original, complete, bytes, counted, () => bytes);
  const units = new Uint32Array(counted.length);
  for (const input of inputs) {
    executor.run(input);
    const { entries, count } = executor.hits();
    for (const entry of entries.subarray(0, count)) units[entry >>> 8]!++;
  }
  return sourceCoverage(original, counted, units, symbolizer);
}

type Complete = ModuleOptions & { readonly symbolizer: Symbolizer; readonly keepsOutcome: boolean };

function build(original: Uint8Array, options: Complete, coverage: CoverageMode): Instrumented {
  const given: InstrumentOptions = {
    ...options.instrument,
    host: true,
    coverage,
    debugInfo: options.symbolizer,
    runtime: {
      maxAllocation: options.largestBlock ?? options.memoryLimit ?? 1024 * MIB,
      allocatorMayReturnNull: false,
    },
  };
  return instrument(original, runtimeImages, withModuleDefaults(original, given));
}

function executorOf(
  original: Uint8Array,
  options: Complete,
  counting: Uint8Array,
  counted: readonly CountedCode[],
  comparing: () => Uint8Array,
): ModuleExecutor {
  return new ModuleExecutor({
    original,
    counting,
    counted,
    comparing,
    symbolizer: options.symbolizer,
    moduleName: options.moduleName ?? 'module.wasm',
    entry: options.entry,
    entryType: options.entryType,
    ...(options.imports && { imports: options.imports }),
    ...(options.args && { args: options.args }),
    ...(options.print && { print: options.print }),
    timeout: options.timeout ?? DEFAULT_TIMEOUT,
    memoryLimit: options.memoryLimit ?? 1024 * MIB,
    leaks: (options.detectLeaks ?? true) && loadDefaults(original).leaks,
    keepsOutcome: options.keepsOutcome,
    now: options.now ?? threadTime,
  });
}
