// The whole memory of the program as one picture: each cell stands for the same number of bytes and has the colour of what
// there is most of in them, poison first. As SVG, with the same in words.
import { count, escapeHtml } from './html-parts.ts';
import type { ShadowTone } from './shadow-legend.ts';

/** One tone per cell, from address 0 up. */
export interface MemoryOverview {
  readonly cellBytes: number;
  readonly tones: readonly ShadowTone[];
}

export const OVERVIEW_CELLS = 4096;
const COLUMNS = 128;
const CELL = 8;

const WORDS: Readonly<Record<ShadowTone, string>> = {
  valid: 'addressable',
  partial: 'partly addressable',
  redzone: 'redzones',
  freed: 'freed',
  poisoned: 'poisoned',
  internal: 'out of reach',
};

export function memoryOverview({ cellBytes, tones }: MemoryOverview): string {
  const rows = Math.ceil(tones.length / COLUMNS);
  const words = `${count(tones.length * cellBytes, 'byte')}, ${count(cellBytes, 'byte')} a cell, ${count(COLUMNS * cellBytes, 'byte')} a row, address 0 at the top left: ${shares(tones)}.`;
  const legend = present(tones).map((tone) => `<li><span class="swatch ${tone}">&nbsp;</span> ${WORDS[tone]}</li>`);
  return `<figure class="overview">
<svg viewBox="0 0 ${COLUMNS * CELL} ${rows * CELL}" role="img" aria-label="${escapeHtml(`The program's memory: ${words}`)}">${rectangles(tones)}</svg>
<figcaption>${escapeHtml(words)}</figcaption>
<ul class="legend" aria-label="Legend of the memory picture">${legend.join('')}</ul>
</figure>`;
}

function present(tones: readonly ShadowTone[]): ShadowTone[] {
  return (Object.keys(WORDS) as ShadowTone[]).filter((tone) => tones.includes(tone));
}

function shares(tones: readonly ShadowTone[]): string {
  const parts = present(tones).map((tone) => {
    const share = (100 * tones.filter((t) => t === tone).length) / tones.length;
    return `${WORDS[tone]} ${share < 1 ? 'below 1' : Math.round(share)} %`;
  });
  return parts.join(', ');
}

/** Equal neighbours in a row are one rectangle. */
function rectangles(tones: readonly ShadowTone[]): string {
  const found: string[] = [];
  for (let from = 0; from < tones.length; ) {
    const rowEnd = Math.min(tones.length, (Math.floor(from / COLUMNS) + 1) * COLUMNS);
    let to = from + 1;
    while (to < rowEnd && tones[to] === tones[from]) to++;
    const [x, y] = [(from % COLUMNS) * CELL, Math.floor(from / COLUMNS) * CELL];
    found.push(`<rect class="${tones[from]}" x="${x}" y="${y}" width="${(to - from) * CELL}" height="${CELL}"/>`);
    from = to;
  }
  return found.join('');
}
