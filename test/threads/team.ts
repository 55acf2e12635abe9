// A program with shared memory on several workers: every test gets fresh memories and threads, numbered in order.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { createSharedMemory } from '../../host/index.ts';
import { type InstrumentOptions, instrument } from '../../index.ts';
import { programMemory } from './compile.ts';
import type { Answer, Call, Setup } from './worker.ts';

export class Team {
  readonly sharedMemory: WebAssembly.Memory;
  private readonly setup: Setup;
  private readonly workers: Worker[] = [];

  constructor(original: Uint8Array, options: InstrumentOptions = {}) {
    const { bytes } = instrument(original, {
      host: true,
      threads: true,
      ...options,
      runtime: { halt: false, ...options.runtime },
    });
    this.sharedMemory = createSharedMemory(bytes)!;
    this.setup = {
      module: new WebAssembly.Module(bytes as BufferSource),
      original,
      instrumented: bytes,
      memory: programMemory(),
      sharedMemory: this.sharedMemory,
    };
  }

  /** Adds threads one after the other, so that their numbers are known. */
  async hire(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.start();
  }

  /** Adds one; resolves when its instance is there. */
  async start(): Promise<Answer> {
    const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: this.setup, execArgv: [] });
    this.workers.push(worker);
    return answerOf(worker);
  }

  /** Lets thread `index` make the calls. */
  do(index: number, ...calls: Call[]): Promise<Answer> {
    const worker = this.workers[index]!;
    const answer = answerOf(worker);
    worker.postMessage(calls);
    return answer;
  }

  /** A field of the runtime's header. */
  header(field: number): number {
    return new DataView(this.sharedMemory.buffer).getUint32(field, true);
  }

  async dismiss(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}

async function answerOf(worker: Worker): Promise<Answer> {
  const [answer] = (await once(worker, 'message')) as [Answer];
  return answer;
}
