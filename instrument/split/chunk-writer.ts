// Writes one chunk of a module's bodies at a time, in any thread: as if its first site and its first frame had the numbers
// that it is given.

import { type BodyFacts, BodyPlanner } from '../bodies.ts';
import type { FramePart } from '../frames/frame-section.ts';
import { Globals } from '../globals/index.ts';
import type { Target } from '../plan.ts';
import { BranchHints, type HintPart } from '../stream/branch-hints.ts';
import { NumberPlaces } from '../stream/number-places.ts';
import { ownMemory } from '../stream/runtime-memory.ts';
import { SiteMap, type SitePart } from '../stream/site-map.ts';
import { writeBodies } from '../stream/write-bodies.ts';
import { Writer } from '../wasm/bytes.ts';
import type { Module } from '../wasm/module.ts';

/** By how much the checks make code larger, at most and mostly. What is not written takes no memory. */
const CODE_GROWTH = 4.5;

/** What a thread must be told. Plain data. */
export interface Brief {
  readonly facts: BodyFacts;
  /** Without what is a function. */
  readonly target: Omit<Target, 'runtimeMemory'>;
}

export interface WrittenChunk {
  readonly code: Uint8Array;
  readonly firstSite: number;
  readonly firstFrame: number;
  /** NumberPlaces. */
  readonly sitePlaces: Int32Array;
  readonly framePlaces: Int32Array;
  readonly sites: SitePart;
  readonly hints: HintPart;
  readonly frames: FramePart;
  readonly called: readonly string[];
}

export class ChunkWriter {
  private readonly module: Module;
  private readonly cuts: readonly number[];
  private readonly target: Target;
  private readonly planner: BodyPlanner;

  constructor(module: Module, cuts: readonly number[], { facts, target }: Brief) {
    this.module = module;
    this.cuts = cuts;
    this.target = { ...target, runtimeMemory: ownMemory(target.memory) };
    // Modules whose objects are known are not shared out.
    const globals = new Globals(module, undefined, facts.nullLimit, facts.framePointer);
    this.planner = new BodyPlanner(module, facts, globals);
  }

  write(chunk: number, firstSite: number, firstFrame: number): WrittenChunk {
    const { module, planner, target } = this;
    const range = [this.cuts[chunk]!, this.cuts[chunk + 1]!] as const;
    const frames = planner.framesFrom(firstFrame);
    const tables = { sites: new SiteMap(firstSite), hints: new BranchHints(), places: new NumberPlaces() };
    const bytes = module.bodies[range[1] - 1]!.end - module.bodies[range[0]]!.start;
    const out = new Writer(Math.ceil(bytes * CODE_GROWTH) + 4096);
    const called = writeBodies(module, planner.plan, target, {
      ...{ tables, out, range },
      before: (i) => planner.planBody(i, frames),
      after: (i) => planner.forget(i),
    });
    return {
      code: out.view(),
      ...{ firstSite, firstFrame },
      sitePlaces: tables.places.sites,
      framePlaces: tables.places.frames,
      sites: tables.sites.part(),
      hints: tables.hints.part(),
      frames: frames.frames().part,
      called: [...called],
    };
  }
}
