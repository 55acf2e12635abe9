// The library: instrument a module, load it, receive its findings.
//
//   const { bytes } = instrument(original, { host: true });
//   const { instance } = await load({ original, instrumented: bytes, onFinding: (report) => { console.error(asanText(report)); } });

import { setEngineFlags } from './host/engine-flags.ts';
import { hasMultiMemory } from './host/features.ts';
import { type Loaded, type LoadOptions, load as loadInstrumented } from './host/index.ts';
import { PROBES } from './host/probes.ts';
import { createSymbolizer } from './host/symbols/index.ts';
import {
  type Inspection,
  type Instrumented,
  type InstrumentOptions,
  inspect as inspectWith,
  instrument as instrumentWith,
} from './instrument/index.ts';
import { runtimeImages } from './instrument/runtime-images.ts';
import { nodeTeam } from './instrument/split/node-team.ts';
import { loadDefaults, withModuleDefaults } from './module-defaults.ts';

export * from './host/index.ts';
export {
  glueNames,
  type Inspection,
  InstrumentError,
  type Instrumented,
  type InstrumentOptions,
} from './instrument/index.ts';

/**
 * Instruments a module with the runtime this package ships; debug information is read from the module itself. What is made
 * to be loaded here (`host`) suits this engine. A large module is shared among up to `jobs` threads, by default as many as
 * the machine has processors; this call returns when they are done, and the output is the same. What the module says of its
 * own options (`__asan_default_options`) holds where `runtime` says nothing.
 */
export function instrument(
  bytes: Uint8Array,
  { jobs, ...options }: InstrumentOptions & { readonly jobs?: number } = {},
): Instrumented {
  const suited = options.host && !hasMultiMemory() ? { singleMemory: true } : {};
  const made = { debugInfo: createSymbolizer(bytes), team: nodeTeam(jobs), ...PROBES };
  return instrumentWith(bytes, runtimeImages, withModuleDefaults(bytes, { ...made, ...suited, ...options }));
}

/**
 * Compiles and instantiates an instrumented module and attaches a sanitizer. Tells this process's V8 to read branch hints,
 * as `wasan run` does: the checks then cost a third less.
 */
export function load(options: LoadOptions): Promise<Loaded> {
  setEngineFlags();
  return loadInstrumented({ ...loadDefaults(options.original), ...options });
}

/** What would be done with a module, and what was found in it. */
export function inspect(bytes: Uint8Array, options: InstrumentOptions = {}): Inspection {
  return inspectWith(bytes, { ...PROBES, ...options });
}
