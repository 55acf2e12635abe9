// Campaigns on libraries other people wrote: as Debian ships them, patched, nothing is found; as their authors released
// them, bugs that have been published and mended since are found again, from nothing. Needs Debian's source packages.

import { describe, expect, test } from 'vitest';
import { minimizeFinding, openModule } from '../../fuzz/index.ts';
import { bmp, gif, png } from './images.ts';
import { buildLibrary, LIBRARIES, library } from './libraries.ts';
import { campaignOf } from './targets.ts';

const RUNS = 60_000;
const SEEDS: Readonly<Record<string, readonly Uint8Array[]>> = {
  lodepng: [png()],
  stb_image: [png(), gif(), bmp()],
};

/**
 * What is wrong with a library as Debian ships it, by the finding's key. stb_image takes a PNG's word for up to 1 GiB of IDAT and
 * doubles its block until that fits: libFuzzer with -malloc_limit_mb=1024 says the same of the same inputs.
 */
const STILL_WRONG: Readonly<Record<string, RegExp>> = {
  stb_image: /^allocation-size-too-big\|stbi__parse_png_file .*stb_image\.h/,
};

/** Debian removed its changes to jsmn 1.1.0 from its servers; they concern packaging alone. */
const AS_RELEASED = new Set(['jsmn']);

async function built(target: string, patched: boolean, skip: (reason: string) => void): Promise<Uint8Array> {
  const result = await buildLibrary(library(target), patched);
  if ('bytes' in result) return result.bytes;
  skip(`${target} could not be fetched: ${result.reason}`);
  return new Uint8Array(0);
}

describe.each(LIBRARIES)('$target as Debian ships it', ({ target }) => {
  test.for([1, 2])('runs clean with seed %i, but for what is known', async (seed, { skip }) => {
    const bytes = await built(target, !AS_RELEASED.has(target), skip);
    const campaign = campaignOf(openModule(bytes, { timeout: 10_000 }), seed, RUNS, { ignoreCrashes: true });
    campaign.run(SEEDS[target] ?? []);
    const news = campaign.findings.filter(({ finding }) => !STILL_WRONG[target]?.test(finding.key));
    expect(news.map(({ finding }) => finding.text)).toEqual([]);
    expect(campaign.runs).toBe(RUNS);
  });
});

interface Published {
  readonly bug: string;
  readonly target: string;
  /** Runs within which each seed finds it. */
  readonly within: number;
  /** What the finding's key holds. */
  readonly key: RegExp;
  /** Bytes of the smallest input found with the first seed, at most. */
  readonly bytes: number;
}

const PUBLISHED: readonly Published[] = [
  {
    bug: 'cJSON 1.7.15, issue 800: an object that ends after a comma is read beyond its end',
    target: 'cjson',
    within: 50_000,
    key: /^heap-buffer-overflow\|parse_string .*cJSON\.c/,
    bytes: 12,
  },
  {
    bug: 'yajl 2.1.0, CVE-2023-33460: a tree that cannot be built is not freed',
    target: 'yajl',
    within: 20_000,
    key: /^detected memory leaks\|/,
    bytes: 4,
  },
];

describe.each(PUBLISHED)('$bug', ({ target, within, key, bytes }) => {
  test('is found from nothing by three seeds out of three', async ({ skip }) => {
    const module = await built(target, false, skip);
    for (const seed of [1, 2, 3]) {
      const executor = openModule(module, { timeout: 10_000 });
      const campaign = campaignOf(executor, seed, within);
      campaign.run([]);
      const { finding, input } = campaign.findings[0] ?? {};
      expect({ seed, key: finding?.key }).toEqual({ seed, key: expect.stringMatching(key) });
      if (seed === 1) expect(minimizeFinding(executor, finding!, input!).length).toBeLessThanOrEqual(bytes);
    }
  });
});
