// How a campaign went: what it had covered when. Kept small however long it takes: every second sample goes when there are
// too many.

import type { Totals } from '../campaign.ts';

export interface Sample {
  /** Since the beginning, set-up and minimising left out. */
  readonly seconds: number;
  readonly runs: number;
  readonly edges: number;
  readonly features: number;
  readonly units: number;
}

const MOST = 512;

export class History {
  samples: Sample[] = [];
  private interval = 0;

  /** Takes a sample if the last one is old enough; `always` for the last. */
  take(seconds: number, { runs, edges, features, units }: Totals, always = false): void {
    const last = this.samples.at(-1);
    if (last && !always && seconds - last.seconds < this.interval) return;
    this.samples.push({ seconds, runs, edges, features, units });
    if (this.samples.length < MOST) return;
    this.samples = this.samples.filter((_, i) => i % 2 === 0);
    this.interval = (2 * seconds) / MOST;
  }
}
