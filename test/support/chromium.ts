// Debian's Chromium for tests of pages, and axe-core's verdict on them. Where there is no Chromium such tests are skipped.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';

const EXECUTABLE = '/usr/bin/chromium';
const QUIET = '--disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

export const hasChromium = existsSync(EXECUTABLE);
if (!hasChromium) console.log(`skipped: tests of pages need ${EXECUTABLE}`);

/** To be closed by the caller. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: ['--headless', '--no-sandbox', '--disable-gpu', ...QUIET.split(' ')],
  });
}

/** A page that collects what goes wrong in it. */
export interface WatchedPage {
  readonly page: Page;
  /** Messages of uncaught errors and of console.error. */
  readonly errors: string[];
}

export interface Look {
  readonly scheme?: 'light' | 'dark';
  readonly width?: number;
}

export async function openPage(browser: Browser, { scheme = 'light', width = 1200 }: Look = {}): Promise<WatchedPage> {
  const context = await browser.newContext({
    colorScheme: scheme,
    viewport: { width, height: 900 },
    bypassCSP: true, // for axe-core, which is put into the page from outside
  });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => void (message.type() === 'error' && errors.push(message.text())));
  return { page, errors };
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What axe-core objects to, one line each. */
export async function axeViolations(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run: () => Promise<{ violations: Violation[] }> } };
    return (await axe.run()).violations;
  });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.length} x ${nodes[0]!.html} ${nodes[0]!.failureSummary}`);
}

/** The width of the page in excess of the window's: what would need scrolling sideways. */
export function overflowOf(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
