// Writes docs/COMPATIBILITY.md: packages of npm that ship wasm, each running its documented example under `wasan node`.
//
//   npx node bench/compatibility.ts [--folder scratch] [app ...]      names: only those, to the terminal, without the document
//   npx node bench/compatibility.ts --renew app ...                   only their rows of the document

import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { document, renewed } from './compat/document.ts';
import { PACKAGES } from './compat/packages.ts';
import { install, type Outcome, runPackage } from './compat/run.ts';
import { measureStart } from './compat/start.ts';

const args = process.argv.slice(2);
const at = args.indexOf('--folder');
const folder = at < 0 ? join(tmpdir(), 'wasan-compatibility') : args.splice(at, 2)[1]!;
const renew = args.indexOf('--renew');
if (renew >= 0) args.splice(renew, 1);
const chosen = args.length > 0 ? PACKAGES.filter((p) => args.includes(p.app)) : PACKAGES;
install(folder, chosen);
const outcomes: Outcome[] = [];
for (const p of chosen) {
  const outcome = await runPackage(folder, p);
  outcomes.push(outcome);
  const { sameOutput, slowdown, findings, failure } = outcome;
  const result = failure ?? `${sameOutput ? 'same output' : 'OTHER OUTPUT'}, ${slowdown!.toFixed(2)}x`;
  console.log(`${p.app}: ${result}, ${findings.length} findings${findings.map((f) => `\n  ${f}`).join('')}`);
}
const page = fileURLToPath(new URL('../docs/COMPATIBILITY.md', import.meta.url));
if (args.length === 0) writeFileSync(page, document(outcomes, measureStart(folder)));
else if (renew >= 0) writeFileSync(page, renewed(readFileSync(page, 'utf8'), outcomes));
