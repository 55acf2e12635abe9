// The elimination for one module: function by function, what becomes of each access's check. The engines ask for a function
// right before they rewrite it, so that nothing is kept for the whole module.

import type { BodyActions, CheckElision, FunctionPlan } from '../plan.ts';
import type { Module } from '../wasm/module.ts';
import type { AnalysisInput } from './accesses.ts';
import { Analysis } from './analysis.ts';
import { ACTION_REASON } from './rules.ts';

export interface ElisionInput extends AnalysisInput {
  /** Per body. Those asked about must be there. */
  readonly plans: readonly FunctionPlan[];
}

export class Elision implements CheckElision {
  private readonly module: Module;
  private readonly plans: readonly FunctionPlan[];
  private readonly analysis: Analysis;

  constructor(input: ElisionInput) {
    this.module = input.module;
    this.plans = input.plans;
    this.analysis = new Analysis(input);
  }

  actions(body: number): BodyActions | undefined {
    const plan = this.plans[body]!;
    // Where reads of a whole granule are allowed, a passed check does not say that every byte is valid.
    if (plan.skip !== 'checked' || plan.overReads) return undefined;
    if (!this.analysis.run(body)) return undefined;
    const fixed = (plan.edits ?? []).filter((e) => !e.repeatable);
    if (fixed.length > 0) this.analysis.keepLoops((l) => !fixed.some((e) => e.at >= l.at && e.at < l.end));
    return this.analysis;
  }

  /** Every access without a check, and why. */
  explain(): Removed[] {
    const removed: Removed[] = [];
    this.module.bodies.forEach((_, i) => {
      const actions = this.actions(i);
      for (let k = 0; actions && k < actions.count; k++) {
        const reason = reasonOf(actions, k);
        if (reason === 'checked') continue;
        removed.push({ func: this.module.importedFunctions + i, offset: actions.at[k]!, reason });
      }
    });
    return removed;
  }
}

function reasonOf(actions: BodyActions, access: number): Removed['reason'] {
  const reason = ACTION_REASON[actions.action[access]!]!;
  const group = reason === 'checked' ? actions.groups[actions.group[access]! - 1] : undefined;
  return group && group.leader !== access ? 'neighbour' : reason;
}

/** One access whose check was removed: `--explain-checks` prints these. */
export interface Removed {
  readonly func: number;
  /** Of the instruction, in the original file. */
  readonly offset: number;
  /** Key of SKIP_REASONS. */
  readonly reason: (typeof ACTION_REASON)[number] | 'neighbour';
}
