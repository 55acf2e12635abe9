// An instance of a WASI reactor, as it is or as wasan made it.

import { WASI } from 'node:wasi';
import { setEngineFlags } from '../host/engine-flags.ts';
import { Sanitizer } from '../host/index.ts';

export interface Reactor {
  readonly run: (size: number) => number;
  readonly exports: WebAssembly.Exports;
  readonly sanitizer: Sanitizer | undefined;
}

/** A finding in a benchmark is a bug, and throws. */
export async function instantiate(original: Uint8Array, instrumented?: Uint8Array): Promise<Reactor> {
  setEngineFlags(); // as `wasan run` does
  const wasi = new WASI({ version: 'preview1' });
  const imports = wasi.getImportObject() as WebAssembly.Imports;
  const sanitizer =
    instrumented &&
    new Sanitizer({
      original,
      instrumented,
      onFinding: (report) => {
        throw new Error(`a finding in a benchmark: ${report.title}`);
      },
    });
  const { instance } = await WebAssembly.instantiate((instrumented ?? original) as BufferSource, {
    ...imports,
    ...sanitizer?.imports,
  });
  sanitizer?.attach(instance);
  wasi.initialize(instance);
  return { run: instance.exports.run as (size: number) => number, exports: instance.exports, sanitizer };
}

/** CPU milliseconds of this thread so far: what other processes take does not count. */
export function cpuMilliseconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** The largest step of that clock, in milliseconds: some kernels count whole ticks of 4 ms, with corrections between them. */
export function cpuClockStep(): number {
  let largest = 0;
  for (let before = cpuMilliseconds(), seen = 0; seen < 9; ) {
    const now = cpuMilliseconds();
    if (now === before) continue;
    if (seen++ > 0) largest = Math.max(largest, now - before); // the first began before we looked
    before = now;
  }
  return largest;
}
