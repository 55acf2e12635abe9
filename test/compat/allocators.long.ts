// Is what the allocator finder says of modules without names ever wrong? All modules of the packages in docs/COMPATIBILITY.md,
// and modules compiled at every level, stripped by hand.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { surveyPackages, surveySamples } from '../../bench/compat/allocator-page.ts';
import { PACKAGES, SURVEYED } from '../../bench/compat/packages.ts';
import { install } from '../../bench/compat/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasan-allocators-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('packages: nothing is wrong, and most allocators are found', () => {
  const packages = [...PACKAGES, ...SURVEYED];
  install(folder, packages);
  const rows = surveyPackages(folder, packages);
  expect(rows.filter((r) => r.verdict === 'wrong')).toEqual([]);
  // A build with LeakSanitizer, which has an allocator of its own beside dlmalloc.
  expect(rows.filter((r) => r.verdict === 'another').map((r) => r.name)).toEqual([
    expect.stringContaining('quickjs-wasmfile-debug-sync'),
  ]);
  expect(rows.filter((r) => r.verdict === 'right').length).toBeGreaterThanOrEqual(27);
  const tinygo = rows.filter((r) => /gofmt|sh-syntax|@astrojs\/compiler|dockerfmt/.test(r.name));
  expect(tinygo.map((r) => r.verdict).sort()).toEqual(['right', 'right', 'right', 'right']);
  expect(rows.find((r) => r.name.startsWith('@minify-html'))?.verdict).toBe('confirmed');
  const rust = rows.filter((r) => /@rollup|@jsquash\/oxipng|@parcel\/source-map/.test(r.name));
  expect(rust.map((r) => r.verdict)).toEqual(['right', 'right', 'right', 'right', 'right']);
});

test('modules compiled here: nothing is wrong, and dlmalloc and TLSF are found in each', async () => {
  const rows = await surveySamples();
  expect(rows.filter((r) => r.verdict === 'wrong' || r.verdict === 'another')).toEqual([]);
  const missed = rows.filter((r) => /dlmalloc|TLSF|Rust/.test(r.name) && !['right', 'confirmed'].includes(r.verdict));
  expect(missed.map((r) => r.name)).toEqual([]);
});
