// What a campaign says while it runs: libFuzzer's lines; on a terminal the last of them is redrawn in place.

import type { Campaign } from '../../fuzz/campaign.ts';
import type { Unit } from '../../fuzz/corpus.ts';
import type { Io } from '../command.ts';

const REDRAW_MS = 250;

export class FuzzStatus {
  private readonly io: Io;
  private readonly now: () => number;
  private readonly quiet: boolean;
  private readonly started: number;
  private lastDrawn = 0;
  private nextPulse = 1;
  private drawn = false;
  /** Milliseconds that count neither as fuzzing nor against any limit. */
  paused = 0;
  newUnits = 0;

  constructor(io: Io, now: () => number, quiet: boolean) {
    this.io = io;
    this.now = now;
    this.quiet = quiet;
    this.started = now();
  }

  /** Seconds spent fuzzing. */
  get seconds(): number {
    return (this.now() - this.started - this.paused) / 1000;
  }

  unit(campaign: Campaign, what: string, unit: Unit): void {
    if (what !== 'INITED') this.newUnits++;
    if (what === 'INITED' || this.io.terminalColumns !== undefined) return;
    this.line(campaign, what, ` L: ${unit.bytes.length}`);
  }

  event(campaign: Campaign, what: string): void {
    this.line(campaign, what, '');
  }

  /** Called now and then: redraws on a terminal, elsewhere a line at each power of two. */
  pulse(campaign: Campaign): void {
    if (this.quiet) return;
    const columns = this.io.terminalColumns;
    if (columns !== undefined) {
      if (this.now() - this.lastDrawn < REDRAW_MS) return;
      this.lastDrawn = this.now();
      this.drawn = true;
      const line = `${this.describe(campaign, 'pulse').replace('\t', ' ')} found: ${campaign.findings.length}`;
      this.io.stderr(`\r\x1b[K${line.slice(0, columns - 1)}`);
    } else if (campaign.runs >= this.nextPulse) {
      if (campaign.runs >= 1 << 12) this.line(campaign, 'pulse', '');
      while (this.nextPulse <= campaign.runs) this.nextPulse *= 2;
    }
  }

  /** Any other text: the redrawn line makes room. */
  say(text: string): void {
    if (this.drawn) this.io.stderr('\r\x1b[K');
    this.drawn = false;
    this.io.stderr(text);
  }

  private line(campaign: Campaign, what: string, more: string): void {
    if (!this.quiet) this.say(`${this.describe(campaign, what)}${more}\n`);
  }

  private describe(campaign: Campaign, what: string): string {
    const { runs, edges, features, units, bytes } = campaign.totals;
    const rate = this.seconds > 0 ? Math.round(runs / this.seconds) : 0;
    const size = bytes < 10_000 ? `${bytes}b` : `${bytes >> 10}Kb`;
    const rss = process.memoryUsage.rss() >> 20;
    return `#${runs}\t${what.padEnd(6)} cov: ${edges} ft: ${features} corp: ${units}/${size} exec/s: ${rate} rss: ${rss}Mb`;
  }

  finalStats(campaign: Campaign): string {
    const { runs } = campaign.totals;
    const stats: [string, number][] = [
      ['number_of_executed_units', runs],
      ['average_exec_per_sec', Math.round(runs / Math.max(this.seconds, 0.001))],
      ['new_units_added', this.newUnits],
      ['peak_rss_mb', Math.round(process.resourceUsage().maxRSS / 1024)],
    ];
    return stats.map(([name, value]) => `stat::${`${name}:`.padEnd(26)} ${value}\n`).join('');
  }
}
