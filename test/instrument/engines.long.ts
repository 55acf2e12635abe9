// The streaming engine against its oracle, on every module at hand: those that this project's dependencies bring, some more
// packages from npm, and programs compiled here. Both engines must make the same sites, and what runs must do the same.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { buildWasi, sourcesOf } from '../../bench/build.ts';
import { fetchPackage } from '../../bench/npm-modules.ts';
import { instantiate } from '../../bench/reactor.ts';
import { PROGRAMS } from '../../bench/suite.ts';
import { readSiteTable } from '../../host/site-table.ts';
import { asanText, PLAIN_STYLE } from '../../index.ts';
import { binaryenEngine } from '../../instrument/binaryen/index.ts';
import { type InstrumentOptions, instrument } from '../../instrument/index.ts';
import { runtimeImages } from '../../instrument/runtime-images.ts';
import { readPrograms } from '../conformance/expectations.ts';
import { compileC } from '../support/compile-c.ts';
import { type Run, runInstrumented } from '../support/run-instrumented.ts';

/** Binaryen needs a second or two for each megabyte, and ten times as much memory. */
const LARGEST = 3e6;
const PACKAGES = [
  'web-tree-sitter@0.27.1', 'vscode-oniguruma@2.0.1', 'onigasm@2.2.5', '@jsquash/webp@1.5.0', '@jsquash/jpeg@1.6.0',
  '@jsquash/png@3.1.1', '@jsquash/avif@2.1.1', 'brotli-wasm@3.0.1', 'argon2-browser@1.18.0', 'mediainfo.js@0.3.8',
]; // biome-ignore format: a list

function modulesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.wasm') && !file.startsWith('.cache'))
    .map((file) => join(folder, file))
    .filter((file) => statSync(file).size < LARGEST);
}

const dependencies = fileURLToPath(new URL('../../node_modules', import.meta.url));
const fetched = PACKAGES.map((spec) => [spec, fetchPackage(spec)] as const);
for (const [spec, folder] of fetched) if (!folder) console.log(`skipped: ${spec} could not be fetched`);
const files = [dependencies, ...fetched.flatMap(([, folder]) => folder ?? [])].flatMap(modulesIn);

function both(original: Uint8Array, options: InstrumentOptions) {
  const stream = instrument(original, runtimeImages, { host: true, ...options });
  const tree = instrument(original, runtimeImages, { host: true, ...options, engine: binaryenEngine });
  return { stream, tree };
}

const VARIANTS: readonly (readonly [name: string, options: InstrumentOptions])[] = [
  ['with elimination', {}],
  ['every access checked', { elide: false }],
];

describe.each(files)('%s', (file) => {
  test.each(VARIANTS)('same sites, %s', (_, options) => {
    const original = new Uint8Array(readFileSync(file));
    let outputs: ReturnType<typeof both>;
    try {
      outputs = both(original, options);
    } catch (error) {
      // Both must refuse what cannot be instrumented, for the same reason.
      const reason = (engine?: InstrumentOptions['engine']) => {
        try {
          instrument(original, runtimeImages, { ...options, ...(engine && { engine }) });
          return undefined;
        } catch (e) {
          return (e as Error).message;
        }
      };
      expect(reason(binaryenEngine), String(error)).toBe(reason());
      return;
    }
    const { stream, tree } = outputs;
    expect(tree.summary.sites).toBe(stream.summary.sites);
    expect(WebAssembly.validate(stream.bytes as BufferSource)).toBe(true);
    expect(WebAssembly.validate(tree.bytes as BufferSource)).toBe(true);
    const [ours, theirs] = [readSiteTable(stream.bytes, original)!, readSiteTable(tree.bytes, original)!];
    for (let site = 1; site <= stream.summary.sites; site++) {
      const [a, b] = [ours.site(site), theirs.site(site)];
      if (a?.offset !== b?.offset) expect(b, `site ${site}`).toEqual(a);
    }
  });
});

describe.each(PROGRAMS)('$name', (program) => {
  test('same result', async () => {
    const sources = sourcesOf(program);
    if ('reason' in sources) {
      console.log(`skipped ${program.name}: ${sources.reason}`);
      return;
    }
    const original = new Uint8Array(readFileSync(await buildWasi(program, sources)));
    const { stream, tree } = both(original, {});
    const result = async (instrumented?: Uint8Array) => (await instantiate(original, instrumented)).run(program.small);
    const expected = await result();
    expect(await result(stream.bytes)).toBe(expected);
    expect(await result(tree.bytes)).toBe(expected);
  });
});

const KASAN = new URL('../conformance/kasan/', import.meta.url);
const HEADERS = Object.fromEntries(
  ['kasan.h', 'pool.h'].map((name) => [name, readFileSync(new URL(name, KASAN), 'utf8')]),
);

describe.each(readPrograms(KASAN))('$file', ({ file, source, flags }) => {
  test.each(['-O0', '-O2'])('same findings and output, %s', async (level) => {
    const module = await compileC({ file, source, flags: [level, '-g', ...flags], headers: HEADERS });
    const [ours, theirs] = [
      await runInstrumented(module),
      await runInstrumented(module, {}, { engine: binaryenEngine }),
    ];
    expect(theirs.stdout).toBe(ours.stdout);
    const reports = (run: Run) => run.findings.map((report) => asanText(report, PLAIN_STYLE));
    expect(reports(theirs)).toEqual(reports(ours));
  });
});
