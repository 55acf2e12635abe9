// The shadow map of the HTML report: a table of granules around the guilty one. It is complete without a script; the script
// (html-script.ts) replaces it by the whole window, with zoom and arrow keys.
import * as abi from '../../runtime/abi.ts';
import { escapeHtml } from './html-parts.ts';
import type { MemoryBytes, ReportHead, ShadowMap } from './report.ts';
import { legendOf, meaningOf, type Scheme } from './shadow-legend.ts';
import { asanAddress, hexByte } from './style.ts';

const ROW = 16;
const ROWS_WITHOUT_SCRIPT = 5;

/** Everything the script needs to draw the window again, as the JSON of a data attribute. */
export interface MapData {
  readonly first: number;
  readonly guilty: number;
  /** Shadow bytes in hexadecimal. */
  readonly shadow: string;
  readonly digits: number;
  readonly granule: number;
  readonly contentFirst?: number;
  readonly content?: string;
  /** Label and tone of every byte value that occurs. */
  readonly meanings: Readonly<Record<string, readonly [label: string, tone: string]>>;
}

export function shadowMap(shadow: ShadowMap, content: MemoryBytes | undefined, head: ReportHead, id: string): string {
  const data = mapData(shadow, content, head);
  return `<figure class="map" data-map="${escapeHtml(JSON.stringify(data))}" aria-labelledby="${id}-caption">
<figcaption id="${id}-caption">Shadow memory around ${asanAddress(shadow.guilty * abi.GRANULE, head)}: one cell for each ${abi.GRANULE} bytes, the guilty one framed</figcaption>
<div class="tools" hidden>
<label>Zoom <input type="range" min="1" max="4" value="3" step="1" class="zoom"></label>
<button type="button" class="guilty-button">Go to the guilty cell</button>
<span class="quiet">In the map: arrow keys move, + and − zoom, g finds the guilty cell.</span>
</div>
<div class="view" data-zoom="3" tabindex="0" role="group" aria-label="Shadow memory">${staticTable(shadow, head)}</div>
<p class="status" role="status" aria-live="polite">${escapeHtml(cellText(shadow, shadow.guilty, head))}</p>
${legend(shadow, head.scheme)}
</figure>`;
}

function mapData(shadow: ShadowMap, content: MemoryBytes | undefined, head: ReportHead): MapData {
  const meanings: Record<string, [string, string]> = {};
  for (const byte of new Set(shadow.bytes)) {
    const { label, tone } = meaningOf(byte, head.scheme);
    meanings[hexByte(byte)] = [label, tone];
  }
  return {
    first: shadow.first,
    guilty: shadow.guilty,
    shadow: Array.from(shadow.bytes, hexByte).join(''),
    digits: head.pointerBytes === 8 ? 12 : 8,
    granule: abi.GRANULE,
    meanings,
    ...(content && { contentFirst: content.first, content: Array.from(content.bytes, hexByte).join('') }),
  };
}

function staticTable(shadow: ShadowMap, head: ReportHead): string {
  const guiltyRow = Math.floor(shadow.guilty / ROW) * ROW;
  const rows: string[] = [];
  for (let step = -ROWS_WITHOUT_SCRIPT; step <= ROWS_WITHOUT_SCRIPT; step++) {
    const row = guiltyRow + step * ROW;
    const start = row - shadow.first;
    if (start < 0 || start >= shadow.bytes.length) continue;
    const cells = Array.from(shadow.bytes.subarray(start, start + ROW), (byte, index) => {
      const guilty = row + index === shadow.guilty ? ' guilty' : '';
      return `<td class="${meaningOf(byte, head.scheme).tone}${guilty}">${hexByte(byte)}</td>`;
    });
    rows.push(`<tr><th scope="row">${asanAddress(row * abi.GRANULE, head)}</th>${cells.join('')}</tr>`);
  }
  return `<table class="shadow">${rows.join('')}</table>`;
}

function cellText(shadow: ShadowMap, granule: number, head: ReportHead): string {
  const byte = shadow.bytes[granule - shadow.first];
  const begin = granule * abi.GRANULE;
  const range = `${asanAddress(begin, head)} to ${asanAddress(begin + abi.GRANULE - 1, head)}`;
  return byte === undefined ? range : `${range}: ${hexByte(byte)}, ${meaningOf(byte, head.scheme).label}`;
}

/** Only the values that occur in the window, in legend order. */
function legend(shadow: ShadowMap, scheme: Scheme): string {
  const present = new Set(shadow.bytes);
  const plain = [
    { label: 'Addressable', tone: 'valid', text: '00' },
    { label: 'Partially addressable', tone: 'partial', text: '01-07' },
  ];
  const poison = legendOf(scheme)
    .filter(({ value }) => present.has(value))
    .map(({ label, tone, value }) => ({ label, tone, text: hexByte(value) }));
  const items = [...plain, ...poison].map(
    ({ label, tone, text }) => `<li><span class="swatch ${tone}">${text}</span> ${escapeHtml(label)}</li>`,
  );
  return `<ul class="legend" aria-label="Legend">${items.join('')}</ul>`;
}
