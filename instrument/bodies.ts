// What becomes of each body: its plan, its frame, its eliminated checks. Once the facts are known, bodies can be looked at in
// any order and by any thread: no body depends on what was decided about another, except for the numbers of frames.

import { BodyScan } from './body-scan.ts';
import type { DebugInfo } from './debug-info.ts';
import { DiscardedLoads } from './discarded-loads.ts';
import { assumptionsOf } from './elide/assumptions.ts';
import { Elision } from './elide/elision.ts';
import { Poisoners, type PoisonFacts } from './elide/poisoners.ts';
import type { KillRule } from './elide/rules.ts';
import { FramePlanner, type Frames } from './frames/index.ts';
import type { Globals } from './globals/index.ts';
import type { FunctionPlan, Plan } from './plan.ts';
import { addFrame, type PlanFacts, planFunction, treatFrame } from './plan-functions.ts';
import type { Module } from './wasm/module.ts';

/** What is to be known of a module before its bodies are looked at: plain data, which can be sent to a thread. */
export interface BodyFacts {
  readonly plan: PlanFacts;
  readonly poisons: PoisonFacts;
  readonly nullLimit: number;
  /** The stack pointer of frames that get redzones. */
  readonly framePointer: number | undefined;
  readonly useAfterScope: boolean;
  /** The module was optimised as if nothing could trap. */
  readonly ignoresTraps: boolean;
  readonly elide: boolean;
  /** For tests alone: rules switched off. */
  readonly disabled: ReadonlySet<KillRule>;
}

export class BodyPlanner {
  /** By index of the body; there for those planned and not forgotten. */
  readonly functions: FunctionPlan[];
  readonly elision: Elision;
  private readonly module: Module;
  private readonly facts: BodyFacts;
  private readonly globals: Globals;
  private readonly discarded: DiscardedLoads;
  private readonly scan: BodyScan;
  private readonly debugInfo: DebugInfo | undefined;

  constructor(module: Module, facts: BodyFacts, globals: Globals, debugInfo?: DebugInfo) {
    this.module = module;
    this.facts = facts;
    this.globals = globals;
    this.discarded = new DiscardedLoads(module);
    this.debugInfo = debugInfo;
    this.functions = new Array<FunctionPlan>(module.bodies.length);
    const poisoners = new Poisoners(facts.poisons);
    this.scan = new BodyScan(module, poisoners);
    this.elision = new Elision({
      module,
      scan: this.scan,
      plans: this.functions,
      poisoners,
      assumptions: assumptionsOf({
        module,
        nullLimit: facts.nullLimit,
        plans: this.functions,
        poisonsStatic: (address, size, write) => globals.poisons(address, size, write),
      }),
      disabled: facts.disabled,
    });
  }

  /** For bodies that are planned with it one after the other; the first of their frames has the number `firstFrame`. */
  framesFrom(firstFrame: number): FramePlanner {
    const { module, scan, facts, debugInfo, functions } = this;
    const { framePointer: stackPointer, useAfterScope } = facts;
    const treat = (i: number) => treatFrame(functions[i]!);
    return new FramePlanner({ module, scan, stackPointer, debugInfo, useAfterScope, treat }, firstFrame);
  }

  /** What is decoded for that is still at hand when the elimination is asked about the same body next. */
  planBody(i: number, frames: FramePlanner): void {
    const { module, facts, functions } = this;
    const plan = planFunction(module.importedFunctions + i, module, facts.plan, this.globals);
    if (facts.ignoresTraps && plan.skip === 'checked') plan.discarded = this.discarded.read(module.bodies[i]!);
    functions[i] = plan;
    const change = frames.plan(i);
    if (change) addFrame(plan, change);
  }

  planAll(): Frames {
    const frames = this.framesFrom(1);
    for (let i = 0; i < this.module.bodies.length; i++) this.planBody(i, frames);
    return frames.frames();
  }

  /** Forgets the plan of a body that has been written. */
  forget(i: number): void {
    this.functions[i] = undefined as unknown as FunctionPlan;
  }

  get plan(): Plan {
    const { facts, functions, elision } = this;
    return { reachesAllocator: facts.plan.reaches, functions, ...(facts.elide && { elision }) };
  }
}
