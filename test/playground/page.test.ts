// The playground in a real browser: what a person does there, with good modules and bad ones, by mouse and by keyboard.

import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Serving, serveFolder } from '../../cli/serve/server.ts';
import { browserBundle } from '../support/browser-bundle.ts';
import { axeViolations, hasChromium, type Look, launchChromium, openPage, overflowOf } from '../support/chromium.ts';
import { compileC } from '../support/compile-c.ts';

const PROGRAM = `#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static void copy(char *to, const char *from) { strcpy(to, from); }
int main(int count, char **arguments) {
  char line[64] = "";
  fgets(line, sizeof line, stdin);
  char *block = malloc(10);
  if (count > 1 && !strcmp(arguments[1], "hang")) for (volatile int i = 0; ; i++) ;
  if (count > 1 && !strcmp(arguments[1], "trap")) __builtin_trap();
  printf("%d arguments, read %s\\n", count - 1, line);
  if (count > 1) copy(block, arguments[1]);
  free(block);
  return 3;
}
`;

const LIBRARY = `#include <stdlib.h>
__attribute__((export_name("run"))) int run(int at) {
  volatile char *block = malloc(10);
  block[at] = 1;
  free((void *)block);
  return at;
}
`;

let browser: Browser;
let serving: Serving;
let program: Buffer;
let library: Buffer;

beforeAll(async () => {
  if (!hasChromium) return;
  program = Buffer.from(await compileC({ file: 'a.c', source: PROGRAM, flags: ['-g', '-O0'] }));
  const flags = ['-g', '-O0', '-mexec-model=reactor'];
  library = Buffer.from(await compileC({ file: 'lib.c', source: LIBRARY, flags }));
  serving = await serveFolder(join(await browserBundle(), 'playground'), '127.0.0.1', 0);
  browser = await launchChromium();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await serving?.close();
});

interface GivenFile {
  readonly name: string;
  readonly contents: Buffer | string;
}

async function openPlayground(look: Look = {}): Promise<{ page: Page; errors: string[] }> {
  const watched = await openPage(browser, look);
  await watched.page.goto(serving.url);
  return watched;
}

/** As a drop from the desktop: a DataTransfer with files, let go over the page. */
async function drop(page: Page, files: readonly GivenFile[]): Promise<void> {
  const given = files.map(({ name, contents }) => ({ name, base64: Buffer.from(contents).toString('base64') }));
  await page.evaluate((list) => {
    const transfer = new DataTransfer();
    for (const { name, base64 } of list) {
      transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
    }
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }, given);
  await page.locator('#chosen', { hasText: 'bytes' }).waitFor();
}

/** Presses Run and waits until it is over; answers the status and the error. */
async function run(page: Page): Promise<{ status: string; error: string }> {
  await page.locator('#run').click();
  await page.waitForFunction(
    () =>
      (document.getElementById('stop') as HTMLButtonElement).disabled &&
      !/^(Starting|Ready)/.test(document.getElementById('status')!.textContent),
    undefined,
    { timeout: 30_000 },
  );
  const text = async (id: string) => (await page.locator(id).textContent()) ?? '';
  return { status: await text('#status'), error: await text('#error') };
}

describe.skipIf(!hasChromium)('the playground', () => {
  test('a dropped command with an overflow: output, finding, stack, and a map walked and zoomed by keyboard', async () => {
    const { page, errors } = await openPlayground();
    await drop(page, [{ name: 'a.wasm', contents: program }]);
    await page.locator('#args').fill('"0123456789 and more" two');
    await page.locator('#stdin').fill('from the page');
    const { status, error } = await run(page);
    expect(error).toBe('');
    expect(status).toBe('The program ended with exit code 3. 1 finding.');
    expect(await page.locator('#output').textContent()).toBe('2 arguments, read from the page\n');
    expect(await page.locator('#finding-1 h2').textContent()).toBe('1. heap-buffer-overflow');
    const stack = await page.locator('#finding-1 ol.stack').first().textContent();
    expect(stack).toMatch(/strcpy.*copy.*a\.c:4.*main.*a\.c:12/s);
    expect(stack).not.toContain('worker.js');

    const map = page.locator('#finding-1 figure.map');
    await map.scrollIntoViewIfNeeded();
    await map.locator('[role=grid]').waitFor();
    await map.locator('td[tabindex="0"]').focus();
    await page.keyboard.press('ArrowRight');
    expect(await map.locator('.status').textContent()).toMatch(/: fc, Heap right redzone/);
    for (const zoom of ['4', '4']) {
      await page.keyboard.press('+');
      expect(await map.locator('.view').getAttribute('data-zoom')).toBe(zoom);
    }
    for (const zoom of ['3', '2', '1']) {
      await page.keyboard.press('-');
      expect(await map.locator('.view').getAttribute('data-zoom')).toBe(zoom);
    }
    expect(errors).toEqual([]);
    await page.context().close();
  });

  test.each<Look>([
    { scheme: 'light', width: 1200 },
    { scheme: 'dark', width: 390 },
  ])('the sample, $scheme and $width wide: axe-core has no objection before or after', async (look) => {
    const { page, errors } = await openPlayground(look);
    expect(await axeViolations(page)).toEqual([]);
    await page.locator('#sample').click();
    await page.locator('#chosen', { hasText: 'sample.wasm' }).waitFor();
    const { status } = await run(page);
    expect(status).toBe('main() returned 5060. 4 findings.');
    const titles = await page.locator('#navigation ol a').allTextContents();
    expect(titles).toEqual(['heap-buffer-overflow', 'heap-use-after-free', 'heap-use-after-free', 'double-free']);
    const guilty = await page.locator('#finding-1 pre.source mark').first().textContent();
    expect(guilty).toContain('store<u8>(item + 8 + i, 65 + i)');
    for (const id of ['#heap svg', '#overview svg', '#mappings table']) expect(await page.locator(id).count()).toBe(1);
    expect(await axeViolations(page)).toEqual([]);
    expect(await overflowOf(page)).toBe(0);
    const left = async (selector: string) => (await page.locator(selector).first().boundingBox())!.x;
    const padding = look.width === 390 ? 16 : 24;
    expect(await left('#drop')).toBe((await left('header h1')) + padding); // the title stands above what it belongs to
    expect(errors).toEqual([]);
    await page.context().close();
  });

  test('a program that hangs is ended, and one that traps is explained', async () => {
    const { page } = await openPlayground();
    await drop(page, [{ name: 'a.wasm', contents: program }]);
    await page.locator('#seconds').fill('3');
    await page.locator('#args').fill('hang');
    expect((await run(page)).error).toBe(
      'The program was still running after 3 s and was ended. Its pictures are lost.',
    );
    await page.locator('#args').fill('trap');
    expect((await run(page)).status).toMatch(
      /^The program trapped: unreachable in main, called by .*\. No findings\.$/,
    );
    await page.context().close();
  });

  test('bad modules are refused in one sentence with a code', async () => {
    const { page } = await openPlayground();
    expect((await run(page).catch(() => undefined))?.error).toBe('Choose a module first, or use the sample.');
    const cases: readonly (readonly [Buffer | string, RegExp])[] = [
      ['not wasm at all', /^This is not a WebAssembly binary: .*\[E_NOT_WASM\]$/],
      [program.subarray(0, 500), /^.*\[E_(TRUNCATED|INVALID_WASM)\]$/],
      [Buffer.from([0, 97, 115, 109, 1, 0, 0, 0]), /has no linear memory.*\[E_NO_MEMORY\]$/],
    ];
    for (const [contents, expected] of cases) {
      await drop(page, [{ name: 'bad.wasm', contents }]);
      expect((await run(page)).error).toMatch(expected);
    }
    await page.context().close();
  });

  test('a module that is no command: its exports are offered, and called', async () => {
    const { page } = await openPlayground();
    await drop(page, [{ name: 'lib.wasm', contents: library }]);
    await page.locator('#call').fill('walk(1)');
    expect((await run(page)).error).toMatch(/it exports no function "walk", but .*run.*\[E_NO_ENTRY\]$/);
    await page.locator('#call').fill('run(10)');
    expect((await run(page)).status).toBe('run(10) returned 10. 1 finding.');
    await page.locator('#halt').check();
    expect((await run(page)).status).toBe('The program was stopped at its first finding. 1 finding.');
    await page.context().close();
  });

  const LOADER = `const { instance } = await WebAssembly.instantiateStreaming(fetch(new URL('lib.wasm', 'https://example.org/')));
    instance.exports._initialize?.(); console.log('glue got ' + instance.exports.run(11));`;
  test.each([
    ['an ES module', 'glue.mjs', `export default async function () { ${LOADER} }`],
    ['a script', 'glue.js', `Module.pending = (async () => { ${LOADER} Module.onRuntimeInitialized(); })();`],
    [
      'a factory',
      'glue.js',
      `var createLib = (function () { return async (Module) => { ${LOADER} Module.onExit(0); }; })();`,
    ],
  ])('the module’s own JavaScript loads it: %s', async (_, name, text) => {
    const { page } = await openPlayground();
    await drop(page, [
      { name: 'lib.wasm', contents: library },
      { name, contents: text },
    ]);
    expect(await page.locator('#chosen').textContent()).toContain(`loaded by ${name}`);
    const { status, error } = await run(page);
    expect(error).toBe('');
    expect(status).toMatch(/1 finding\.$/);
    expect(await page.locator('#output').textContent()).toBe('glue got 11\n');
    await page.context().close();
  });

  test.each([
    [
      'Emscripten’s factory',
      'var createLib = (function () { return async (Module) => { LOAD; return { _run: it.run }; }; })();',
    ],
    [
      'wasm-bindgen’s init',
      'let wasm; export const run = (at) => wasm.run(at); export default async (bytes) => { /* __wbindgen_malloc */ wasm = (await WebAssembly.instantiate(bytes, {})).instance.exports; };',
    ],
  ])('once the JavaScript has run, a function can be called: %s', async (_, text) => {
    const { page } = await openPlayground();
    const load =
      "const it = (await WebAssembly.instantiateStreaming(fetch('https://example.org/lib.wasm'))).instance.exports";
    await drop(page, [
      { name: 'lib.wasm', contents: library },
      { name: text.startsWith('let') ? 'glue.mjs' : 'glue.js', contents: text.replace('LOAD', load) },
    ]);
    await page.locator('#call').fill('run(10)');
    expect(await run(page)).toEqual({ status: 'run(10) returned 10. 1 finding.', error: '' });
    await page.locator('#call').fill('walk()');
    expect((await run(page)).error).toMatch(/it exports no function "walk", but run \[E_NO_ENTRY\]$/);
    await page.context().close();
  });
});
