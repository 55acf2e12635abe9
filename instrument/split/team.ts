// Shares the bodies of a module among threads, and puts together what they wrote: byte for byte what one thread writes. This
// thread works as well, and whatever the others do not deliver it does itself: they make it faster, and are never needed.

import type { BodyFacts } from '../bodies.ts';
import type { FramePart } from '../frames/frame-section.ts';
import type { BranchHints } from '../stream/branch-hints.ts';
import type { Crew, CrewOutput } from '../stream/engine.ts';
import { raiseNumbers } from '../stream/number-places.ts';
import type { SiteMap } from '../stream/site-map.ts';
import type { Module } from '../wasm/module.ts';
import { Board } from './board.ts';
import { type Brief, ChunkWriter, type WrittenChunk } from './chunk-writer.ts';

/** Other threads at work on one module. */
export interface Team {
  readonly board: Board;
  /** Tells them what they need; they begin to claim chunks. */
  begin(brief: Brief): void;
  /** A chunk that one of them has claimed; undefined where it does not come. */
  take(chunk: number): WrittenChunk | undefined;
  /** They are not needed any more. */
  end(): void;
}

/** Answers undefined where a module is better left to one thread. */
export type TeamMaker = (module: Module) => Team | undefined;

/** This thread alone, in engines that may have no memory to share. Chunk by chunk, it keeps little of what it plans. */
export function aloneOn(module: Module): Team {
  return { board: new Board(module, ArrayBuffer), begin: () => {}, take: () => undefined, end: () => {} };
}

interface Work {
  readonly module: Module;
  readonly facts: BodyFacts;
  readonly team: Team;
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

/** Writes all bodies; what there is to say of their frames goes to `frames`, in order. */
export function crewOf(work: Work, frames: FramePart[]): Crew {
  return (target, sites, hints) => {
    const { module, team, facts } = work;
    const { runtimeMemory: _, ...portable } = target;
    team.begin({ facts, target: portable });
    const writer = new ChunkWriter(module, team.board.cuts, { facts, target });
    return merge(writeChunks(work, writer), writer, { sites, hints, frames });
  };
}

function writeChunks({ module, team, progress }: Work, writer: ChunkWriter): WrittenChunk[] {
  const { board } = team;
  const written: WrittenChunk[] = [];
  const write = (chunk: number): WrittenChunk => {
    const { site, frame } = board.guess(chunk);
    const made = writer.write(chunk, site, frame);
    board.finish(chunk, made);
    const total = module.bodies.length;
    progress?.(Math.min(total, Math.floor((board.done / board.chunks) * total)), total);
    return made;
  };
  for (let chunk = board.claim(); chunk >= 0; chunk = board.claim()) written[chunk] = write(chunk);
  for (let chunk = 0; chunk < board.chunks; chunk++) written[chunk] ??= team.take(chunk) ?? write(chunk);
  return written;
}

interface Tables {
  readonly sites: SiteMap;
  readonly hints: BranchHints;
  readonly frames: FramePart[];
}

/** Numbers were guessed: they are corrected in place or, where one gets longer or shorter, the chunk is written again. */
function merge(written: readonly WrittenChunk[], writer: ChunkWriter, { sites, hints, frames }: Tables): CrewOutput {
  const called = new Set<string>();
  const code: Uint8Array[] = [];
  let frame = 1;
  written.forEach((made, i) => {
    const site = sites.count + 1;
    const fits =
      raiseNumbers(made.code, made.sitePlaces, site - made.firstSite) &&
      raiseNumbers(made.code, made.framePlaces, frame - made.firstFrame);
    const chunk = fits ? made : writer.write(i, site, frame);
    code.push(chunk.code);
    sites.add(chunk.sites);
    hints.add(chunk.hints);
    frames.push(chunk.frames);
    frame += chunk.frames.frames;
    for (const name of chunk.called) called.add(name);
  });
  return { code, called };
}
