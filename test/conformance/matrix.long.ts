// Every generated program at every level and with every amount of information: never a word about a clean twin, and every
// bug reported where there is most to know.

import { describe, expect, test } from 'vitest';
import { type Build, falseAlarms, judge } from './classes.ts';
import { whyMissed } from './matrix/known-misses.ts';
import { generatedClasses, parts } from './matrix/programs.ts';

const MOST: Build = { level: '-O0', info: 'DWARF' };
const OTHERS: readonly Build[] = (['-O0', '-O1', '-O2', '-Os'] as const).flatMap((level) =>
  (['DWARF', 'names', 'stripped'] as const)
    .map((info) => ({ level, info }))
    .filter((b) => b.level !== MOST.level || b.info !== MOST.info),
);
const PER_MODULE = 24;
const modules = generatedClasses().flatMap((bugClass) => parts(bugClass, PER_MODULE));

describe(`${MOST.level} ${MOST.info}`, () => {
  test.each(modules)('$name', async (bugClass) => {
    const verdicts = await judge(bugClass, MOST);
    expect(verdicts.filter((v) => v.falseAlarms.length > 0)).toEqual([]);
    expect(verdicts.filter((v) => v.detected === undefined && whyMissed(v.name) === undefined)).toEqual([]);
  });
});

describe.each(OTHERS)('$level $info', (build) => {
  test.each(modules)('$name', async (bugClass) => {
    expect(await falseAlarms(bugClass, build)).toEqual([]);
  });
});
