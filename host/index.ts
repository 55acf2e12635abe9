// Public API of the host side: load an instrumented module, receive its findings, print them.

import { Sanitizer, type SanitizerOptions } from './sanitizer.ts';

export { BOUNDARY, type BoundaryTable, parseBoundary, type Touch } from './boundary-table.ts';
export { HOST_ERRORS, type HostErrorCode, SanitizerError } from './errors.ts';
export { hasMultiMemory } from './features.ts';
export type { LeakOptions } from './leak-check.ts';
export { originalOf } from './original-of.ts';
export { jsonText, toJsonValue } from './report/json.ts';
export type { LeakCheck } from './report/leaks.ts';
export type { StackFrame } from './report/place.ts';
export type { Report } from './report/report.ts';
export { PLAIN_STYLE, type TextStyle } from './report/style.ts';
export { asanText } from './report/text-asan.ts';
export { kasanText } from './report/text-kasan.ts';
export { Sanitizer, type SanitizerOptions } from './sanitizer.ts';
export { openSnapshot, takeSnapshot } from './snapshot.ts';
export { createSymbolizer, type Symbolizer } from './symbols/index.ts';

export interface LoadOptions extends SanitizerOptions {
  readonly imports?: WebAssembly.Imports;
}

export interface Loaded {
  readonly module: WebAssembly.Module;
  readonly instance: WebAssembly.Instance;
  readonly sanitizer: Sanitizer;
}

/**
 * Compiles and instantiates a module that `instrument(..., { host: true })` made, with its report hook connected.
 * Findings arrive in `onFinding` and in `sanitizer.findings`.
 */
export async function load(options: LoadOptions): Promise<Loaded> {
  const module = await WebAssembly.compile(options.instrumented as BufferSource);
  const sanitizer = new Sanitizer(options);
  const instance = await WebAssembly.instantiate(module, sanitizer.wrapImports(options.imports ?? {}));
  sanitizer.attach(instance, importedMemory(module, options.imports));
  return { module, instance, sanitizer };
}

/** The memory object behind the module's imported memory, if it imports one. */
function importedMemory(
  module: WebAssembly.Module,
  imports: WebAssembly.Imports | undefined,
): WebAssembly.Memory | undefined {
  const entry = WebAssembly.Module.imports(module).find((i) => i.kind === 'memory');
  return entry && (imports?.[entry.module]?.[entry.name] as WebAssembly.Memory | undefined);
}

export { createSharedMemory } from './shared-memory.ts';
