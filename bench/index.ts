// npm run bench [-- section ...] [--write]: measures what wasan costs, prints tables and writes bench/results/latest.json;
// with --write also docs/PERFORMANCE.md.

import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { benchCPrograms } from './c-programs.ts';
import { benchInstrument } from './instrument.ts';
import { benchKernels } from './kernels.ts';
import { benchMemory } from './memory.ts';
import { type Results, writePage } from './page.ts';
import { benchPrograms } from './programs.ts';
import { type Section, table } from './report.ts';
import { benchVma } from './vma.ts';

const SECTIONS: Readonly<Record<string, () => Promise<Section[]>>> = {
  kernels: benchKernels,
  programs: benchPrograms,
  'c-programs': benchCPrograms,
  memory: benchMemory,
  instrument: benchInstrument,
  vma: benchVma,
};

const WRITE = '--write';
const wanted = process.argv.slice(2).filter((a) => a !== WRITE);
const unknown = wanted.find((name) => !(name in SECTIONS));
if (unknown !== undefined) throw new Error(`no section "${unknown}": ${Object.keys(SECTIONS).join(', ')}`);

const sections: Section[] = [];
for (const [name, run] of Object.entries(SECTIONS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stderr.write(`${name} ...\n`);
  for (const section of await run()) {
    sections.push(section);
    process.stdout.write(`${table(section)}\n`);
  }
}

const results: Results = {
  date: new Date().toISOString(),
  node: process.version,
  v8: process.versions.v8,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  sections,
};
const folder = new URL('results/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('latest.json', folder), `${JSON.stringify(results, null, 2)}\n`);
if (process.argv.includes(WRITE)) writePage(results);
