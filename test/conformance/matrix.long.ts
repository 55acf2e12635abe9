// Every generated program at every level and with every amount of information: never a word about a clean twin, and every
// bug reported where there is most to know.

import { describe, expect, test } from 'vitest';
import { type Build, judge } from './classes.ts';
import { whyMissed } from './matrix/known-misses.ts';
import { generatedClasses, parts } from './matrix/programs.ts';

const BUILDS: readonly Build[] = (['-O0', '-O1', '-O2', '-Os'] as const).flatMap((level) =>
  (['DWARF', 'names', 'stripped'] as const).map((info) => ({ level, info })),
);

const PER_MODULE = 24;
const modules = generatedClasses().flatMap((bugClass) => parts(bugClass, PER_MODULE));

describe.each(BUILDS)('$level $info', (build) => {
  test.each(modules)('$name', async (bugClass) => {
    const verdicts = await judge(bugClass, build);
    expect(verdicts.filter((v) => v.falseAlarms.length > 0)).toEqual([]);
    if (build.level !== '-O0' || build.info !== 'DWARF') return;
    expect(verdicts.filter((v) => v.detected === undefined && whyMissed(v.name) === undefined)).toEqual([]);
  });
});
