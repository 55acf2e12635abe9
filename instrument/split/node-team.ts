// Threads of Node that share the work on a large module. They get the module in shared memory when they start, begin to read
// it while the allocator is looked for, and are gone when the module is written. Node only.

import { availableParallelism } from 'node:os';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { ownModule } from '../../own-files.ts';
import type { Module } from '../wasm/module.ts';
import { SECTION } from '../wasm/module.ts';
import { Board, CHUNK } from './board.ts';
import type { Brief, WrittenChunk } from './chunk-writer.ts';
import type { Team, TeamMaker } from './team.ts';

/** Bytes of code for each thread: below, its start and its cold code cost more than it takes over. Measured, see RATIONALE.md. */
const CODE_PER_THREAD = 3e6;
/** Milliseconds without any chunk done, after which this thread does what others have begun. */
const PATIENCE = 3000;

/** What a worker finds in its `workerData`. */
export interface WorkerInput {
  readonly bytes: Uint8Array;
  readonly board: ArrayBufferLike;
}

/** What it is told once the facts are known. */
export interface WorkerBrief {
  readonly brief: Brief;
  readonly port: MessagePort;
}

export interface WorkerResult {
  readonly chunk: number;
  readonly written: WrittenChunk;
}

/** Up to `jobs` threads, this one included; as many as the machine has processors for by default. */
export function nodeTeam(jobs: number = availableParallelism()): TeamMaker {
  return (module) => {
    const code = module.sections.find((s) => s.id === SECTION.CODE);
    const threads = Math.min(jobs, Math.floor((code ? code.end - code.start : 0) / CODE_PER_THREAD));
    if (threads < 2) return undefined;
    try {
      return new NodeTeam(module, threads - 1);
    } catch {
      return undefined; // no threads to be had: --permission, other engines
    }
  };
}

export class NodeTeam implements Team {
  readonly board: Board;
  private readonly patience: number;
  private readonly workers: Worker[] = [];
  private readonly ports: MessagePort[] = [];
  private readonly arrived = new Map<number, WrittenChunk>();

  /** `patience` in milliseconds. */
  constructor(module: Module, workers: number, patience = PATIENCE) {
    this.patience = patience;
    this.board = new Board(module, SharedArrayBuffer);
    const bytes = new Uint8Array(new SharedArrayBuffer(module.bytes.length));
    bytes.set(module.bytes);
    const workerData: WorkerInput = { bytes, board: this.board.memory };
    for (let i = 0; i < workers; i++) this.workers.push(startWorker(workerData));
  }

  begin(brief: Brief): void {
    for (const worker of this.workers) {
      const { port1, port2 } = new MessageChannel();
      this.ports.push(port1);
      worker.postMessage({ brief, port: port2 } satisfies WorkerBrief, [port2]);
    }
  }

  take(chunk: number): WrittenChunk | undefined {
    if (this.board.await(chunk, this.patience) !== CHUNK.DONE) return undefined;
    for (const port of this.ports) {
      for (let m = receiveMessageOnPort(port); m; m = receiveMessageOnPort(port)) {
        const { chunk: number, written } = m.message as WorkerResult;
        this.arrived.set(number, written);
      }
    }
    const written = this.arrived.get(chunk);
    this.arrived.delete(chunk);
    return written;
  }

  end(): void {
    for (const port of this.ports) port.close();
    for (const worker of this.workers) void worker.terminate();
  }
}

/** It gets nothing of this process's flags and environment: `--import wasan/register` is not for it. */
function startWorker(workerData: WorkerInput): Worker {
  const worker = new Worker(ownModule('instrument/split/worker'), {
    workerData,
    execArgv: [],
    env: {},
    stdout: true,
    stderr: true,
  });
  worker.unref();
  worker.on('error', () => {}); // its chunks stay undone, and are done here
  return worker;
}
