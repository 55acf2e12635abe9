// From edge counters to features: a counter and the bucket its value falls into. Which features have been seen, how rare
// they are, and how short the shortest input for each is. Features of one bucket have numbers side by side, for most
// counters of a run are in the first: what is known of them shares the processor's cache lines.
//
//   feature = bucket * counters + counter

import type { Hits } from './hits.ts';

/** libFuzzer's buckets: 1, 2, 3, 4-7, 8-15, 16-31, 32-127, 128 and more. */
const BUCKETS = 8;
const BUCKET = Uint8Array.from({ length: 256 }, (_, n) =>
  n < 4 ? Math.max(n - 1, 0) : n < 8 ? 3 : n < 16 ? 4 : n < 32 ? 5 : n < 128 ? 6 : 7,
);

/** What `bound` says of a feature that every run is to be looked at for. */
const ALWAYS = 0xffffffff;

export class Features {
  /** Length + 1 of the shortest input with a feature; 0: never seen. */
  private readonly shortest: Uint32Array;
  /** Only a run shorter than this may have something to tell by having the feature; there are few such runs. */
  private readonly bound: Uint32Array;
  private readonly watched: Uint8Array;
  /** Runs that had it. */
  readonly runs: Uint32Array;
  /** 1 for each counter that was ever at work. */
  readonly covered: Uint8Array;
  /** Counters seen at work, and features seen. */
  edges = 0;
  count = 0;

  /** Edges that the unit added last was the first to reach. */
  newEdges: number[] = [];
  private readonly counters: number;
  private readonly edgeCounters: number;
  /** By value of a counter: the first feature of its bucket. */
  private readonly firstOf: Uint32Array;
  private readonly reduces: boolean;

  /** Of the counters the first `edges` are edges. `reduces`: a shorter input with known features is interesting, too. */
  constructor(counters: number, edges = counters, reduces = true) {
    this.counters = counters;
    this.edgeCounters = edges;
    this.firstOf = Uint32Array.from(BUCKET, (bucket) => bucket * counters);
    this.reduces = reduces;
    this.shortest = new Uint32Array(counters * BUCKETS);
    this.bound = new Uint32Array(counters * BUCKETS).fill(ALWAYS);
    this.watched = new Uint8Array(counters * BUCKETS);
    this.runs = new Uint32Array(counters * BUCKETS);
    this.covered = new Uint8Array(counters);
  }

  /**
   * Notes a run; true if it had a feature for which it is the first or the shortest input. Those of its features that are
   * watched are added to `met`.
   */
  note({ entries, count }: Hits, length: number, met: number[] = []): boolean {
    const { bound, runs, firstOf } = this;
    let interesting = false;
    for (let i = 0; i < count; i++) {
      const entry = entries[i]!;
      const feature = firstOf[entry & 255]! + (entry >>> 8);
      runs[feature]!++;
      if (length < bound[feature]! && this.tells(feature, length, met)) interesting = true;
    }
    return interesting;
  }

  private tells(feature: number, length: number, met: number[]): boolean {
    if (this.watched[feature] === 1) met.push(feature);
    return this.isNew(feature) || (this.reduces && this.isShorter(feature, length));
  }

  /** Whether runs that have the feature are to be told of. */
  watch(feature: number, on: boolean): void {
    this.watched[feature] = on ? 1 : 0;
    this.bound[feature] = on ? ALWAYS : this.reduces ? this.shortest[feature]! - 1 : 0;
  }

  /** Features of the run. */
  list({ entries, count }: Hits): number[] {
    return Array.from(entries.subarray(0, count), (entry) => this.firstOf[entry & 255]! + (entry >>> 8));
  }

  /** Runs that reached a counter. */
  runsOf(counter: number): number {
    let runs = 0;
    for (let feature = counter; feature < this.runs.length; feature += this.counters) runs += this.runs[feature]!;
    return runs;
  }

  isNew(feature: number): boolean {
    return this.shortest[feature] === 0;
  }

  /** Whether an input of this length would be the shortest for a feature. */
  isShorter(feature: number, length: number): boolean {
    const known = this.shortest[feature]!;
    return known === 0 || length + 1 < known;
  }

  /** Takes an input of this length into account; how many of its features are new. */
  add(features: readonly number[], length: number): number {
    let added = 0;
    this.newEdges = [];
    for (const feature of features) {
      const counter = feature % this.counters;
      if (this.covered[counter] === 0 && counter < this.edgeCounters) this.newEdges.push(counter);
      this.covered[counter] = 1;
      if (this.isNew(feature)) added++;
      if (!this.isShorter(feature, length)) continue;
      this.shortest[feature] = length + 1;
      if (this.watched[feature] === 0) this.bound[feature] = this.reduces ? length : 0;
    }
    this.edges += this.newEdges.length;
    this.count += added;
    return added;
  }
}
