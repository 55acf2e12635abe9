// Does wasan stay silent on other people's C, and does the program do what it did? Programs of Debian's source packages, most
// of them their authors' own tests, at several levels of information and with what is off by default switched on.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { asanText, PLAIN_STYLE } from '../../host/index.ts';
import type { LeakReport } from '../../host/report/report.ts';
import { leakText } from '../../host/report/text-leak.ts';
import type { InstrumentOptions } from '../../instrument/index.ts';
import { build, debianToolchainMissing, LINK_OPTIMISED, optimise } from './build.ts';
import { DRIVERS, OVERFLOWING, PROGRAMS, type Program, sourcesOf } from './list.ts';
import { type Ending, prepare, runChecked, runPlain } from './run.ts';

const LEVELS: readonly (readonly string[])[] = [
  ['-O0', '-g'],
  ['-O2', '-g'],
  ['-O2'],
  ['-O2', '-s'],
  ['-O2', '-g', LINK_OPTIMISED],
];
const MODES: Readonly<Record<string, InstrumentOptions>> = {
  'with the defaults': {},
  'with everything': { useAfterScope: true, runtime: { stackAfterReturn: true } },
};

const missing = debianToolchainMissing();
if (missing) console.log(`programs of Debian's source packages are not run: ${missing}`);

describe.skipIf(missing)('programs of others', () => {
  for (const program of PROGRAMS) {
    for (const flags of LEVELS) {
      if (program.spoiltByOptimiser && flags.includes(LINK_OPTIMISED)) continue;
      if (program.tooDeepUnoptimised && flags.includes('-O0')) continue;
      test.each(Object.entries(MODES))(`${program.name} ${flags.join(' ')} %s`, async (_mode, options) => {
        const source = sourcesOf(program);
        if ('reason' in source) return console.log(`${program.name} is not run: ${source.reason}`);
        const module = await build(program.toolchain, source, [...flags, ...program.flags, '-I.']);
        await expectSilence(program, module, options, directoryOf(program, source.folders[0]!));
      });
    }
    test.skipIf(program.readsFirst)(`${program.name}, optimised as if nothing could trap`, async () => {
      const source = sourcesOf(program);
      if ('reason' in source) return console.log(`${program.name} is not run: ${source.reason}`);
      const built = await build(program.toolchain, source, ['-O2', ...program.flags, '-I.']);
      await expectSilence(program, optimise(built, ['-O3', '-iit']), {}, directoryOf(program, source.folders[0]!));
    });
  }
});

async function expectSilence(
  program: Program,
  module: Uint8Array,
  options: InstrumentOptions,
  directory: string | undefined,
): Promise<void> {
  const place = { runs: program.runs, directory };
  const plain = await runPlain(module, place);
  const checked = await runChecked(module, prepare(module, options), place);
  expect(checked.flatMap((run) => run.findings.map((f) => asanText(f, PLAIN_STYLE)))).toEqual([]);
  expect(checked.flatMap(({ leaks }) => strangeLeaks(leaks?.report, program))).toEqual([]);
  expect(checked.map((run) => settled(run, program))).toEqual(plain.map((run) => settled(run, program)));
  expect(plain.map((run) => run.exitCode)).toEqual(plain.map(() => 0));
}

describe.skipIf(missing)('a program of others that is wrong where it runs', () => {
  test.each([
    ['-O2', '-g'],
    ['-O2', '-s'],
  ])('a stack too small for it is reported, %s %s', async (...flags) => {
    const source = sourcesOf(OVERFLOWING);
    if ('reason' in source) return console.log(`${OVERFLOWING.name} is not run: ${source.reason}`);
    const module = await build(OVERFLOWING.toolchain, source, [...flags, ...OVERFLOWING.flags, '-I.']);
    const place = { runs: [[]], directory: directoryOf(OVERFLOWING, source.folders[0]!) };
    const [run] = await runChecked(module, prepare(module, {}), place);
    expect(run!.findings.map((f) => f.title)).toEqual(['stack-overflow']);
  });
});

function directoryOf({ directory }: Program, folder: string): string | undefined {
  if (directory === undefined) return undefined;
  return directory === DRIVERS ? fileURLToPath(DRIVERS) : join(folder, directory as string);
}

/** The report, if it tells of more than what the program is known never to free. */
function strangeLeaks(report: LeakReport | undefined, { ownLeaks = [] }: Program): string[] {
  const isStrange = report?.leaks.some(({ bytes }) => !ownLeaks.includes(bytes));
  return report && isStrange ? [leakText(report, PLAIN_STYLE)] : [];
}

/** What must be the same: all but times. */
function settled({ exitCode, trap, output }: Ending, { volatile }: Program) {
  return { exitCode, trap, output: volatile ? output.replace(volatile, '') : output };
}
