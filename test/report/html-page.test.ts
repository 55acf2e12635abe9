// The HTML report in a real browser: it shows what a run found, axe-core has no objection in either colour scheme, and the
// shadow map is usable by keyboard.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { axeViolations, hasChromium, launchChromium, openPage, overflowOf } from '../support/chromium.ts';
import { wasan } from '../support/cli.ts';
import { compileAssemblyScript } from '../support/compile-assemblyscript.ts';
import { compileC } from '../support/compile-c.ts';

const SOURCE = `#include <stdlib.h>
#include <string.h>
char table[24];
int main(void) {
  char *blocks[50];
  for (int i = 0; i < 50; i++) blocks[i] = malloc(10 + i);
  for (int i = 0; i < 40; i++) free(blocks[i]);
  blocks[7][3] = 1;
  volatile int at = 30;
  table[at] = blocks[45][10 + 45];
  return 0;
}
`;

const ASSEMBLYSCRIPT = `const block = heap.alloc(24);
store<u8>(block, 1, 24);
heap.free(block);
`;

const cwd = mkdtempSync(join(tmpdir(), 'wasan-html-'));
let browser: Browser;

beforeAll(async () => {
  if (!hasChromium) return;
  const flags = ['--halt_on_error=0', '--detect_leaks=0'];
  writeFileSync(join(cwd, 'a.wasm'), await compileC({ file: 'a.c', source: SOURCE, flags: ['-g', '-O0'] }));
  for (const [name, contents] of Object.entries(await compileAssemblyScript('b.ts', ASSEMBLYSCRIPT))) {
    writeFileSync(join(cwd, name), contents);
  }
  expect(wasan(['run', ...flags, '--html=a.html', 'a.wasm'], { cwd }).status).toBe(1);
  expect(wasan(['run', ...flags, '--html=b.html', 'b.wasm'], { cwd }).status).toBe(1);
  browser = await launchChromium();
}, 60_000);

afterAll(async () => {
  await browser?.close();
  rmSync(cwd, { recursive: true });
});

const urlOf = (name: string): string => pathToFileURL(join(cwd, name)).href;

describe.skipIf(!hasChromium).each([
  { scheme: 'light', width: 1200 },
  { scheme: 'dark', width: 390 },
] as const)('$scheme, $width wide', (look) => {
  test('shows everything, and axe-core has no objection', async () => {
    const { page, errors } = await openPage(browser, look);
    await page.goto(urlOf('a.html'));
    const titles = await page.locator('nav li a').allTextContents();
    expect(titles).toEqual([
      'heap-use-after-free',
      'heap-buffer-overflow',
      'global-buffer-overflow',
      'Heap over time',
      'Memory as a picture',
      'Areas of memory',
    ]);
    const words = await page.locator('#heap figcaption').textContent();
    expect(words).toMatch(/^90 events; at the end 545 bytes live and 1,180 bytes in quarantine/);
    const drawn = await page.locator('#overview svg').getAttribute('aria-label');
    expect(drawn).toMatch(/131,072 bytes, 32 bytes a cell.*redzones.*freed/);
    const areas = await page.locator('#mappings tbody tr td:last-child').allTextContents();
    expect(areas).toEqual(expect.arrayContaining(['the whole memory', 'null page', 'stack']));
    expect(areas.some((text) => /^heap, 50 blocks/.test(text))).toBe(true);
    expect(await axeViolations(page)).toEqual([]);
    expect(await overflowOf(page)).toBe(0);
    expect(errors).toEqual([]);
    await page.context().close();
  });
});

test.skipIf(!hasChromium)('the shadow map is walked and zoomed by keyboard', async () => {
  const { page } = await openPage(browser);
  await page.goto(urlOf('a.html'));
  const map = page.locator('#finding-1 figure.map');
  await map.scrollIntoViewIfNeeded();
  await map.locator('[role=grid]').waitFor();
  await map.locator('.guilty-button').click();
  const status = map.locator('.status');
  expect(await status.textContent()).toMatch(/: fd, Freed heap region; the guilty one/);
  const focused = () => page.evaluate(() => Number((document.activeElement as HTMLElement).dataset.granule));
  const start = await focused();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowUp');
  expect(await focused()).toBe(start - 15);
  await page.keyboard.press('-');
  expect(await map.locator('.view').getAttribute('data-zoom')).toBe('2');
  await page.keyboard.press('g');
  expect(await focused()).toBe(start);
  await page.context().close();
});

test.skipIf(!hasChromium)('source that the module carries is shown', async () => {
  const { page } = await openPage(browser);
  await page.goto(urlOf('b.html'));
  const source = page.locator('#finding-1 pre.source').first();
  expect(await source.locator('mark').textContent()).toContain('store<u8>(block, 1, 24);');
  await page.context().close();
});
