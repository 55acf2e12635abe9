// docs/PERFORMANCE.md and its charts, written from bench/results.json alone: nothing in it is typed.

import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type Goal, table } from './report.ts';
import type { Measured, Results } from './results.ts';
import { SECTIONS } from './sections/index.ts';
import { chartOf } from './svg.ts';

const DOCS = new URL('../docs/', import.meta.url);
const PAGE = 'PERFORMANCE.md';
const CHART = /^performance-.*\.svg$/;

/** Writes the page and its charts, in place of the old ones. */
export function writePage(results: Results): void {
  for (const file of readdirSync(DOCS)) if (CHART.test(file)) rmSync(new URL(file, DOCS));
  for (const [file, text] of Object.entries(pageOf(results))) writeFileSync(new URL(file, DOCS), text);
}

/** The files of docs/ that these results make, by name. */
export function pageOf(results: Results): Record<string, string> {
  const files: Record<string, string> = {};
  const measured = Object.keys(SECTIONS).flatMap((name) => (results[name] ? [[name, results[name]] as const] : []));
  const parts = measured.map(([name, each]) => sectionText(name, each, files));
  files[PAGE] = [head(), goals(measured.map(([, m]) => m)), ...parts].join('\n');
  return files;
}

function head(): string {
  return [
    '# Performance',
    '',
    'Written by `npm run bench -- --write`; do not edit. Each section says when and where it was measured. "Load" is the',
    'number of processes that ran or wanted to (one-minute average): where it exceeds the cores, the machine was shared,',
    'and times are CPU time of the measuring thread, which other processes disturb but do not enter. Ratios are medians over',
    'rounds in which all variants took turns, with the first and third quartile in parentheses.',
    '',
  ].join('\n');
}

function goals(measured: readonly Measured[]): string {
  const all = measured.flatMap((m) => m.tables.flatMap((t) => t.goals ?? []));
  const rows = all.map((g) => [g.what, g.limit, g.measured, g.met ? 'met' : missed(g)]);
  return table({ title: 'Goals', columns: ['goal', 'limit', 'measured', ''], rows }).replace('###', '##');
}

/** With a link to the table that says why. */
function missed({ why }: Goal): string {
  return why === undefined
    ? 'missed'
    : `missed: [why](#${why
        .toLowerCase()
        .replace(/[^\w ]/g, '')
        .replaceAll(' ', '-')})`;
}

function sectionText(name: string, measured: Measured, files: Record<string, string>): string {
  const { date, node, v8, cpu, cores, gigabytes, system, load, loadAfter } = measured;
  const loads = `${load.toFixed(1)} before, ${loadAfter.toFixed(1)} after`;
  const where = `${date.slice(0, 16).replace('T', ' ')} UTC; Node ${node} (V8 ${v8}), ${system}; ${cpu}, ${cores} cores, ${gigabytes} GB; load ${loads}.`;
  const tables = measured.tables.map((each, i) => {
    const chart = chartOf(each);
    if (!chart) return table(each);
    const file = `performance-${name}-${i + 1}.svg`;
    files[file] = chart;
    return `${table(each)}\n![${each.title}](${file})\n`;
  });
  return `## ${name}\n\n\`npm run bench -- ${name}\`: ${where}\n\n${tables.join('\n')}`;
}
