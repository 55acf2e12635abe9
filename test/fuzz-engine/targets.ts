// Compiles fuzz targets and makes them ready to run.

import { createHash } from 'node:crypto';
import { Campaign, type CampaignOptions } from '../../fuzz/campaign.ts';
import type { Executor } from '../../fuzz/executor.ts';
import { seededRandom } from '../../fuzz/random.ts';
import { compileC } from '../support/compile-c.ts';

export function compileTarget(
  source: string,
  flags: readonly string[] = [],
  kind: 'reactor' | 'command' = 'reactor',
): Promise<Uint8Array> {
  const shape = kind === 'reactor' ? ['-mexec-model=reactor', '-Wl,--export=LLVMFuzzerTestOneInput'] : [];
  return compileC({ file: 'target.c', source, flags: ['-O2', '-g', ...shape, ...flags] });
}

export function nameOf(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('hex');
}

/** A campaign against a module, with a limit on runs. */
export function campaignOf(
  executor: Executor,
  seed: number,
  runs: number,
  more: Partial<CampaignOptions> = {},
): Campaign {
  return new Campaign({
    executor,
    random: seededRandom(seed),
    nameOf,
    observer: {},
    runs,
    maxLength: 4096,
    dictionary: [],
    ignoreCrashes: false,
    shouldStop: () => false,
    ...more,
  });
}
