// docs/PERFORMANCE.md and its bar charts, written from the run that measured them: npm run bench -- --write.

import { writeFileSync } from 'node:fs';
import { type Section, table } from './report.ts';

export interface Results {
  readonly date: string;
  readonly node: string;
  readonly v8: string;
  readonly cpu: string;
  readonly cores: number;
  readonly sections: readonly Section[];
}

const DOCS = new URL('../docs/', import.meta.url);

export function writePage(results: Results): void {
  const charts = results.sections.filter((s) => s.chart);
  charts.forEach((section, i) => writeFileSync(new URL(`performance-${i + 1}.svg`, DOCS), barChart(section)));
  const parts = results.sections.map((section) => {
    const index = charts.indexOf(section);
    return index < 0 ? table(section) : `${table(section)}\n![${section.title}](performance-${index + 1}.svg)\n`;
  });
  const head = `# Performance\n\nWritten by \`npm run bench -- --write\` on ${results.date.slice(0, 10)}; Node ${results.node}, V8 ${results.v8}, ${results.cpu}, ${results.cores} cores.\nRatios are against the uninstrumented module in the same run; "spread" is (max - min) / median of the noisiest variant.\n`;
  writeFileSync(new URL('PERFORMANCE.md', DOCS), `${head}\n${parts.join('\n')}`);
}

const WIDTH = 720;
const LABEL = 170;
const ROW = 22;
const BARS = ['#4c78a8', '#f58518'];

/** Horizontal bars of the chart's columns, one group per row of the table. Readable in light and dark pages. */
function barChart(section: Section): string {
  const columns = section.chart!.map((name) => section.columns.indexOf(name));
  const rows = section.rows.filter((r) => columns.every((c) => typeof r[c] === 'number'));
  const most = Math.max(...rows.flatMap((r) => columns.map((c) => r[c] as number)));
  const scale = (WIDTH - LABEL - 70) / most;
  const height = rows.length * (columns.length * ROW + 10) + 40;
  const marks: string[] = [];
  let y = 30;
  for (const row of rows) {
    marks.push(`<text x="${LABEL - 8}" y="${y + ROW - 6}" text-anchor="end">${xmlText(String(row[0]))}</text>`);
    columns.forEach((c, i) => {
      const value = row[c] as number;
      marks.push(
        `<rect x="${LABEL}" y="${y}" width="${(value * scale).toFixed(1)}" height="${ROW - 4}" fill="${BARS[i % BARS.length]}"/>`,
      );
      marks.push(`<text x="${(LABEL + value * scale + 6).toFixed(1)}" y="${y + ROW - 8}">${value.toFixed(2)}x</text>`);
      y += ROW;
    });
    y += 10;
  }
  const one = LABEL + scale;
  const legend = section.chart!.map(
    (name, i) =>
      `<rect x="${LABEL + i * 110}" y="6" width="12" height="12" fill="${BARS[i % BARS.length]}"/><text x="${LABEL + 18 + i * 110}" y="17">${xmlText(name)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${xmlText(section.title)}" font-family="system-ui, sans-serif" font-size="13" fill="#808080">${legend.join('')}<line x1="${one}" y1="26" x2="${one}" y2="${height - 8}" stroke="#808080" stroke-dasharray="3 3"/>${marks.join('')}</svg>\n`;
}

function xmlText(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
