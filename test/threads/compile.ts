// The threaded test program, compiled once: wasm-ld gives it an imported shared memory and passive data, as Emscripten's
// pthreads and wasi-threads do.

import { readFileSync } from 'node:fs';
import { compileC } from '../support/compile-c.ts';

const LINK = [
  ...['--no-entry', '--import-memory', '--shared-memory', '--max-memory=67108864'],
  ...['--export=__stack_pointer', '--export=stacks'],
];

export function compileThreads(...flags: readonly string[]): Promise<Uint8Array> {
  return compileC({
    file: 'program.c',
    source: readFileSync(new URL('program.c', import.meta.url), 'utf8'),
    flags: [
      ...['--target=wasm32-unknown-unknown', '-nostdlib', '-ffreestanding', '-fno-builtin'],
      ...['-matomics', '-mbulk-memory', '-mmutable-globals'],
      ...LINK.map((flag) => `-Wl,${flag}`),
      ...flags,
    ],
  });
}

/** The memory such a program imports. */
export function programMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 32, maximum: 1024, shared: true });
}
