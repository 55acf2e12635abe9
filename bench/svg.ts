// Charts as SVG, readable on light and dark pages: grouped horizontal bars, and lines on logarithmic axes.

import { type Cell, format, numberIn, type Table } from './report.ts';

const WIDTH = 760;
const LABEL = 190;
const COLOURS = ['#4c78a8', '#f58518', '#54a24b', '#b279a2', '#e45756', '#72b7b2'];
const GREY = '#808080';
/** A bar longer than this many times the median bar is cut, with its number beside it. */
const CUT = 4;

export function chartOf(table: Table): string | undefined {
  if (!table.chart) return undefined;
  return table.chart.kind === 'bars' ? bars(table) : lines(table);
}

function bars(table: Table): string {
  const { columns: names, unit } = table.chart!;
  const columns = names.map((name) => table.columns.indexOf(name));
  const rows = table.rows.filter((r) => columns.some((c) => numberIn(r[c]) !== undefined));
  const values = rows.flatMap((r) => columns.map((c) => numberIn(r[c]) ?? 0));
  const median = [...values].sort((a, b) => a - b)[values.length >> 1]!;
  const most = Math.min(Math.max(...values), median * CUT);
  const scale = (WIDTH - LABEL - 80) / most;
  const marks: string[] = [];
  let y = 34;
  for (const row of rows) {
    marks.push(text(LABEL - 8, y + 8 * columns.length + 4, String(row[0]), 'end'));
    for (const [i, c] of columns.entries()) {
      const value = numberIn(row[c]);
      if (value !== undefined) marks.push(bar(y, Math.min(value, most) * scale, i, `${format(value)}${unit}`));
      y += 16;
    }
    y += 8;
  }
  const one = LABEL + scale;
  marks.push(`<line x1="${one}" y1="28" x2="${one}" y2="${y}" stroke="${GREY}" stroke-dasharray="3 3"/>`);
  return document(table.title, y + 8, [...legend(names), ...marks]);
}

function bar(y: number, length: number, colour: number, label: string): string {
  const rect = `<rect x="${LABEL}" y="${y}" width="${length.toFixed(1)}" height="14" fill="${COLOURS[colour % COLOURS.length]}"/>`;
  return rect + text(LABEL + length + 6, y + 12, label, 'start');
}

interface Axis {
  readonly low: number;
  readonly high: number;
  readonly at: (value: number) => number;
}

const HEIGHT = 320;
const LEFT = 70;
const BOTTOM = HEIGHT - 50;

function lines(table: Table): string {
  const { columns: names, unit } = table.chart!;
  const series = names.map((name) => pointsOf(table, table.columns.indexOf(name)));
  const x = axis(
    series.flat().map((p) => p[0]),
    LEFT,
    WIDTH - 20,
  );
  const y = axis(
    series.flat().map((p) => p[1]),
    BOTTOM,
    40,
  );
  const marks = [
    ...ticks(x, y),
    text((LEFT + WIDTH) / 2, HEIGHT - 10, table.columns[0]!, 'middle'),
    text(8, 36, unit, 'start'),
  ];
  for (const [i, points] of series.entries()) {
    const path = points.map(([a, b]) => `${x.at(a).toFixed(1)},${y.at(b).toFixed(1)}`).join(' ');
    const colour = COLOURS[i % COLOURS.length];
    marks.push(`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    for (const [a, b] of points)
      marks.push(`<circle cx="${x.at(a).toFixed(1)}" cy="${y.at(b).toFixed(1)}" r="3" fill="${colour}"/>`);
  }
  return document(table.title, HEIGHT, [...legend(names), ...marks]);
}

function pointsOf(table: Table, column: number): [number, number][] {
  return table.rows.flatMap((row): [number, number][] => {
    const a = amount(row[0]);
    const b = numberIn(row[column]);
    return a !== undefined && b !== undefined && a > 0 && b > 0 ? [[a, b]] : [];
  });
}

/** A row may be named by an amount: "1,000". */
function amount(cell: Cell | undefined): number | undefined {
  const value = typeof cell === 'string' ? Number(cell.replaceAll(',', '').split(' ')[0]) : numberIn(cell);
  return value === undefined || Number.isNaN(value) ? undefined : value;
}

function axis(values: readonly number[], from: number, to: number): Axis {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(Math.ceil(Math.log10(Math.max(...values))), low + 1);
  return { low, high, at: (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from) };
}

function ticks(x: Axis, y: Axis): string[] {
  const marks: string[] = [];
  const line = (a: number, b: number, c: number, d: number) =>
    marks.push(`<line x1="${a}" y1="${b}" x2="${c}" y2="${d}" stroke="${GREY}" stroke-opacity="0.3"/>`);
  for (let power = x.low; power <= x.high; power++) {
    const at = x.at(10 ** power);
    line(at, 40, at, BOTTOM);
    marks.push(text(at, BOTTOM + 18, short(power), 'middle'));
  }
  for (let power = y.low; power <= y.high; power++) {
    const at = y.at(10 ** power);
    line(LEFT, at, WIDTH - 20, at);
    marks.push(text(LEFT - 8, at + 4, short(power), 'end'));
  }
  return marks;
}

function short(power: number): string {
  return power >= -2 && power < 6 ? String(Number((10 ** power).toFixed(2))) : `1e${power}`;
}

function legend(names: readonly string[]): string[] {
  const step = Math.min(170, (WIDTH - LEFT) / names.length);
  return names.map((name, i) => {
    const x = LEFT + i * step;
    return `<rect x="${x}" y="6" width="12" height="12" fill="${COLOURS[i % COLOURS.length]}"/>${text(x + 18, 17, name, 'start')}`;
  });
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function document(title: string, height: number, marks: readonly string[]): string {
  const box = `width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`;
  const style = `font-family="system-ui, sans-serif" font-size="13" fill="${GREY}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${box} role="img" aria-label="${escaped(title)}" ${style}>\n${marks.join('\n')}\n</svg>\n`;
}

function escaped(content: string): string {
  return content.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
