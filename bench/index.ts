// npm run bench [-- section ...] [--write]: measures what wasan costs and prints tables. With --write the sections measured
// replace their older selves in bench/results.json, and docs/PERFORMANCE.md is made anew from that file.

import { writePage } from './page.ts';
import { table } from './report.ts';
import { type Measured, machine, readResults, writeResults } from './results.ts';
import { SECTIONS } from './sections/index.ts';

const WRITE = '--write';

async function main(args: readonly string[]): Promise<void> {
  const wanted = args.filter((a) => a !== WRITE);
  const unknown = wanted.find((name) => !(name in SECTIONS));
  if (unknown !== undefined) {
    process.stderr.write(`no section "${unknown}"; there are ${Object.keys(SECTIONS).join(', ')}\n`);
    process.exitCode = 2;
    return;
  }
  for (const [name, run] of Object.entries(SECTIONS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    process.stderr.write(`${name}\n`);
    const before = machine();
    const tables = await run();
    const measured: Measured = { ...before, loadAfter: machine().load, tables };
    for (const each of tables) process.stdout.write(`${table(each)}\n`);
    if (!args.includes(WRITE)) continue;
    const results = { ...readResults(), [name]: measured }; // at once: a long run may be stopped
    writeResults(results);
    writePage(results);
  }
}

await main(process.argv.slice(2));
