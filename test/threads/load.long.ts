// Twenty times in a row, with two other processes that want the cores: the right program is silent each time, and each bug is
// reported each time, once, with the threads that had to do with it.

import { afterAll, describe, expect, test } from 'vitest';
import type { Report } from '../../host/index.ts';
import { keepBusy } from '../support/busy.ts';
import { findingText } from '../support/run-instrumented.ts';
import { compileThreads } from './compile.ts';
import { Team } from './team.ts';

const TIMES = Array.from({ length: 20 }, (_, i) => i + 1);
const release = keepBusy(2);
afterAll(release);

const told = (report: Report) => `${findingText(report)}; in ${report.thread} ${report.stack[0]?.function}`;

async function withTeam<T>(level: string, threads: number, work: (team: Team) => Promise<T>): Promise<T> {
  const team = new Team(await compileThreads(level, '-g'));
  try {
    await team.hire(threads);
    return await work(team);
  } finally {
    await team.dismiss();
  }
}

describe.each(['-O0', '-O2'])('%s', (level) => {
  test.each(TIMES)('a right program is silent (%d)', async (time) => {
    await withTeam(level, 4, async (team) => {
      const answers = await Promise.all([0, 1, 2, 3].map((i) => team.do(i, ['run_load', 100 * time + i, 20_000])));
      const last = await team.do(0, ['run_cleanup']);
      expect([...answers, last].map((a) => [a.values, a.findings.map(told), a.trap])).toEqual(
        [...answers, last].map(() => [[0], [], undefined]),
      );
    });
  });

  test.each(TIMES)('an overflow amid other threads (%d)', async () => {
    await withTeam(level, 4, async (team) => {
      const others = [0, 1, 3].map((i) => team.do(i, ['run_load', i + 1, 5000]));
      const wrong = await team.do(2, ['run_overflow', 3]);
      expect(wrong.findings.map(told)).toEqual([
        'heap-buffer-overflow, WRITE of size 4, 0 bytes after 12-byte region; in T2 run_overflow',
      ]);
      expect((await Promise.all(others)).flatMap((a) => a.findings.map(told))).toEqual([]);
    });
  });

  test.each(TIMES)('a use after free across threads, amid others (%d)', async () => {
    await withTeam(level, 4, async (team) => {
      await team.do(1, ['run_allocate', 5]);
      await team.do(2, ['run_free']);
      const other = team.do(3, ['run_load', 9, 5000]);
      const wrong = await team.do(0, ['run_read', 2]);
      expect(wrong.findings.map(told)).toEqual([
        'heap-use-after-free, READ of size 4, 8 bytes inside 20-byte region; in T0 run_read',
      ]);
      expect((await other).findings).toEqual([]);
    });
  });

  test.each(TIMES)('two threads free the same memory at the same time (%d)', async () => {
    await withTeam(level, 3, async (team) => {
      await team.do(0, ['run_allocate', 5]);
      const answers = await Promise.all([1, 2].map((i) => team.do(i, ['run_meet', 2], ['run_free'])));
      const late = answers.find((a) => a.findings.length > 0)?.thread;
      expect(answers.flatMap((a) => a.findings.map(told))).toEqual([
        `double-free, 0 bytes inside 20-byte region; in T${late} run_free`,
      ]);
    });
  });
});
