// What a fuzz target exports and imports: the function that takes an input, and why a module cannot be one.

import { SanitizerError } from '../host/errors.ts';
import { assemblyScriptImports, ENTRY_TYPES } from './assemblyscript.ts';

export const DEFAULT_ENTRY = 'LLVMFuzzerTestOneInput';

/** More of them tell nothing. */
const MOST_NAMED = 8;

/** Called with an address and a length, or with the address of an object. */
export type Entry = (pointer: number, length?: number) => unknown;

type CrossOver = (a: number, sizeA: number, b: number, sizeB: number, out: number, max: number, seed: number) => number;

export interface Exports {
  readonly __wasan_hits: () => number;
  readonly __wasan_input_alloc: (size: number) => number;
  readonly __wasan_input_free: (pointer: number) => void;
  readonly __wasan_snapshot: () => number;
  readonly __wasan_reset: () => void;
  readonly __wasan_touch: (address: number, size: number) => void;
  readonly _initialize?: () => void;
  readonly _start?: () => void;
  readonly LLVMFuzzerCustomMutator?: (data: number, size: number, maxSize: number, seed: number) => number;
  readonly LLVMFuzzerCustomCrossOver?: CrossOver;
  readonly LLVMFuzzerInitialize?: (argc: number, argv: number) => number;
  readonly [name: string]: unknown;
}

/** A function of one parameter takes an object of AssemblyScript, and somebody has to say of which class. */
export function refuseUntyped(entry: Entry, type: string | undefined): void {
  if (type !== undefined || entry.length === 2) return;
  const values = ['no value', 'one value'][entry.length] ?? `${entry.length} values`;
  const advice = `: -entry_type says what that is in AssemblyScript: ${ENTRY_TYPES.join(', ')}`;
  throw new SanitizerError(
    'E_NO_ENTRY',
    `its entry takes ${values}, not (pointer, length)${entry.length === 1 ? advice : ''}`,
  );
}

/** The function to call; undefined for a command. */
export function findEntry(exports: Exports, wanted: string | undefined, hasMemory: boolean): Entry | undefined {
  const name = wanted ?? DEFAULT_ENTRY;
  const found = exports[name];
  if (typeof found === 'function') {
    if (!hasMemory) throw new SanitizerError('E_NO_ENTRY', 'it does not export its memory');
    return found as Entry;
  }
  if (wanted === undefined && typeof exports._start === 'function') return undefined;
  const missing = wanted === undefined ? `neither "${name}" nor "_start"` : `no function "${name}"`;
  throw new SanitizerError('E_NO_ENTRY', `it exports ${missing}; -entry names a function${candidates(exports)}`);
}

/** Exports that could be called with (pointer, length), or with an object. */
function candidates(exports: Exports): string {
  const takesInput = ([name, value]: [string, unknown]) =>
    typeof value === 'function' && (value.length === 1 || value.length === 2) && !name.startsWith('_');
  const names = Object.entries(exports)
    .filter(takesInput)
    .map(([name]) => name);
  return names.length > 0 && names.length <= MOST_NAMED ? `, here ${names.join(', ')}` : '';
}

/** Imports of `env` that are there: of libFuzzer, and of AssemblyScript's standard library. */
const ENVIRONMENT: ReadonlySet<string> = new Set([
  'LLVMFuzzerMutate',
  ...Object.keys(assemblyScriptImports(() => undefined)),
]);

/** These and WASI are there; the rest has to be given. */
export function refuseMissing(module: WebAssembly.Module, imports: WebAssembly.Imports | undefined): void {
  const provided = new Set(['wasi_snapshot_preview1', 'wasan', ...Object.keys(imports ?? {})]);
  const missing = WebAssembly.Module.imports(module).find(
    (i) => !provided.has(i.module) && !(i.module === 'env' && ENVIRONMENT.has(i.name)),
  );
  if (missing)
    throw new SanitizerError('E_NO_ENTRY', `it imports "${missing.module}.${missing.name}", which nobody provides`);
}
