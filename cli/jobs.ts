// How many threads instrument a module: --jobs.

import { SanitizerError } from '../host/errors.ts';
import type { InstrumentOptions } from '../instrument/index.ts';
import { nodeTeam } from '../instrument/split/node-team.ts';
import type { Flag } from './command.ts';

export const JOBS_FLAG: Flag = {
  name: '--jobs',
  value: 'N',
  sentence: 'threads that instrument a large module (default: one per processor; the output is the same)',
};

/** Who instruments: this thread, and as many more as `--jobs` says. */
export function jobsOf(values: ReadonlyMap<string, readonly string[]>): Pick<InstrumentOptions, 'team'> {
  const given = values.get(JOBS_FLAG.name)?.[0];
  if (given === undefined) return { team: nodeTeam() };
  if (!/^[1-9]\d{0,3}$/.test(given)) {
    throw new SanitizerError('E_USAGE', `${JOBS_FLAG.name} takes a number of threads, 1 or more, not "${given}"`);
  }
  return { team: nodeTeam(Number(given)) };
}
