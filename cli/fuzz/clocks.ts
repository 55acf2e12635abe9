// The two clocks of a campaign, as flags set them: how long one run may take, and how long all of them. A slow machine is one
// factor for both. Set-up, minimising and what comes after the campaign run on neither.

import type { FuzzFlags } from './flags.ts';

export interface Clocks {
  /** Milliseconds one run may take; infinite for no limit. */
  readonly run: number;
  /** Milliseconds the campaign may take; 0 for no limit. */
  readonly campaign: number;
  /** And without a new unit. */
  readonly vain: number;
}

export function clocksOf(flags: FuzzFlags): Clocks {
  const milliseconds = (seconds: number) => seconds * 1000 * flags.number('scale');
  return {
    run: milliseconds(flags.number('timeout')) || Number.POSITIVE_INFINITY,
    campaign: milliseconds(flags.number('max_total_time') || flags.number('max_runtime')),
    vain: milliseconds(flags.number('exit_on_time')),
  };
}
