// What runs, instruction by instruction: figures that repeat exactly, and are held against bench/budget.json by npm test.

import { type Counts, countAll, ORIGINAL_INSTRUCTIONS, writeBudget } from '../counters.ts';
import type { Table } from '../report.ts';

export async function benchCounters(): Promise<Table[]> {
  const counts = await countAll();
  writeBudget(counts);
  const sum = (of: Counts, pattern: RegExp) =>
    Object.entries(of).reduce((total, [name, n]) => total + (pattern.test(name) ? n : 0), 0);
  return [
    {
      title: 'Counted, not timed',
      text: 'One run of each program at a small size, every figure exact and the same on every machine; this run also renewed `bench/budget.json`, against which `npm test` holds them. "checks" are tests executed in front of a check and checks called outright; "own" are the instructions of the program with what was inserted, "runtime" those of the runtime, both for 100 instructions of the original.',
      columns: [
        'program',
        'original',
        'own',
        'runtime',
        'checks',
        'shadow loads',
        'stack enters',
        'memory 1 stores',
        'mallocs',
      ],
      rows: Object.entries(counts).map(([name, each]) => {
        const original = each[ORIGINAL_INSTRUCTIONS]!;
        const per100 = (n: number) => (n / original) * 100;
        return [
          name,
          original,
          per100(sum(each, /^instructions of the program$/)),
          per100(sum(each, /^instructions of the runtime$/)),
          sum(each, /^(tests in front of|calls of (check_|libc_))/),
          sum(each, /^shadow loads$/),
          sum(each, /^calls of stack_enter/),
          sum(each, /^stores to memory 1$/),
          sum(each, /^calls of asan_(malloc|calloc|realloc)$/),
        ];
      }),
    },
  ];
}
