// A hundred kills at random moments: no file of the corpus is lost or half-written, and the campaign goes on.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { killCampaign } from './kills.ts';
import { shareFolder } from './sharing.ts';
import { compileTarget } from './targets.ts';

const EXAMPLE = new URL('../../examples/fuzz/json.c', import.meta.url);

test('a hundred kills', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasan-kills-'));
  try {
    writeFileSync(join(folder, 'json.wasm'), await compileTarget(readFileSync(EXAMPLE, 'utf8'), ['-DFIXED']));
    const { kills, early, drafts, units, edges } = await killCampaign(folder, 'json.wasm', 100, 400);
    console.log(`${kills} kills, ${early} before the seeds had run, ${drafts} drafts left, ${units} whole units`);
    expect(units).toBeGreaterThan(20);
    // Nothing that was covered is forgotten: each campaign starts from all that was saved before.
    for (let i = 1; i < edges.length; i++) expect(edges[i]!).toBeGreaterThanOrEqual(edges[i - 1]!);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('six machines that share a folder, ninety kills', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasan-kills-'));
  try {
    const module = join(folder, 'json.wasm');
    writeFileSync(module, await compileTarget(readFileSync(EXAMPLE, 'utf8'), ['-DFIXED']));
    const { kills, drafts, units, looks, survivors, covered } = await shareFolder(folder, module, 6, 15);
    console.log(`${kills} kills, ${drafts} drafts left, ${units} whole units, looked at ${looks} times`);
    for (const { edges } of survivors) expect(edges).toBeGreaterThanOrEqual(covered);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
