// Paired timing: variants of one workload take turns, so that whatever else the machine does hits all of them alike.

export interface Sample {
  readonly median: number;
  readonly min: number;
  /** (max - min) / median. */
  readonly spread: number;
}

/** Runs each variant once per round, in turn, after one warm-up round. Milliseconds. */
export function interleave(variants: readonly (() => void)[], rounds: number): Sample[] {
  const times: number[][] = variants.map(() => []);
  for (let round = -1; round < rounds; round++) {
    variants.forEach((run, i) => {
      const start = performance.now();
      run();
      if (round >= 0) times[i]!.push(performance.now() - start);
    });
  }
  return times.map(summarise);
}

export function summarise(times: readonly number[]): Sample {
  const sorted = [...times].sort((a, b) => a - b);
  const median = sorted[sorted.length >> 1]!;
  return { median, min: sorted[0]!, spread: (sorted.at(-1)! - sorted[0]!) / median };
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length);
}
