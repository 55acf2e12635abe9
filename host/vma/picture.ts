// Histories as one self-contained HTML page: per policy a chart with one lane per area over time (which pages it holds,
// which of them are written, where it merges into another one) and a chart of the window over time. Pure text in and out.
import { VM_EXEC, VM_READ, VM_SHARED, VM_WRITE } from '../../runtime/vma-layout.ts';
import type { History, HistoryStep } from './history.ts';
import { permissions } from './replay.ts';
import { errnoName, summaryText } from './side-by-side.ts';
import type { Area } from './space.ts';

const STEP = 64; // pixels per step
const LANE = 22;
const LEFT = 150;
const TOP = 26;
const ROW = 16; // one step in the window chart
const WIDTH = 900; // of the window chart

interface Lane {
  serial: number;
  born: number;
  /** First step at which the area is gone; the number of steps when it lives on. */
  gone: number;
  /** Lane that took its pages over, when it vanished in a merge. */
  mergedInto: number | null;
  shapes: Area[];
}

function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

/** The area that holds all of `lost` one step later, if there is one: it merged. */
function heirOf(lost: Area, step: HistoryStep): number | null {
  return step.areas.find((area) => area.start <= lost.start && area.end >= lost.end)?.serial ?? null;
}

export function lanesOf(history: History): Lane[] {
  const lanes = new Map<number, Lane>();
  for (const [index, step] of history.steps.entries()) {
    const alive = new Set(step.areas.map((area) => area.serial));
    for (const lane of lanes.values()) {
      if (lane.gone !== history.steps.length || alive.has(lane.serial)) continue;
      lane.gone = index;
      lane.mergedInto = heirOf(lane.shapes.at(-1) as Area, step);
    }
    for (const area of step.areas) {
      const lane = lanes.get(area.serial);
      if (lane) lane.shapes.push(area);
      else
        lanes.set(area.serial, {
          serial: area.serial,
          born: index,
          gone: history.steps.length,
          mergedInto: null,
          shapes: [area],
        });
    }
  }
  return [...lanes.values()];
}

function rightsClass(flags: number): string {
  if (flags & VM_SHARED) return 'shared';
  if (flags & VM_EXEC) return 'exec';
  if (flags & VM_WRITE) return 'write';
  return flags & VM_READ ? 'read' : 'none';
}

/** Written pages of an area as fractions of it. */
function writtenIn(area: Area, step: HistoryStep): [number, number][] {
  const size = area.end - area.start;
  return step.present
    .map(([from, to]): [number, number] => [Math.max(from, area.start), Math.min(to, area.end)])
    .filter(([from, to]) => to > from)
    .map(([from, to]) => [(from - area.start) / size, (to - area.start) / size]);
}

function laneSegment(area: Area, step: HistoryStep, x: number, y: number, startPage: number): string {
  const label = `${area.start - startPage}-${area.end - startPage}`;
  const title = `${label} ${permissions(area.flags)} after "${step.text}"${area.anon ? `, anon_vma ${area.anon}` : ''}`;
  const marks = writtenIn(area, step).map(
    ([from, to]) =>
      `<rect class="faulted" x="${(x + from * STEP).toFixed(1)}" y="${y + LANE - 8}" width="${((to - from) * STEP).toFixed(1)}" height="4"/>`,
  );
  return (
    `<g><title>${escapeText(title)}</title><rect class="${rightsClass(area.flags)}" x="${x}" y="${y}" width="${STEP}" height="${LANE - 4}"/>` +
    `${marks.join('')}<text x="${x + 3}" y="${y + 9}">${label}</text></g>`
  );
}

function laneChart(history: History): string {
  const lanes = lanesOf(history);
  const rowOf = new Map(lanes.map((lane, row) => [lane.serial, row]));
  const y = (row: number) => TOP + row * LANE;
  const x = (step: number) => LEFT + step * STEP;
  const parts: string[] = [];
  for (const [row, lane] of lanes.entries()) {
    parts.push(`<text class="name" x="4" y="${y(row) + 12}">area ${lane.serial}</text>`);
    for (const [i, area] of lane.shapes.entries()) {
      const step = history.steps[lane.born + i] as HistoryStep;
      parts.push(laneSegment(area, step, x(lane.born + i), y(row), history.startPage));
    }
    const heir = lane.mergedInto === null ? undefined : rowOf.get(lane.mergedInto);
    if (heir !== undefined) parts.push(mergeArrow(x(lane.gone), y(row) + LANE / 2 - 2, y(heir) + LANE / 2 - 2));
  }
  const width = x(history.steps.length) + 20;
  const numbers = history.steps.map((step, i) => stepLabel(step, x(i)));
  return `<svg width="${width}" height="${y(lanes.length) + 8}">${numbers.join('')}${parts.join('')}</svg>`;
}

function stepLabel(step: HistoryStep, x: number): string {
  const error = 'err' in step.outcome ? ` ${errnoName(step.outcome.err)}` : '';
  return `<text class="step" x="${x}" y="16"><title>${escapeText(step.text + error)}</title>${step.line}${error ? ' !' : ''}</text>`;
}

function mergeArrow(x: number, from: number, to: number): string {
  return `<path class="merge" d="M${x} ${from} C${x + 14} ${from} ${x + 14} ${to} ${x + 2} ${to}"/><circle class="merge" cx="${x}" cy="${to}" r="2.5"/>`;
}

/** The pages that anything ever lay in, and one more on either side. */
function extentOf(histories: readonly History[]): [number, number] {
  const areas = histories.flatMap((history) => history.steps.flatMap((step) => step.areas));
  if (!areas.length) return [0, 1];
  return [Math.min(...areas.map((area) => area.start)) - 1, Math.max(...areas.map((area) => area.end)) + 1];
}

/** Gaps that are never used shrink to a page's width, so that far moves stay readable. */
function scaleOf(histories: readonly History[]): (page: number) => number {
  const edges = new Set<number>(extentOf(histories));
  for (const history of histories) {
    for (const area of history.steps.flatMap((step) => step.areas)) edges.add(area.start).add(area.end);
  }
  const sorted = [...edges].sort((a, b) => a - b);
  const widths = sorted.slice(1).map((edge, i) => Math.min(edge - (sorted[i] as number), 12));
  const total = widths.reduce((sum, width) => sum + width, 0) || 1;
  return (page) => {
    let at = 0;
    for (const [i, width] of widths.entries()) {
      const from = sorted[i] as number;
      const to = sorted[i + 1] as number;
      if (page <= to) return LEFT + ((at + ((page - from) / (to - from)) * width) / total) * WIDTH;
      at += width;
    }
    return LEFT + WIDTH;
  };
}

function windowChart(history: History, scale: (page: number) => number): string {
  const rows = history.steps.map((step, i) => {
    const y = TOP + i * ROW;
    const rect = (kind: string, from: number, to: number, height: number, title: string) =>
      `<rect class="${kind}" x="${scale(from).toFixed(1)}" y="${y + (ROW - 3 - height)}" width="${Math.max(1, scale(to) - scale(from)).toFixed(1)}" height="${height}"><title>${escapeText(title)}</title></rect>`;
    const areas = step.areas.map((area) => {
      const label = `${area.start - history.startPage}-${area.end - history.startPage} ${permissions(area.flags)}`;
      return rect(rightsClass(area.flags), area.start, area.end, ROW - 3, label);
    });
    const faulted = step.present.map(([from, to]) => rect('faulted', from, to, 4, 'written'));
    return `<text class="name" x="4" y="${y + 11}">${step.line} ${escapeText(step.text.slice(0, 22))}</text>${areas.join('')}${faulted.join('')}`;
  });
  return `<svg width="${LEFT + WIDTH + 20}" height="${TOP + history.steps.length * ROW + 8}">${rows.join('')}</svg>`;
}

const STYLE = `
body{font:14px system-ui,sans-serif;margin:24px;background:#fff;color:#222}
h2{margin:24px 0 4px}pre{background:#f5f5f5;padding:8px;overflow:auto}
div.chart{overflow-x:auto;border:1px solid #ddd;margin:4px 0 12px}
svg text{font:10px ui-monospace,monospace;fill:#222;pointer-events:none}svg text.step{pointer-events:auto}
svg rect{stroke:#fff;stroke-width:1}
.write{fill:#9ecae1}.read{fill:#c7e9c0}.exec{fill:#fdd0a2}.none{fill:#d9d9d9}.shared{fill:#dadaeb}
.faulted{fill:#08519c;stroke:none!important}path.merge{fill:none;stroke:#d94801;stroke-width:1.5}circle.merge{fill:#d94801}
.key span{padding:1px 8px;margin-right:8px}
@media (prefers-color-scheme:dark){body{background:#1b1b1b;color:#ddd}pre{background:#262626}svg text{fill:#ddd}
svg g text{fill:#111}svg rect{stroke:#1b1b1b}div.chart{border-color:#444}}`;

const KEY = `<p class="key"><span style="background:#9ecae1;color:#111">writable</span><span style="background:#c7e9c0;color:#111">read-only</span>
<span style="background:#fdd0a2;color:#111">executable</span><span style="background:#d9d9d9;color:#111">no access</span><span style="background:#dadaeb;color:#111">shared</span>
<span style="background:#08519c;color:#fff">written pages</span><span style="color:#d94801">&#9679; a merge</span></p>`;

/** The page. Numbers are pages of the window; hovering says what a bar is. */
export function picturePage(histories: readonly History[], title = 'Memory areas over time'): string {
  const scale = scaleOf(histories);
  const sections = histories.map(
    (history) =>
      `<h2>${history.policy}</h2><p>One lane per area, one column per step.</p><div class="chart">${laneChart(history)}</div>` +
      `<p>The window, one row per step.</p><div class="chart">${windowChart(history, scale)}</div>`,
  );
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeText(title)}</title><style>${STYLE}</style></head>` +
    `<body><h1>${escapeText(title)}</h1>${KEY}<pre>${escapeText(summaryText(histories))}</pre>${sections.join('')}</body></html>\n`
  );
}
