// What a campaign shows on a terminal: a few lines, redrawn in place.

import type { Totals } from '../../fuzz/campaign.ts';

export interface ScreenFacts extends Totals {
  readonly moduleName: string;
  readonly seed: number;
  readonly seconds: number;
  /** Of the latest finding. */
  readonly latest: string;
  /** Seconds since a unit was added that reached something new; undefined if none was. */
  readonly sinceNew: number | undefined;
  readonly megabytes: number;
  /** Edges over time, as far as they fit. */
  readonly growth: readonly number[];
}

const BARS = '▁▂▃▄▅▆▇█';
const LABEL = 10;
const FIRST = 24;

/** Lines no wider than the terminal. */
export function screenLines(facts: ScreenFacts, columns: number): string[] {
  const number = (value: number) => value.toLocaleString('en');
  const rate = facts.seconds > 0 ? Math.round(facts.runs / facts.seconds) : 0;
  const added = facts.sinceNew === undefined ? 'none yet' : `${clock(facts.sinceNew)} ago`;
  const lines = [
    `wasan fuzz ${facts.moduleName}   ${clock(facts.seconds)}   seed ${facts.seed}`,
    pair(
      'runs',
      `${number(facts.runs)}, ${number(rate)}/s`,
      'edges',
      `${number(facts.edges)} (${number(facts.features)} features)`,
    ),
    pair('corpus', `${number(facts.units)} units, ${size(facts.bytes)}`, 'new unit', added),
    pair(
      'findings',
      `${number(facts.findings)} (+${number(facts.duplicates)} again)`,
      'memory',
      `${facts.megabytes} MiB`,
    ),
    `${'latest'.padEnd(LABEL)}${facts.latest || 'nothing found'}`,
    `${'coverage'.padEnd(LABEL)}${sparkline(facts.growth, columns - LABEL - 1)}`,
  ];
  return lines.map((line) => line.slice(0, columns - 1));
}

function pair(label: string, value: string, other: string, otherValue: string): string {
  return `${label.padEnd(LABEL)}${value.padEnd(FIRST)}  ${other.padEnd(LABEL)}${otherValue}`;
}

function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (n: number) => String(n).padStart(2, '0');
  const minutes = Math.floor(whole / 60) % 60;
  return `${Math.floor(whole / 3600)}:${two(minutes)}:${two(whole % 60)}`;
}

function size(bytes: number): string {
  return bytes < 10_000 ? `${bytes} bytes` : `${Math.round(bytes / 1024)} KiB`;
}

/** One bar per column: how much of today's coverage there was by then. */
function sparkline(values: readonly number[], width: number): string {
  const most = Math.max(1, ...values);
  const columns = Math.max(0, Math.min(width, values.length));
  return Array.from({ length: columns }, (_, i) => {
    const value = values[Math.floor(((i + 1) * values.length) / columns) - 1]!;
    return BARS[Math.min(BARS.length - 1, Math.floor((value / most) * (BARS.length - 1)))]!;
  }).join('');
}
