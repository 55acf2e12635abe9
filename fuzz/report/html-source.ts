// Source coverage of the campaign's page: a table of files, and each file's lines with how many units reach them.

import { escapeHtml, type SourceOf, table } from '../../host/report/html-parts.ts';
import type { CoveredFile, CoveredLine } from './source-coverage.ts';

export function sourceSection(files: readonly CoveredFile[] | undefined, source: SourceOf): string {
  if (!files) return '';
  const body =
    files.length === 0
      ? '<p>The module has no debug information that names source lines: build it with <code>-g</code>.</p>'
      : `${summary(files)}${files.map((file, i) => annotated(file, i, source)).join('\n')}`;
  return `<section class="extra" id="source"><h2>Source coverage</h2>${body}</section>`;
}

function summary(files: readonly CoveredFile[]): string {
  const rows = files.map(({ file, lines, functions }, i) => [
    `<a href="#file-${i + 1}">${escapeHtml(file)}</a>`,
    share([...lines.values()]),
    share(functions),
  ]);
  return table('Files', ['file', 'lines reached', 'functions reached'], rows);
}

function share(counted: readonly { readonly count: number }[]): string {
  const reached = counted.filter(({ count }) => count > 0).length;
  const percent = counted.length === 0 ? 0 : Math.floor((100 * reached) / counted.length);
  return `<meter min="0" max="100" value="${percent}">${percent} %</meter> ${reached} of ${counted.length} (${percent} %)`;
}

function annotated({ file, lines }: CoveredFile, index: number, source: SourceOf): string {
  const text = source(file)?.split(/\r?\n/);
  const rows = text
    ? text.map((code, i) => row(i + 1, lines.get(i + 1), code))
    : [...lines].map(([number, line]) => row(number, line, ''));
  const note = text ? '' : '<p class="quiet">The source text was not found; these are the lines with code.</p>';
  return `<details id="file-${index + 1}"><summary><code>${escapeHtml(file)}</code></summary>${note}<pre class="lines" tabindex="0" aria-label="Lines of ${escapeHtml(file)}">${rows.join('\n')}</pre></details>`;
}

/** Reached, partly reached and missed lines differ by a sign in front, not by colour alone. */
function row(number: number, line: CoveredLine | undefined, code: string): string {
  const state = !line ? '' : line.count === 0 ? 'missed' : line.partly ? 'part' : 'reached';
  const sign = { '': ' ', missed: '!', part: '~', reached: '+' }[state];
  const units = line ? String(line.count) : '';
  const text = `${sign} ${units.padStart(6)} ${String(number).padStart(5)}  ${code}`;
  return state === '' ? escapeHtml(text) : `<span class="${state}">${escapeHtml(text)}</span>`;
}
