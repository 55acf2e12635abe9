// Not one word about a clean twin of any class, at any level, with whatever information, in C and in C++.

import { describe, expect, test } from 'vitest';
import { type Build, bugClasses, judge } from './classes.ts';

const BUILDS: readonly Build[] = (['-O0', '-O1', '-O2', '-Os'] as const).flatMap((level) =>
  (['DWARF', 'names', 'stripped'] as const).flatMap((info) => [false, true].map((cpp) => ({ level, info, cpp }))),
);

describe.each(BUILDS)('$level $info, C++: $cpp', (build) => {
  test.each(bugClasses().filter((c) => !build.cpp || c.file.endsWith('.c')))('$name', async (bugClass) => {
    const verdicts = await judge(bugClass, build);
    expect(verdicts.filter((v) => v.falseAlarms.length > 0)).toEqual([]);
  });
});
