// From edge counters to features: a counter and the bucket its value falls into. Which features have been seen, how rare
// they are, and how short the shortest input for each is. Features of one bucket have numbers side by side, for most
// counters of a run are in the first: what is known of them shares the processor's cache lines.
//
//   feature = bucket * counters + counter

/** libFuzzer's buckets: 1, 2, 3, 4-7, 8-15, 16-31, 32-127, 128 and more. */
const BUCKETS = 8;
const BUCKET = Uint8Array.from({ length: 256 }, (_, n) =>
  n < 4 ? Math.max(n - 1, 0) : n < 8 ? 3 : n < 16 ? 4 : n < 32 ? 5 : n < 128 ? 6 : 7,
);

/** What `bound` says of a feature that every run is to be looked at for. */
const ALWAYS = 0xffffffff;

/** Counters that are put together of several modules' are read eight at a time, so their array has room for whole eights. */
export function roomForCounters(count: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer((count + 7) & ~7), 0, count);
}

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
  /** The counters that were noted last, and the same in words: a new view for each run would cost as much as reading it. */
  private last: Uint8Array | undefined;
  private words: Uint32Array = new Uint32Array(0);

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
  note(counters: Uint8Array, length: number, met: number[] = []): boolean {
    const words = this.wordsOf(counters);
    let interesting = false;
    for (let w = 0; w < words.length; w += 2) {
      const first = words[w]!;
      const second = words[w + 1]!;
      if ((first | second) === 0) continue;
      if (this.noteWord(first, w << 2, length, met)) interesting = true;
      if (this.noteWord(second, (w + 1) << 2, length, met)) interesting = true;
    }
    return interesting;
  }

  private wordsOf(counters: Uint8Array): Uint32Array {
    if (counters !== this.last) {
      this.last = counters;
      this.words = new Uint32Array(counters.buffer, counters.byteOffset, ((counters.length + 7) >> 3) << 1);
    }
    return this.words;
  }

  /** Four counters, numbered from `from` on. */
  private noteWord(word: number, from: number, length: number, met: number[]): boolean {
    const { bound, runs, firstOf } = this;
    let interesting = false;
    for (let left = word, counter = from; left !== 0; left >>>= 8, counter++) {
      const hits = left & 255;
      if (hits === 0) continue;
      const feature = firstOf[hits]! + counter;
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
  list(counters: Uint8Array): number[] {
    const found: number[] = [];
    for (let i = 0; i < counters.length; i++) if (counters[i] !== 0) found.push(this.firstOf[counters[i]!]! + i);
    return found;
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
