// What a campaign says while it runs: libFuzzer's lines; on a terminal, one screen redrawn in place.

import { blamed } from '../../fuzz/blame.ts';
import type { Campaign } from '../../fuzz/campaign.ts';
import type { Unit } from '../../fuzz/corpus.ts';
import type { History } from '../../fuzz/report/history.ts';
import type { Io } from '../command.ts';
import { screenLines } from './screen.ts';

const REDRAW_MS = 250;
const RSS_MS = 250;
const MIB = 1 << 20;

export interface About {
  readonly moduleName: string;
  readonly seed: number;
  readonly history: History;
}

export class FuzzStatus {
  private readonly io: Io;
  private readonly now: () => number;
  private readonly quiet: boolean;
  private readonly about: About;
  private readonly started: number;
  private ended: number | undefined;
  private lastDrawn = 0;
  private nextPulse = 1;
  /** Lines of the screen that stand above the cursor. */
  private drawn: readonly string[] = [];
  /** Seconds of fuzzing before the last unit with something new. */
  private lastNew: number | undefined;
  private rss = 0;
  private rssAsked = Number.NEGATIVE_INFINITY;
  /** Milliseconds that count neither as fuzzing nor against any limit. */
  paused = 0;
  newUnits = 0;

  constructor(io: Io, now: () => number, quiet: boolean, about: About) {
    this.about = about;
    this.io = io;
    this.now = now;
    this.quiet = quiet;
    this.started = now();
  }

  /** Seconds spent fuzzing. */
  get seconds(): number {
    return ((this.ended ?? this.now()) - this.started - this.paused) / 1000;
  }

  get secondsSinceNew(): number {
    return this.seconds - (this.lastNew ?? 0);
  }

  /** The campaign is over: what comes now takes nothing of its time. */
  stop(): void {
    this.ended = this.now();
  }

  unit(campaign: Campaign, what: string, unit: Unit): void {
    if (what !== 'INITED') this.newUnits++;
    if (what !== 'REDUCE') this.lastNew = this.seconds;
    if (what === 'INITED' || this.io.terminalColumns !== undefined) return;
    const { sequence } = campaign;
    const how = sequence.length > 0 ? ` MS: ${sequence.length} ${sequence.join('-')}-` : '';
    this.line(campaign, what, ` L: ${unit.bytes.length}/${campaign.longest}${how}`);
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
      this.draw(this.screen(campaign, columns), '');
    } else if (campaign.runs >= this.nextPulse) {
      if (campaign.runs >= 1 << 12) this.line(campaign, 'pulse', '');
      while (this.nextPulse <= campaign.runs) this.nextPulse *= 2;
    }
  }

  /** Any other text: the screen makes room, and stands below it as long as the campaign goes on. */
  say(text: string): void {
    if (text !== '') this.draw(this.ended === undefined ? this.drawn : [], text);
  }

  private draw(lines: readonly string[], above: string): void {
    const erased = this.drawn.length > 0 ? `\x1b[${this.drawn.length}A\r\x1b[J` : '';
    this.io.stderr(`${erased}${above}${lines.map((line) => `${line}\n`).join('')}`);
    this.drawn = lines;
  }

  private screen(campaign: Campaign, columns: number): string[] {
    const { moduleName, seed, history } = this.about;
    const { title = '', stack = [] } = campaign.findings.at(-1)?.finding ?? {};
    const at = blamed(stack);
    return screenLines(
      {
        ...campaign.totals,
        moduleName,
        seed,
        seconds: this.seconds,
        latest: at ? `${title} in ${at.function}` : title,
        sinceNew: this.lastNew === undefined ? undefined : this.secondsSinceNew,
        megabytes: process.memoryUsage.rss() >> 20,
        growth: history.samples.map((sample) => sample.edges),
      },
      columns,
    );
  }

  private line(campaign: Campaign, what: string, more: string): void {
    if (!this.quiet) this.say(`${this.describe(campaign, what)}${more}\n`);
  }

  /** Asking the kernel takes longer than many a run. */
  private megabytes(): number {
    if (this.now() - this.rssAsked > RSS_MS) {
      this.rssAsked = this.now();
      this.rss = Math.round(process.memoryUsage.rss() / MIB);
    }
    return this.rss;
  }

  private describe(campaign: Campaign, what: string): string {
    const { runs, edges, features, units, bytes } = campaign.totals;
    const rate = this.seconds > 0 ? Math.round(runs / this.seconds) : 0;
    const size = bytes < 10_000 ? `${bytes}b` : `${bytes >> 10}Kb`;
    const limit = campaign.limit > 0 ? ` lim: ${campaign.limit}` : ''; // before the first mutation there is none
    const rss = this.megabytes();
    return `#${runs}\t${what.padEnd(6)} cov: ${edges} ft: ${features} corp: ${units}/${size}${limit} exec/s: ${rate} rss: ${rss}Mb`;
  }

  doneLine({ runs }: Campaign): string {
    return this.quiet ? '' : `Done ${runs} runs in ${Math.round(this.seconds)} second(s)\n`;
  }

  finalStats(campaign: Campaign): string {
    const { runs } = campaign.totals;
    const stats: [string, number][] = [
      ['number_of_executed_units', runs],
      ['average_exec_per_sec', Math.round(runs / Math.max(this.seconds, 0.001))],
      ['new_units_added', this.newUnits],
      ['slowest_unit_time_sec', Math.floor(campaign.slowest / 1000)],
      ['peak_rss_mb', Math.round(process.resourceUsage().maxRSS / 1024)],
    ];
    return stats.map(([name, value]) => `stat::${`${name}:`.padEnd(26)} ${value}\n`).join('');
  }
}
