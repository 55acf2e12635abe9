// Two modules, the same inputs: where they do not do the same is a finding that shows what each of them did.

import type { Compare } from './compares.ts';
import type { Executor } from './executor.ts';
import { type Finding, plainFinding } from './finding.ts';
import { HitList, type Hits } from './hits.ts';
import { difference, type Outcome, outcomesText } from './outcome.ts';

/** An executor that can tell what its last run, which ended with this finding or none, did. */
export interface Side extends Executor {
  outcome(finding: Finding | undefined): Outcome;
}

/** What the second side's comparisons are numbered from. */
const OTHER_IDS = 1 << 24;

export class DifferentialExecutor implements Executor {
  readonly counters: number;
  readonly edges: number;
  private readonly sides: readonly [Side, Side];
  private readonly names: readonly [string, string];
  private readonly all: HitList;

  constructor(sides: readonly [Side, Side], names: readonly [string, string]) {
    this.sides = sides;
    this.names = names;
    this.counters = sides[0].counters + sides[1].counters;
    this.edges = edgesOf(sides[0]) + edgesOf(sides[1]);
    this.all = new HitList(this.counters);
  }

  /** What is wrong with both is an ordinary finding. */
  run(input: Uint8Array): Finding | undefined {
    const [a, b] = this.sides;
    const first = a.run(input);
    const second = b.run(input);
    const outcomes = [a.outcome(first), b.outcome(second)] as const;
    const what = difference(...outcomes);
    if (what === undefined) return first;
    const sentence = `the modules differ in ${WORDS[what]}\n${outcomesText(this.names, outcomes)}`;
    const { stack = [] } = first ?? second ?? {};
    const endings = what === 'ending' ? `: ${outcomes[0].ending}, ${outcomes[1].ending}` : '';
    const finding = plainFinding('crash', `difference in ${WORDS[what]}${endings}`, sentence, stack);
    const reports = [first, second].flatMap((each) => (each ? [each.text] : []));
    return { ...finding, text: [finding.text, ...reports].join('\n') };
  }

  /** Of both, one after the other: first the edges, then what else they tell. */
  hits(): Hits {
    const [a, b] = this.sides;
    const [ours, theirs] = [a.hits(), b.hits()];
    const [ourEdges, theirEdges] = [edgesAmong(ours, a), edgesAmong(theirs, b)];
    this.all.clear();
    this.all.append(ours, 0, 0, ourEdges);
    this.all.append(theirs, edgesOf(a), 0, theirEdges);
    this.all.append(ours, edgesOf(b), ourEdges);
    this.all.append(theirs, a.counters, theirEdges);
    return this.all;
  }

  prepare(): void {
    for (const side of this.sides) side.prepare?.();
  }

  compares(input: Uint8Array): Compare[] {
    const [ours, theirs] = this.sides.map((side) => side.compares(input)) as [Compare[], Compare[]];
    return [...ours, ...theirs.map((compare) => ({ ...compare, id: compare.id + OTHER_IDS }))];
  }
}

function edgesOf({ edges, counters }: Executor): number {
  return edges ?? counters;
}

/** How many of the hits are edges: they come first. */
function edgesAmong({ entries, count }: Hits, side: Executor): number {
  let edges = count;
  while (edges > 0 && entries[edges - 1]! >>> 8 >= edgesOf(side)) edges--;
  return edges;
}

const WORDS: Readonly<Record<keyof Outcome, string>> = {
  ending: 'how they end',
  value: 'what they return',
  printed: 'what they print',
  output: 'their output',
};
