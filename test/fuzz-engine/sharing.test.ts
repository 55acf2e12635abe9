// A corpus folder that several machines write to at once, whoever of them is killed: no file is lost or seen half-written, and
// each learns what the others found.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readIfThere, readInputs, writeFile } from '../../fuzz/folder.ts';
import { shareFolder } from './sharing.ts';
import { compileTarget } from './targets.ts';

const EXAMPLE = new URL('../../examples/fuzz/json.c', import.meta.url);

test('three machines, nine kills, one folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasan-sharing-'));
  try {
    const module = join(folder, 'json.wasm');
    writeFileSync(module, await compileTarget(readFileSync(EXAMPLE, 'utf8'), ['-DFIXED']));
    const { units, looks, survivors, covered } = await shareFolder(folder, module, 3, 3);
    expect(units).toBeGreaterThan(20);
    expect(looks).toBeGreaterThan(50);
    for (const { edges, text } of survivors) {
      expect(edges).toBeGreaterThanOrEqual(covered);
      expect(text).toMatch(/^INFO: +\d+ files found in corpus$/m);
    }
    // Somebody found something while the others ran, and they took it over.
    expect(survivors.some(({ text }) => /^#\d+\tRELOAD cov: /m.test(text))).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 240_000);

test('a file that is removed between listing and reading is left out, anything else is told', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasan-gone-'));
  try {
    writeFile(folder, 'there', 'x');
    expect(readInputs(folder)).toHaveLength(1);
    expect(readIfThere(join(folder, 'gone'))).toBeUndefined();
    expect(() => readIfThere(folder)).toThrow('EISDIR');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
