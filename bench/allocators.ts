// Writes docs/ALLOCATORS.md: in how many modules the allocator is found when nothing names it, and whether that is right.
//
//   npx node bench/allocators.ts [--folder scratch]

import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { allocatorPage, surveyPackages, surveySamples } from './compat/allocator-page.ts';
import { PACKAGES, SURVEYED } from './compat/packages.ts';
import { install } from './compat/run.ts';

const args = process.argv.slice(2);
const folder = args[0] === '--folder' && args[1] !== undefined ? args[1] : join(tmpdir(), 'wasan-compatibility');
const packages = [...PACKAGES, ...SURVEYED];
install(folder, packages);
const page = allocatorPage(surveyPackages(folder, packages), await surveySamples());
writeFileSync(fileURLToPath(new URL('../docs/ALLOCATORS.md', import.meta.url)), page);
console.log(page);
