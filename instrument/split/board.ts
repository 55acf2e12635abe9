// What threads that share a module's bodies know of each other: which chunks are begun and done, and how many sites and
// frames those had. One array of shared memory; everything in it is read and written with Atomics.
//
//   next chunk to begin | chunks done | KiB of code in them | sites in them | frames in them | state of each chunk ...

import type { Module } from '../wasm/module.ts';
import type { WrittenChunk } from './chunk-writer.ts';

/** Bytes of code in a chunk, or the size of a larger body: some milliseconds of work, so that all threads end together. */
const CHUNK_BYTES = 1 << 18;

const NEXT = 0;
const DONE = 1;
const CODE = 2;
const SITES = 3;
const FRAMES = 4;
const STATES = 5;

export const CHUNK = { OPEN: 0, DONE: 1, FAILED: 2 } as const;

/** The first body of each chunk, and the number of bodies at the end. Every thread cuts alike. */
export function cutBodies({ bodies }: Module): number[] {
  const cuts = [0];
  let begin = bodies[0]?.start ?? 0;
  bodies.forEach(({ end }, i) => {
    if (end - begin < CHUNK_BYTES && i + 1 < bodies.length) return;
    cuts.push(i + 1);
    begin = end;
  });
  return cuts;
}

export class Board {
  readonly memory: ArrayBufferLike;
  readonly cuts: readonly number[];
  private readonly cells: Int32Array;
  private readonly module: Module;

  /** A new one, in memory of a kind, or the one that another thread made for the same module. */
  constructor(module: Module, memory: ArrayBufferLike | (new (bytes: number) => ArrayBufferLike)) {
    this.module = module;
    this.cuts = cutBodies(module);
    this.memory = typeof memory === 'function' ? new memory((STATES + this.chunks) * 4) : memory;
    this.cells = new Int32Array(this.memory);
  }

  get chunks(): number {
    return this.cuts.length - 1;
  }

  /** Chunks done by anybody. */
  get done(): number {
    return Atomics.load(this.cells, DONE);
  }

  /** A chunk that nobody has begun, or -1: from now on it is the caller's. */
  claim(): number {
    const chunk = Atomics.add(this.cells, NEXT, 1);
    return chunk < this.chunks ? chunk : -1;
  }

  /** What the first site and the first frame of a chunk may be numbered: by what the code that is done had. */
  guess(chunk: number): { site: number; frame: number } {
    const before = this.codeBefore(this.cuts[chunk]!) / Math.max(1, Atomics.load(this.cells, CODE));
    const count = (cell: number) => 1 + Math.round(Atomics.load(this.cells, cell) * before);
    return { site: count(SITES), frame: count(FRAMES) };
  }

  /** KiB of code in front of a body. */
  private codeBefore(body: number): number {
    const { bodies } = this.module;
    const end = bodies[Math.min(body, bodies.length - 1)];
    return end ? ((body < bodies.length ? end.start : end.end) - bodies[0]!.start) / 1024 : 0;
  }

  finish(chunk: number, { sites, frames }: WrittenChunk): void {
    const code = this.codeBefore(this.cuts[chunk + 1]!) - this.codeBefore(this.cuts[chunk]!);
    Atomics.add(this.cells, CODE, Math.round(code));
    Atomics.add(this.cells, SITES, sites.sites);
    Atomics.add(this.cells, FRAMES, frames.frames);
    Atomics.add(this.cells, DONE, 1);
    this.settle(chunk, CHUNK.DONE);
  }

  fail(chunk: number): void {
    this.settle(chunk, CHUNK.FAILED);
  }

  private settle(chunk: number, state: number): void {
    Atomics.store(this.cells, STATES + chunk, state);
    Atomics.notify(this.cells, STATES + chunk);
  }

  /**
   * Sleeps until a chunk that somebody has claimed is settled. Gives up (CHUNK.OPEN) when nothing at all was done for
   * `patience` milliseconds: a thread that has died says nothing any more.
   */
  await(chunk: number, patience: number): number {
    for (;;) {
      const { done } = this;
      Atomics.wait(this.cells, STATES + chunk, CHUNK.OPEN, patience);
      const state = Atomics.load(this.cells, STATES + chunk);
      if (state !== CHUNK.OPEN || this.done === done) return state;
    }
  }
}
