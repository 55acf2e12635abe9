// A sample of the generated programs: wrong ones are reported, their clean twins are not. All of them: matrix.long.ts.

import { describe, expect, test } from 'vitest';
import { type BugClass, judge } from './classes.ts';
import { whyMissed } from './matrix/known-misses.ts';
import { generatedClasses, sample } from './matrix/programs.ts';

const PER_CLASS = 5;
const isSampledInCpp = ({ name }: BugClass) => /^(use-after-free|under-read)/.test(name);
const chosen = generatedClasses().filter((c) => c.file.endsWith('.c') || isSampledInCpp(c));

describe.each(chosen)('$name', (bugClass) => {
  test('a sample', async () => {
    const verdicts = await judge(sample(bugClass, PER_CLASS), { level: '-O0', info: 'DWARF' });
    expect(verdicts.filter((v) => v.falseAlarms.length > 0)).toEqual([]);
    const missed = verdicts.filter((v) => v.detected === undefined && whyMissed(v.name) === undefined);
    expect(missed).toEqual([]);
  });
});
