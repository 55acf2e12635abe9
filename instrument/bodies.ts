// What becomes of each body: its plan, its frame, its eliminated checks. Once the facts are known, bodies can be looked at in
// any order and by any thread: no body depends on what was decided about another, except for the numbers of frames.

import { BodyScan } from './body-scan.ts';
import type { DebugInfo } from './debug-info.ts';
import { DiscardedLoads } from './discarded-loads.ts';
import { assumptionsOf } from './elide/assumptions.ts';
import { Elision } from './elide/elision.ts';
import { Poisoners, type PoisonFacts } from './elide/poisoners.ts';
import type { KillRule } from './elide/rules.ts';
import { type Frames, planFrames } from './frames/index.ts';
import type { Globals } from './globals/index.ts';
import type { FunctionPlan, Plan } from './plan.ts';
import { type PlanFacts, planFunction, treatFrame, withFrame } from './plan-functions.ts';
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
  /** By index of the body; there for those in the range planned last. */
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

  /** Plans bodies [from, to); the first of their frames has the number `firstFrame`. */
  planRange(from: number, to: number, firstFrame: number): Frames {
    const { module, facts, functions } = this;
    for (let i = from; i < to; i++) {
      const plan = planFunction(module.importedFunctions + i, module, facts.plan, this.globals);
      if (facts.ignoresTraps && plan.skip === 'checked') plan.discarded = this.discarded.read(module.bodies[i]!);
      functions[i] = plan;
    }
    const input = {
      module,
      scan: this.scan,
      stackPointer: facts.framePointer,
      debugInfo: this.debugInfo,
      useAfterScope: facts.useAfterScope,
      treat: (i: number) => treatFrame(functions[i]!),
    };
    const frames = planFrames(input, from, to, firstFrame);
    for (let i = from; i < to; i++) functions[i] = withFrame(functions[i]!, frames.changes.get(i));
    return frames;
  }

  /** Forgets the plans of bodies that have been written. */
  forget(from: number, to: number): void {
    this.functions.fill(undefined as unknown as FunctionPlan, from, to);
  }

  get plan(): Plan {
    const { facts, functions, elision } = this;
    return { reachesAllocator: facts.plan.reaches, functions, ...(facts.elide && { elision }) };
  }
}
