// What a run reached: the counters that are not 0. Few of them are, so who reads them has no need to see all.

export interface Hits {
  /** The first `count` are the hits, by number of the counter: that number << 8 | the counter's value. */
  readonly entries: Uint32Array;
  readonly count: number;
}

export const NO_HITS: Hits = { entries: new Uint32Array(0), count: 0 };

/** Hits that are put together of several modules', or of what is no counter. */
export class HitList implements Hits {
  readonly entries: Uint32Array;
  count = 0;

  /** With room for so many. */
  constructor(most: number) {
    this.entries = new Uint32Array(most);
  }

  clear(): void {
    this.count = 0;
  }

  add(counter: number, value: number): void {
    this.entries[this.count++] = (counter << 8) | value;
  }

  /** Hits of counters that are numbered from `base` here: all, or those from one place in the list to another. */
  append({ entries, count }: Hits, base = 0, from = 0, to = count): void {
    for (let i = from; i < to; i++) this.entries[this.count++] = entries[i]! + (base << 8);
  }

  /** Takes counters from where they are: they are 0 then. */
  drain(counters: Uint8Array, base: number): void {
    for (let i = 0; i < counters.length; i++) if (counters[i] !== 0) this.add(base + i, counters[i]!);
    counters.fill(0);
  }
}
