// One thread of a test: instantiates the program with the memories it is sent, then does what it is told, call by call.

import { parentPort, workerData } from 'node:worker_threads';
import { type Report, Sanitizer } from '../../host/index.ts';

export interface Setup {
  readonly module: WebAssembly.Module;
  readonly original: Uint8Array;
  readonly instrumented: Uint8Array;
  readonly memory: WebAssembly.Memory;
  readonly sharedMemory: WebAssembly.Memory;
}

/** An export of the program and its arguments. */
export type Call = readonly [name: string, ...args: number[]];

export interface Answer {
  readonly thread: number;
  readonly values: readonly number[];
  readonly findings: readonly Report[];
  /** What stopped the calls before their end. */
  readonly trap?: string;
}

/** As `stacks` in program.c. */
const STACK_BYTES = 16384;

const { module, original, instrumented, memory, sharedMemory } = workerData as Setup;
const sanitizer = new Sanitizer({ original, instrumented, sharedMemory, scriptFrames: false });
const instance = new WebAssembly.Instance(module, { env: { memory }, ...sanitizer.imports });
sanitizer.attach(instance, memory);
const { __stack_pointer: stackPointer, stacks } = instance.exports as Record<string, WebAssembly.Global<'i32'>>;
stackPointer!.value = stacks!.value + STACK_BYTES * (sanitizer.thread + 1);

parentPort!.on('message', (calls: readonly Call[]) => {
  sanitizer.findings.length = 0;
  parentPort!.postMessage(perform(calls));
});
parentPort!.postMessage(perform([]));

function perform(calls: readonly Call[]): Answer {
  const values: number[] = [];
  const answer = { thread: sanitizer.thread, values, findings: sanitizer.findings };
  try {
    for (const [name, ...args] of calls) {
      values.push((instance.exports[name] as (...args: number[]) => number)(...args));
    }
    return answer;
  } catch (error) {
    return { ...answer, trap: String(error) };
  }
}
