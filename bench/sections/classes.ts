// What does each class of bugs cost alone?

import { buildWasi, sourcesOf } from '../build.ts';
import { progress } from '../progress.ts';
import type { Cell, Table } from '../report.ts';
import { ratios } from '../statistics.ts';
import { PROGRAMS } from '../suite.ts';
import { task } from '../task.ts';
import type { LeakCheckTimes } from '../tasks/leak-check.ts';
import { ALONE, ORIGINAL } from '../variants.ts';

const ROUNDS = 5;
/** One that computes, one that allocates, one that does both. */
const CHOSEN = ['zlib', 'cJSON', 'Lua'];

export async function benchClasses(): Promise<Table[]> {
  const names = [ORIGINAL, ...ALONE].map((v) => v.name);
  const rows: Cell[][] = [];
  for (const program of PROGRAMS.filter((p) => CHOSEN.includes(p.name))) {
    const sources = sourcesOf(program);
    if ('reason' in sources) {
      rows.push([program.name, `not built: ${sources.reason}`, ...ALONE.map(() => '')]);
      continue;
    }
    // Globals and variables are known from debug information.
    const path = await buildWasi({ ...program, flags: [...(program.flags ?? []), '-g'] }, sources);
    progress(`${program.name}: ${names.length} variants`);
    const { times } = task<{ times: number[][] }>('speed', [path, program.size, ROUNDS, ...names]);
    const leaks = task<LeakCheckTimes>('leak-check', [path, program.size]);
    rows.push([program.name, ...ALONE.map((_, i) => ratios(times[i + 1]!, times[0]!).median), leaks.check]);
  }
  return [
    {
      title: 'The price of each class of bugs alone',
      text: 'CPU time against the uninstrumented module (built with -g), median of the rounds. The first column has the checks of all accesses and redzones around heap blocks, and nothing else; null and wild addresses are found by the same checks. Each further column adds one thing to it; use after return comes on top of stack. A leak check is run once, at the end: CPU milliseconds. Calls to the host are checked by JavaScript where they happen, of which these programs make none.',
      columns: ['program', ...ALONE.map((v) => v.name), 'leak check ms'],
      rows,
    },
  ];
}
