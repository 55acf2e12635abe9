// A module as a fuzz target: instrumented with the feedback a campaign needs, or for a look at which source it reaches.

import { createSymbolizer, type Symbolizer } from '../host/symbols/index.ts';
import type { CoverageMode } from '../instrument/coverage.ts';
import { type Instrumented, instrument } from '../instrument/index.ts';
import { runtimeImages } from '../instrument/runtime-images.ts';
import { ModuleExecutor } from './executor.ts';
import { type CoveredFile, sourceCoverage } from './report/source-coverage.ts';

export interface ModuleOptions {
  /** Exported function: (pointer, length). */
  readonly entry?: string;
  readonly imports?: WebAssembly.Imports;
  readonly moduleName?: string;
  /** Milliseconds one run may take. Default 1000. */
  readonly timeout?: number;
  readonly symbolizer?: Symbolizer;
  readonly memoryLimit?: number;
  /** Default true. */
  readonly detectLeaks?: boolean;
  readonly now?: () => number;
}

const MIB = 1 << 20;

/** Instruments a module and makes it ready to run inputs. */
export function openModule(original: Uint8Array, options: ModuleOptions = {}): ModuleExecutor {
  const complete = { ...options, symbolizer: options.symbolizer ?? createSymbolizer(original) };
  const counting = build(original, complete, 'counters').bytes;
  return executorOf(original, complete, counting, () => build(original, complete, 'compares').bytes);
}

/** The source lines that inputs reach, by the module's debug information. */
export function coverSources(
  original: Uint8Array,
  inputs: Iterable<Uint8Array>,
  options: ModuleOptions = {},
): CoveredFile[] {
  const symbolizer = options.symbolizer ?? createSymbolizer(original);
  const complete = { ...options, symbolizer, detectLeaks: false };
  const { bytes, counted = [] } = build(original, complete, 'lines');
  const executor = executorOf(original, complete, bytes, () => bytes);
  const units = new Uint32Array(counted.length);
  for (const input of inputs) {
    executor.run(input);
    const counters = executor.current();
    for (let i = 0; i < counters.length; i++) if (counters[i] !== 0) units[i]!++;
    counters.fill(0);
  }
  return sourceCoverage(original, counted, units, symbolizer);
}

type Complete = ModuleOptions & { readonly symbolizer: Symbolizer };

function build(original: Uint8Array, options: Complete, coverage: CoverageMode): Instrumented {
  return instrument(original, runtimeImages, {
    host: true,
    coverage,
    debugInfo: options.symbolizer,
    runtime: { maxAllocation: options.memoryLimit ?? 1024 * MIB, allocatorMayReturnNull: false },
  });
}

function executorOf(
  original: Uint8Array,
  options: Complete,
  counting: Uint8Array,
  comparing: () => Uint8Array,
): ModuleExecutor {
  return new ModuleExecutor({
    original,
    counting,
    comparing,
    symbolizer: options.symbolizer,
    moduleName: options.moduleName ?? 'module.wasm',
    entry: options.entry,
    ...(options.imports && { imports: options.imports }),
    timeout: options.timeout ?? 1000,
    memoryLimit: options.memoryLimit ?? 1024 * MIB,
    detectLeaks: options.detectLeaks ?? true,
    now: options.now ?? (() => performance.now()),
  });
}
