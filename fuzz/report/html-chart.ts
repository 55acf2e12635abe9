// The chart of a campaign: edges covered and units kept over time, as a drawing and in words.

import { count, escapeHtml, table } from '../../host/report/html-parts.ts';
import type { Sample } from './history.ts';

const WIDTH = 960;
const HEIGHT = 260;
const LEFT = 64;
const RIGHT = 64;
const TOP = 16;
const BOTTOM = 28;
const TICKS = 4;

/** The drawing and, for those who do not see it, the same in words and as a table. */
export function coverageChart(samples: readonly Sample[]): string {
  const last = samples.at(-1);
  if (!last) return '<p class="quiet">The campaign ended before anything was measured.</p>';
  const seconds = Math.max(last.seconds, 0.001);
  const words = `${count(last.edges, 'edge')}, ${count(last.features, 'feature')} and ${count(last.units, 'unit')} after ${count(last.runs, 'run')} in ${seconds.toFixed(1)} s.`;
  const x = (sample: Sample) => LEFT + ((WIDTH - LEFT - RIGHT) * sample.seconds) / seconds;
  const edges = axis(Math.max(1, ...samples.map((s) => s.edges)));
  const units = axis(Math.max(1, ...samples.map((s) => s.units)));
  return `<figure class="timeline">
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(`Coverage over time: ${words}`)}">
${ticks(edges, LEFT - 8, 'end')}${ticks(units, WIDTH - RIGHT + 8, 'start')}
${steps(samples, x, (s) => edges.y(s.edges), 'edges')}${steps(samples, x, (s) => units.y(s.units), 'units')}
<text x="${LEFT}" y="${HEIGHT - 8}">0 s</text>
<text x="${WIDTH - RIGHT}" y="${HEIGHT - 8}" text-anchor="end">${seconds.toFixed(1)} s</text>
</svg>
<figcaption>${escapeHtml(words)} <span class="swatch edges">solid: edges (left)</span> <span class="swatch units">dashed: units (right)</span></figcaption>
</figure>
<details><summary>As a table</summary>${asTable(samples)}</details>`;
}

interface Axis {
  readonly most: number;
  readonly y: (value: number) => number;
}

function axis(most: number): Axis {
  return { most, y: (value) => HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - TOP) * value) / most };
}

function ticks({ most, y }: Axis, x: number, anchor: 'start' | 'end'): string {
  const values = Array.from({ length: TICKS + 1 }, (_, i) => Math.round((most * i) / TICKS));
  return [...new Set(values)]
    .map((value) => {
      const line = `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}"/>`;
      const label = `<text x="${x}" y="${y(value) + 4}" text-anchor="${anchor}">${value.toLocaleString('en')}</text>`;
      return (anchor === 'end' ? line : '') + label;
    })
    .join('');
}

/** Coverage holds until it grows: lines of steps. */
function steps(
  samples: readonly Sample[],
  x: (sample: Sample) => number,
  y: (sample: Sample) => number,
  name: string,
): string {
  const path = samples.map((sample, i) =>
    i === 0 ? `M${at(x(sample), y(sample))}` : `H${x(sample).toFixed(1)}V${y(sample).toFixed(1)}`,
  );
  return `<path class="${name}" d="${path.join('')}"/>`;
}

function at(x: number, y: number): string {
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}

function asTable(samples: readonly Sample[]): string {
  const every = Math.ceil(samples.length / 40);
  const shown = samples.filter((_, i) => i % every === 0 || i === samples.length - 1);
  const number = (value: number) => value.toLocaleString('en');
  const rows = shown.map((s) => [
    s.seconds.toFixed(1),
    number(s.runs),
    number(s.edges),
    number(s.features),
    number(s.units),
  ]);
  return table('Coverage over time', ['seconds', 'runs', 'edges', 'features', 'units'], rows);
}
