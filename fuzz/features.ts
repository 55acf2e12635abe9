// From edge counters to features: a counter and the bucket its value falls into. Which features have been seen, how rare
// they are, and how short the shortest input for each is.

/** libFuzzer's buckets: 1, 2, 3, 4-7, 8-15, 16-31, 32-127, 128 and more. */
export const BUCKETS = 8;
const BUCKET = Uint8Array.from({ length: 256 }, (_, n) =>
  n < 4 ? Math.max(n - 1, 0) : n < 8 ? 3 : n < 16 ? 4 : n < 32 ? 5 : n < 128 ? 6 : 7,
);

const NONE = new Uint8Array(0);

export class Features {
  /** Length + 1 of the shortest input with a feature; 0: never seen. */
  private readonly shortest: Uint32Array;
  /** Runs that had it. */
  readonly runs: Uint32Array;
  /** 1 for each counter that was ever at work. */
  readonly covered: Uint8Array;
  /** Counters seen at work, and features seen. */
  edges = 0;
  count = 0;

  /** Edges that the unit added last was the first to reach. */
  newEdges: number[] = [];
  private readonly edgeCounters: number;

  /** Of the counters the first `edges` are edges. */
  constructor(counters: number, edges = counters) {
    this.edgeCounters = edges;
    this.shortest = new Uint32Array(counters * BUCKETS);
    this.runs = new Uint32Array(counters * BUCKETS);
    this.covered = new Uint8Array(counters);
  }

  /**
   * Notes a run; true if it had a feature for which it is the first or, with `shorter`, the shortest input. Those of its
   * features that are marked in `wanted` are added to `met`.
   */
  note(counters: Uint8Array, length: number, shorter: boolean, wanted: Uint8Array = NONE, met: number[] = []): boolean {
    const words = new Uint32Array(counters.buffer, counters.byteOffset, (counters.length + 3) >> 2);
    const { shortest, runs } = this;
    let interesting = false;
    for (let w = 0; w < words.length; w++) {
      if (words[w] === 0) continue;
      const end = Math.min(4 * w + 4, counters.length);
      for (let i = 4 * w; i < end; i++) {
        const hits = counters[i]!;
        if (hits === 0) continue;
        const feature = i * BUCKETS + BUCKET[hits]!;
        runs[feature]!++;
        if (wanted[feature] === 1) met.push(feature);
        const known = shortest[feature]!;
        if (known === 0 || (shorter && length + 1 < known)) interesting = true;
      }
    }
    return interesting;
  }

  /** Features of the run. */
  list(counters: Uint8Array): number[] {
    const found: number[] = [];
    counters.forEach((hits, i) => {
      if (hits > 0) found.push(i * BUCKETS + BUCKET[hits]!);
    });
    return found;
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
      const counter = Math.floor(feature / BUCKETS);
      if (this.covered[counter] === 0 && counter < this.edgeCounters) this.newEdges.push(counter);
      this.covered[counter] = 1;
      if (this.isNew(feature)) added++;
      if (this.isShorter(feature, length)) this.shortest[feature] = length + 1;
    }
    this.edges += this.newEdges.length;
    this.count += added;
    return added;
  }
}
