// A script replayed under one policy, remembered step by step: what the side-by-side text and the picture are drawn from.
import type { Line } from './language.ts';
import { apply, type Outcome } from './replay.ts';
import { type Area, type Counters, type Policy, type VmaOptions, VmaSpace } from './space.ts';

export interface HistoryStep {
  line: number;
  text: string;
  outcome: Outcome;
  areas: Area[];
  /** Pages with bytes of their own, as [first, behind the last]. */
  present: [number, number][];
  counters: Counters;
}

export interface History {
  policy: Policy;
  startPage: number;
  pages: number;
  steps: HistoryStep[];
  final: VmaSpace;
}

function presentRuns(space: VmaSpace, areas: readonly Area[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const area of areas) {
    for (let page = area.start; page < area.end; page++) {
      if (space.page(page) !== 'present') continue;
      const last = runs.at(-1);
      if (last && last[1] === page) last[1] = page + 1;
      else runs.push([page, page + 1]);
    }
  }
  return runs;
}

export function replayScript(
  module: VmaOptions['module'],
  lines: readonly Line[],
  policy: Policy,
  options: Partial<VmaOptions> = {},
): History {
  const space = new VmaSpace({ pages: 4096, ...options, module, policy });
  const steps = lines.map(({ line, text, op }) => {
    const outcome = apply(space, op, policy);
    const areas = space.areas();
    return { line, text, outcome, areas, present: presentRuns(space, areas), counters: space.counters() };
  });
  return { policy, startPage: space.startPage, pages: space.pages, steps, final: space };
}
