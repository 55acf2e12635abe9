// Memory 1 of a program whose memory is shared: the threads' instances import it, so somebody has to make it, once.

import { HEADER_LOCK } from '../runtime/abi.ts';
import { readInfo } from './module-info.ts';

/** A memory 1 for an instrumented module that imports one; undefined for all others, which have their own. */
export function createSharedMemory(instrumented: Uint8Array): WebAssembly.Memory | undefined {
  const { sharedMemory } = readInfo(instrumented);
  return sharedMemory && new WebAssembly.Memory({ ...sharedMemory, shared: true });
}

/** Takes the runtime's lock from a thread that left a report by an exception: the others must not wait forever. */
export function breakLock(memory: WebAssembly.Memory): void {
  if (memory.buffer instanceof SharedArrayBuffer) Atomics.store(new Int32Array(memory.buffer), HEADER_LOCK >> 2, 0);
}

/** Whether this thread may sleep. A browser's main thread may not. */
export function maySleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1); // returns at once: it is not 1
    return true;
  } catch {
    return false;
  }
}
