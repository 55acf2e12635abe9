// Tables and JSON of a benchmark run. Numbers only come from the run that prints them.

export interface Section {
  readonly title: string;
  readonly goal: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  /** Columns to draw as bars. */
  readonly chart?: readonly string[];
}

/** A markdown table; in a terminal it reads as well. */
export function table(section: Section): string {
  const cells = [section.columns, ...section.rows.map((r) => r.map(format))];
  const widths = section.columns.map((_, i) => Math.max(...cells.map((r) => String(r[i] ?? '').length)));
  const line = (r: readonly (string | number)[]) =>
    `| ${r.map((c, i) => (i === 0 ? String(c).padEnd(widths[i]!) : String(c).padStart(widths[i]!))).join(' | ')} |`;
  const rule = `|${widths.map((w, i) => (i === 0 ? '-'.repeat(w + 2) : `${'-'.repeat(w + 1)}:`)).join('|')}|`;
  return [
    `### ${section.title}`,
    '',
    `Goal: ${section.goal}.`,
    '',
    line(cells[0]!),
    rule,
    ...cells.slice(1).map(line),
    '',
  ].join('\n');
}

function format(value: string | number): string {
  if (typeof value === 'string') return value;
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toString();
  return value.toFixed(2);
}
