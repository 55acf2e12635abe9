// Instances of one module as it is and as wasan makes it, ready to be timed against each other.

import { Sanitizer } from '../host/index.ts';
import { type InstrumentOptions, instrument } from '../index.ts';

export interface Variant {
  readonly name: string;
  readonly options?: InstrumentOptions;
}

export const VARIANTS: readonly Variant[] = [
  { name: 'original' },
  { name: 'inline', options: { mode: 'inline' } },
  { name: 'outline', options: { mode: 'outline' } },
];

export type Exports = Readonly<Record<string, (...args: number[]) => number>>;

/** Instantiates a WASI reactor; a finding in a benchmark is a bug, and throws. */
export async function instantiateReactor(bytes: Uint8Array, variant: Variant): Promise<Exports> {
  const { WASI } = await import('node:wasi');
  const wasi = new WASI({ version: 'preview1' });
  const imports = wasi.getImportObject() as WebAssembly.Imports;
  if (!variant.options) {
    const { instance } = await WebAssembly.instantiate(bytes as BufferSource, imports);
    wasi.initialize(instance);
    return instance.exports as Exports;
  }
  const { bytes: instrumented } = instrument(bytes, { ...variant.options, host: true });
  const sanitizer = new Sanitizer({
    original: bytes,
    instrumented,
    onFinding: (report) => {
      throw new Error(`a finding in a benchmark: ${report.title}`);
    },
  });
  const { instance } = await WebAssembly.instantiate(instrumented as BufferSource, {
    ...imports,
    ...sanitizer.imports,
  });
  sanitizer.attach(instance);
  wasi.initialize(instance);
  return instance.exports as Exports;
}
