// wasan/vitest, for `setupFiles`: every wasm module that a project's tests load runs instrumented, and a test in which a
// finding appears fails with the report. A finding between tests (at import, in beforeAll) fails the file.

import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeEach } from 'vitest';
import { asanText, PLAIN_STYLE, type Report } from '../../host/index.ts';
import { intercept } from '../../host/intercept.ts';
import { resolveOptions } from '../../host/options.ts';
import { InstrumentError, instrument } from '../../index.ts';
import { runtimeOptions } from '../../module-defaults.ts';
import { ModuleCache } from '../node/cache.ts';
import { DEFAULT_SETTINGS } from '../node/settings.ts';
import { suppressionsOf } from '../policy.ts';
import { readOptionFile } from '../sanitizer-options.ts';

/** Findings not told yet. Kept at the realm: without isolation a set-up file runs once per test file. */
const STATE = Symbol.for('wasan.vitest');
const realm = globalThis as unknown as { [STATE]?: Report[] };

if (!realm[STATE]) {
  realm[STATE] = [];
  watch(realm[STATE]);
}
const found = realm[STATE];
const stray: Report[] = [];

beforeEach(() => void stray.push(...found.splice(0)));
afterEach(() => failOn(found, 'in this test'));
afterAll(() => failOn([...stray, ...found.splice(0)], 'outside of the tests of this file'));

function watch(findings: Report[]): void {
  const { ASAN_OPTIONS: asan } = process.env;
  const options = resolveOptions({ read: readOptionFile, ...(asan ? { asan } : {}) });
  const instrumentation = { threads: true, runtime: runtimeOptions(options), strings: options.replace_str };
  const { cacheFolder, cacheBytes, minimumBytes } = DEFAULT_SETTINGS;
  const cache = new ModuleCache(cacheFolder, cacheBytes);
  const key = JSON.stringify(['vitest', instrumentation]);
  intercept({
    rewrite: (original) => {
      if (original.length < minimumBytes) return undefined;
      try {
        return cache.get(original, key, () => instrument(original, { ...instrumentation, host: true }).bytes);
      } catch (error) {
        if (!(error instanceof InstrumentError)) throw error;
        if (error.code !== 'E_NO_MEMORY')
          console.warn(`wasan: a module runs unchecked: ${error.message} [${error.code}]`);
        return undefined;
      }
    },
    compile: (made, Module) => cache.compile(made, Module),
    nameOf: (original) => `wasm-${createHash('sha256').update(original).digest('hex').slice(0, 8)}`,
    pid: process.pid,
    suppressions: suppressionsOf(options),
    onFinding: (report) => {
      findings.push(report);
      return false; // the test goes on: what else it says is worth knowing
    },
  });
}

/** Throws what has been found since the last time. */
function failOn(findings: Report[], where: string): void {
  const reports = findings.splice(0);
  if (reports.length === 0) return;
  const titles = reports.map((report) => report.title).join(', ');
  throw new Error(`wasan: ${titles} ${where}\n${reports.map((report) => asanText(report, PLAIN_STYLE)).join('\n')}`);
}
