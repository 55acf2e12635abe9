// Building blocks of the HTML report: escaping, stacks with their source, definition lists. Strings in, strings out.
import type { StackFrame } from './place.ts';
import { modulePosition, PLAIN_STYLE, sourcePosition } from './style.ts';

/** Lines of source shown on either side of a frame's line. */
const LINES_AROUND = 4;

/** Text of a source file by the name debug information gives it, if somebody has it. */
export type SourceOf = (file: string) => string | undefined;

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A stack as an ordered list; the innermost frame that has a source shows it at once, the others on demand. */
export function stackList(frames: readonly StackFrame[], moduleName: string, source: SourceOf): string {
  if (frames.length === 0) return '<p class="quiet">The stack is not available.</p>';
  const excerpts = frames.map((frame) => sourceExcerpt(frame, source));
  const opened = excerpts.findIndex((excerpt) => excerpt !== undefined);
  const items = frames.map(
    (frame, index) => `<li>${frameHtml(frame, moduleName, excerpts[index], index === opened)}</li>`,
  );
  return `<ol class="stack" start="0">${items.join('')}</ol>`;
}

function frameHtml(frame: StackFrame, moduleName: string, excerpt: string | undefined, open: boolean): string {
  const name =
    frame.function === '' ? '<span class="quiet">(no name)</span>' : `<code>${escapeHtml(frame.function)}</code>`;
  const inlined = frame.inlined ? ' <span class="quiet">(inlined)</span>' : '';
  const position = sourcePosition(frame, PLAIN_STYLE) ?? modulePosition(frame, moduleName) ?? '';
  const title = `${name}${inlined} <span class="position">${escapeHtml(position)}</span>`;
  return excerpt === undefined
    ? title
    : `<details${open ? ' open' : ''}><summary>${title}</summary>${excerpt}</details>`;
}

/** The lines around a frame, the guilty one marked in words and with a caret at its column, not by colour alone. */
function sourceExcerpt(frame: StackFrame, source: SourceOf): string | undefined {
  const text = frame.file === undefined || !frame.line ? undefined : source(frame.file);
  const lines = text?.split(/\r?\n/);
  if (!lines || !frame.line || frame.line > lines.length) return undefined;
  const first = Math.max(1, frame.line - LINES_AROUND);
  const last = Math.min(lines.length, frame.line + LINES_AROUND);
  const width = String(last).length;
  const rows: string[] = [];
  for (let number = first; number <= last; number++) {
    const code = lines[number - 1]!;
    const guilty = number === frame.line;
    const label = `${guilty ? '>' : ' '} ${String(number).padStart(width)}  `;
    const row = escapeHtml(label + code);
    rows.push(guilty ? `<mark>${row}</mark>` : row);
    if (guilty && frame.column) rows.push(`${' '.repeat(label.length)}${caretIndent(code, frame.column)}^`);
  }
  return `<pre class="source" tabindex="0" aria-label="Source of ${escapeHtml(frame.file!)}, line ${frame.line} marked">${rows.join('\n')}</pre>`;
}

/** White space that is as wide as the code before the column: tabs stay tabs. */
function caretIndent(code: string, column: number): string {
  return code.slice(0, column - 1).replace(/[^\t]/g, ' ');
}

/** A definition list; entries without a value are left out. */
export function definitions(entries: readonly (readonly [term: string, value: string | undefined])[]): string {
  const rows = entries
    .filter(([, value]) => value !== undefined)
    .map(([term, value]) => `<div><dt>${escapeHtml(term)}</dt><dd>${value}</dd></div>`);
  return `<dl>${rows.join('')}</dl>`;
}

/** A table with a caption and a header row; cells are HTML. */
export function table(caption: string, heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heads.map((text) => `<th scope="col">${escapeHtml(text)}</th>`).join('');
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('');
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(caption)}"><table class="data"><caption>${escapeHtml(caption)}</caption><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

export function count(amount: number, noun: string): string {
  return `${amount.toLocaleString('en')} ${noun}${amount === 1 ? '' : 's'}`;
}
