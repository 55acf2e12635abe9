// npm run demo: compiles programs with a bug each, runs them under wasan and shows what it says. With names, only those.
// Fails if an example does not report what it should.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileExample, type Example, examples, normalised, summaryOf } from './list.ts';

const WASAN = fileURLToPath(new URL('../cli/main.ts', import.meta.url));

const all = examples();
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !all.some((e) => e.name === name));
if (unknown.length > 0) {
  console.error(`There is no example "${unknown[0]}". There are: ${all.map((e) => e.name).join(', ')}`);
  process.exitCode = 2;
} else {
  process.exitCode = await demo(wanted.length === 0 ? all : all.filter((e) => wanted.includes(e.name)));
}

async function demo(chosen: readonly Example[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'wasan-demo-'));
  const rows: Row[] = [];
  try {
    for (const example of chosen) rows.push(await show(example, join(folder, example.name)));
  } finally {
    rmSync(folder, { recursive: true });
  }
  console.log(table(rows));
  const wrong = rows.filter((row) => !row.asExpected).length;
  console.log(`\n${rows.length - wrong} of ${rows.length} examples reported what they should.`);
  return wrong === 0 ? 0 : 1;
}

interface Row {
  readonly name: string;
  readonly summary: string;
  readonly asExpected: boolean;
}

async function show(example: Example, folder: string): Promise<Row> {
  mkdirSync(folder);
  for (const [name, contents] of Object.entries(await compileExample(example))) {
    writeFileSync(join(folder, name), contents);
  }
  console.log(`${'-'.repeat(100)}\n${example.name}: ${example.explanation}`);
  console.log(`$ wasan run ${[...example.flags, 'main.wasm'].join(' ')}`);
  const args = [WASAN, 'run', ...example.flags, 'main.wasm'];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  console.log(`${stdout}${stderr.replace(/\nShadow byte legend[\s\S]*?(?=\n==)/, '')}`);
  const asExpected = status === 1 && normalised(stderr) === readFileSync(example.expectedPath, 'utf8');
  return { name: example.name, summary: summaryOf(stderr), asExpected };
}

function table(rows: readonly Row[]): string {
  const width = Math.max(...rows.map((row) => row.name.length));
  const lines = rows.map((row) => `${row.asExpected ? 'ok ' : 'BAD'} ${row.name.padEnd(width)}  ${row.summary}`);
  return `${'='.repeat(100)}\n${lines.join('\n')}`;
}
