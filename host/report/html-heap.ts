// The heap of the HTML report: live and quarantined bytes over time as a drawing, its figures as text, and the list of mappings.
import { count, escapeHtml, table } from './html-parts.ts';
import type { MappingDescription } from './place.ts';

/** One step in the life of the heap, in order. "release" is a block that leaves the quarantine. */
export interface HeapEvent {
  readonly what: 'allocate' | 'free' | 'release';
  readonly address: number;
  readonly size: number;
}

/** The newest events, and what the ones before them add up to. */
export interface HeapHistory {
  readonly events: readonly HeapEvent[];
  readonly before?: { readonly events: number; readonly live: number; readonly held: number };
}

interface Sample {
  readonly live: number;
  readonly held: number;
}

const WIDTH = 960;
const HEIGHT = 240;
const LEFT = 8;
const BOTTOM = 24;
const LAST_EVENTS = 100;

/** The drawing and, for those who do not see it, the same in words and as a table. */
export function heapTimeline(history: HeapHistory, guilty: readonly number[]): string {
  const { events, before } = history;
  if (events.length === 0) return '<p class="quiet">No heap events were recorded.</p>';
  const earlier = before?.events ?? 0;
  const samples = accumulate(history);
  const peak = Math.max(1, ...columns(samples).map(({ live, held }) => live + held));
  const last = samples.at(-1)!;
  const skipped = earlier > 0 ? ` after ${count(earlier, 'earlier one')}` : '';
  const words = `${count(events.length, 'event')}${skipped}; at the end ${count(last.live, 'byte')} live and ${count(last.held, 'byte')} in quarantine, ${count(peak, 'byte')} together at the peak.`;
  return `<figure class="timeline">
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(`Heap over time: ${words}`)}">
${drawing(samples, peak)}${marks(events, guilty, earlier)}
<text x="${LEFT}" y="14">${peak.toLocaleString('en')} bytes</text>
<text x="${LEFT}" y="${HEIGHT - 6}">event ${(earlier + 1).toLocaleString('en')}</text>
<text x="${WIDTH - LEFT}" y="${HEIGHT - 6}" text-anchor="end">event ${(earlier + events.length).toLocaleString('en')}</text>
</svg>
<figcaption>${escapeHtml(words)} <span class="swatch live">live</span> <span class="swatch held">quarantine</span> <span class="swatch moment">a block of a finding changed hands</span></figcaption>
</figure>
<details><summary>The last ${Math.min(LAST_EVENTS, events.length)} events as a table</summary>${eventTable(events, earlier)}</details>`;
}

function accumulate({ events, before }: HeapHistory): Sample[] {
  let live = before?.live ?? 0;
  let held = before?.held ?? 0;
  return events.map(({ what, size }) => {
    if (what === 'allocate') live += size;
    else if (what === 'free') [live, held] = [live - size, held + size];
    else held -= size;
    return { live, held };
  });
}

/** At most one sample for each unit of width: the highest of those that fall on it. */
function columns(samples: readonly Sample[]): Sample[] {
  const width = WIDTH - 2 * LEFT;
  if (samples.length <= width) return [...samples];
  const highest: Sample[] = [];
  samples.forEach((sample, index) => {
    const column = Math.floor((index * width) / samples.length);
    const known = highest[column];
    if (!known || sample.live + sample.held > known.live + known.held) highest[column] = sample;
  });
  return highest;
}

function drawing(samples: readonly Sample[], peak: number): string {
  const drawn = columns(samples);
  const x = (index: number): number => LEFT + ((WIDTH - 2 * LEFT) * index) / drawn.length;
  const y = (bytes: number): number => HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - 20) * bytes) / peak;
  const area = (className: string, top: (sample: Sample) => number): string => {
    const steps = drawn.map((sample, index) => {
      const level = y(top(sample)).toFixed(1);
      return `${x(index).toFixed(1)},${level} ${x(index + 1).toFixed(1)},${level}`;
    });
    return `<polygon class="${className}" points="${LEFT},${y(0)} ${steps.join(' ')} ${WIDTH - LEFT},${y(0)}"/>`;
  };
  return area('held', ({ live, held }) => live + held) + area('live', ({ live }) => live);
}

/** A line where a block that a finding is about was allocated, freed or released. */
function marks(events: readonly HeapEvent[], guilty: readonly number[], earlier: number): string {
  const wanted = new Set(guilty);
  return events
    .flatMap(({ address, what }, index) => {
      if (!wanted.has(address)) return [];
      const x = (LEFT + ((WIDTH - 2 * LEFT) * (index + 0.5)) / events.length).toFixed(1);
      const title = `event ${earlier + index + 1}: ${what} 0x${address.toString(16)}`;
      return [
        `<line class="moment" x1="${x}" x2="${x}" y1="20" y2="${HEIGHT - BOTTOM}"><title>${title}</title></line>`,
      ];
    })
    .join('');
}

function eventTable(events: readonly HeapEvent[], earlier: number): string {
  const start = Math.max(0, events.length - LAST_EVENTS);
  const rows = events
    .slice(start)
    .map(({ what, address, size }, index) => [
      String(earlier + start + index + 1),
      what,
      `0x${address.toString(16)}`,
      String(size),
    ]);
  return table('Heap events', ['Event', 'What', 'Address', 'Bytes'], rows);
}

/** The areas of the program's memory, in order of address. */
export function mappingTable(mappings: readonly MappingDescription[]): string {
  const rows = [...mappings]
    .sort((a, b) => a.begin - b.begin)
    .map(({ begin, end, flags, name, mapped }) => [
      `<code>0x${begin.toString(16)}-0x${end.toString(16)}</code>`,
      String(end - begin),
      escapeHtml(mapped ? flags : 'unmapped'),
      escapeHtml(name ?? ''),
    ]);
  return table('In order of address', ['Range', 'Bytes', 'Access', 'What'], rows);
}
