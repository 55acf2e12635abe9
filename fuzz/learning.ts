// What a campaign learns about making inputs: which way of it has led to much of late, and which words did.

/** Runs of one kind after which older ones count half. */
const YIELD_MEMORY = 4096;
const MAX_WORDS = 4096;
/** As in libFuzzer. */
export const LONGEST_WORD = 64;

/** How much a way to make inputs has led to of late. */
export class Yield {
  private runs = 1;
  private worth = 1;

  note(worth: boolean): void {
    this.runs++;
    if (worth) this.worth++;
    if (this.runs < YIELD_MEMORY) return;
    this.runs /= 2;
    this.worth /= 2;
  }

  get rate(): number {
    return this.worth / this.runs;
  }
}

/** A word that led to something new, so many times. */
export interface LearntWord {
  readonly word: Uint8Array;
  readonly uses: number;
}

export class LearntWords {
  private readonly known = new Map<string, { readonly word: Uint8Array; uses: number }>();
  readonly words: Uint8Array[] = [];

  /** These were put into an input that showed something new. */
  note(used: readonly Uint8Array[]): void {
    for (const word of used) {
      if (word.length < 2 || word.length > LONGEST_WORD) continue;
      const key = word.join();
      const before = this.known.get(key);
      if (before) before.uses++;
      else if (this.words.length < MAX_WORDS) {
        this.known.set(key, { word, uses: 1 });
        this.words.push(word);
      }
    }
  }

  without(given: readonly Uint8Array[]): LearntWord[] {
    const left = new Set(given.map((word) => word.join()));
    return [...this.known].flatMap(([key, word]) => (left.has(key) ? [] : [word]));
  }
}
