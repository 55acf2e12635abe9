// Every class of bug, wrong and right: what is detected where there is debug information, and not one word about a clean
// twin. All levels: classes.long.ts; what is found at each: detection-table.ts.

import { describe, expect, test } from 'vitest';
import { type BugClass, type Build, bugClasses, judge } from './classes.ts';

/** Wrong ones known to go unnoticed at -O0 with DWARF; docs/DETECTION.md lists them. */
const MISSED: Readonly<Record<string, readonly string[]>> = {
  'library-calls': ['memcpy_forward', 'memcpy_backward', 'memcpy_stack', 'memcpy_by_one'], // memory.copy may overlap
  'use-after-scope': ['in_switch'],
  'use-after-free': ['returned_frame', 'escaped_frame'], // detect_stack_use_after_return is off by default
};

const BUILDS: readonly Build[] = [
  { level: '-O0', info: 'DWARF' },
  { level: '-O2', info: 'DWARF' },
];

/** What optimisation does not change, or is looked for at -O0 alone: classes.long.ts has those at every level. */
const isTheSameOptimised = ({ name }: BugClass) =>
  /^(host-calls|library-calls|wild|use-after-(return|scope))$/.test(name);

test('what is no block is told when it is freed, without names, too', async () => {
  const bugClass = bugClasses().find((c) => c.name === 'free-nonheap')!;
  const verdicts = await judge(bugClass, { level: '-O2', info: 'stripped' });
  expect(verdicts.filter((v) => v.falseAlarms.length > 0 || v.detected === undefined)).toEqual([]);
});

describe.each(bugClasses())('$name', (bugClass) => {
  test('has ten cases and more', () => {
    expect(bugClass.cases.length).toBeGreaterThanOrEqual(10);
  });

  test.each(BUILDS.filter((b) => b.level === '-O0' || !isTheSameOptimised(bugClass)))('$level $info', async (build) => {
    const verdicts = await judge(bugClass, build);
    expect(verdicts.filter((v) => v.falseAlarms.length > 0)).toEqual([]);
    if (build.level !== '-O0') return;
    const missed = verdicts.filter((v) => v.detected === undefined).map((v) => v.name);
    const known = MISSED[bugClass.name] ?? [];
    expect(missed.filter((name) => !known.includes(name))).toEqual([]);
  });
});
