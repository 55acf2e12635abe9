// What a section of the bench hands back, and its tables as text. Numbers only come from the run that prints them.

import type { Spread } from './statistics.ts';

export type Cell = string | number | Spread;

export interface Goal {
  readonly what: string;
  readonly limit: string;
  readonly measured: string;
  readonly met: boolean;
  /** The title of the table that says why, where it is missed. */
  readonly why?: string;
}

/** Bars: one group per row that has numbers in all of `columns`. */
export interface BarChart {
  readonly kind: 'bars';
  readonly columns: readonly string[];
  readonly unit: string;
}

/** Lines on logarithmic axes: columns over the first column. */
export interface LineChart {
  readonly kind: 'lines';
  readonly columns: readonly string[];
  readonly unit: string;
}

export interface Table {
  readonly title: string;
  /** What the columns mean, and what the table shows. */
  readonly text?: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  readonly chart?: BarChart | LineChart;
  readonly goals?: readonly Goal[];
}

/** A goal `value <= limit` (or `>=`); `why` as in Goal. */
export function goal(
  what: string,
  value: number,
  comparison: '<=' | '>=',
  limit: number,
  unit: string,
  why?: string,
): Goal {
  return {
    ...(why !== undefined && { why }),
    what,
    limit: `${comparison} ${limit}${unit}`,
    measured: `${format(value)}${unit}`,
    met: comparison === '<=' ? value <= limit : value >= limit,
  };
}

/** A markdown table; in a terminal it reads as well. */
export function table({ title, text, columns, rows, goals }: Table): string {
  const cells = [columns, ...rows.map((r) => r.map(format))];
  const widths = columns.map((_, i) => Math.max(...cells.map((r) => String(r[i] ?? '').length)));
  const line = (r: readonly string[]) =>
    `| ${r.map((c, i) => (i === 0 ? c.padEnd(widths[i]!) : c.padStart(widths[i]!))).join(' | ')} |`;
  const rule = `|${widths.map((w, i) => (i === 0 ? '-'.repeat(w + 2) : `${'-'.repeat(w + 1)}:`)).join('|')}|`;
  const judged = (goals ?? []).map(
    (g) => `- ${g.what}: ${g.measured}, goal ${g.limit}: ${g.met ? 'met' : '**missed**'}`,
  );
  return [
    `### ${title}\n`,
    ...(text ? [`${text}\n`] : []),
    line(cells[0]!),
    rule,
    ...cells.slice(1).map(line),
    ...(judged.length > 0 ? ['', ...judged] : []),
    '',
  ].join('\n');
}

/** The number a cell stands for, if any. */
export function numberIn(cell: Cell | undefined): number | undefined {
  return typeof cell === 'object' ? cell.median : typeof cell === 'number' ? cell : undefined;
}

export function format(value: Cell): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'object') return `${format(value.median)} (${format(value.low)}-${format(value.high)})`;
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toString();
  return Math.abs(value) >= 0.1 || value === 0 ? value.toFixed(2) : value.toPrecision(2);
}
