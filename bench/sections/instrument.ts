// What does instrumenting cost? Time and peak memory, each in a process of its own, beside Binaryen's own read and write.

import { statSync } from 'node:fs';
import { NPM_MODULES } from '../npm-modules.ts';
import { progress } from '../progress.ts';
import { type Cell, goal, type Table } from '../report.ts';
import { task } from '../task.ts';
import type { InstrumentCost } from '../tasks/instrument.ts';

/** Binaryen takes minutes and gigabytes on larger files. */
const BINARYEN_LIMIT = 20e6;
/** Below this, starting up is what is measured. */
const LARGE = 10e6;
const RUNS = 3;

/** The table that says why it is no faster. */
const WHERE = 'Where the instrumenter spends its time';

export async function benchInstrument(): Promise<Table[]> {
  const measured = NPM_MODULES.map(({ name, path }) => ({ name, file: path() })).map(({ name, file }) => {
    if (file === undefined) return { name };
    progress(name);
    const size = statSync(file).size;
    const ours = medianCost(file);
    const theirs = size < BINARYEN_LIMIT ? task<InstrumentCost>('instrument', [file, 'binaryen']) : undefined;
    return { name, size, ours, theirs };
  });
  const files = NPM_MODULES.flatMap((m) => m.path() ?? []).filter(
    (file) => statSync(file).size > LARGE && statSync(file).size < 40e6,
  );
  const large = measured.flatMap((m) => (m.size && m.size > LARGE ? [m.size / 1e3 / m.ours.milliseconds] : []));
  return [
    {
      title: 'Instrumenting modules from npm',
      text: 'In a fresh process, all default checks, large modules by as many threads as there are processors, median of 3 runs; reading and writing files is not counted. "MB/s" is per second of CPU time of all threads, the engine\'s compiler and collector included, so that a shared machine does not change it much; "MB/s, wall" is what a watch shows. "again" is a second run in the same process, for modules below 30 MB. The last columns are wasan over Binaryen\'s readBinary + emitBinary of the same file.',
      columns: [
        'module',
        'MB',
        'MB/s',
        'again',
        'MB/s, wall',
        'peak MB',
        'output / input',
        'CPU / Binaryen',
        'memory / Binaryen',
      ],
      rows: measured.map((m) =>
        m.size ? row(m.name, m.size, m.ours, m.theirs) : [m.name, 'not fetched', ...Array<string>(7).fill('')],
      ),
      goals:
        large.length > 0
          ? [goal('instrumenting the slowest large module', Math.min(...large), '>=', 15, ' MB/s by the clock', WHERE)]
          : [],
    },
    profile(files),
  ];
}

/** The run of the median duration, each in a fresh process. */
function medianCost(file: string): InstrumentCost {
  const runs = Array.from({ length: RUNS }, () => task<InstrumentCost>('instrument', [file, 'wasan']));
  return runs.toSorted((a, b) => a.milliseconds - b.milliseconds)[RUNS >> 1]!;
}

function row(name: string, size: number, ours: InstrumentCost, theirs: InstrumentCost | undefined): Cell[] {
  return [
    name,
    size / 1e6,
    size / 1e3 / ours.cpu,
    ours.warmCpu ? size / 1e3 / ours.warmCpu : '-',
    size / 1e3 / ours.milliseconds,
    ours.megabytes,
    ours.outputBytes / size,
    theirs ? ours.cpu / theirs.cpu : 'not run',
    theirs ? ours.megabytes / theirs.megabytes : 'not run',
  ];
}

/** The profile that says why. */
function profile(files: readonly string[]): Table {
  const names = files.map((file) => NPM_MODULES.find((m) => m.path() === file)!.name);
  const shares = files.map((file) => {
    progress(`phases: ${file.split('/').at(-1)}`);
    return task<Record<string, number>>('phases', [file]);
  });
  const phases = [...new Set(shares.flatMap((s) => Object.keys(s)))];
  const most = (phase: string) => Math.max(...shares.map((s) => s[phase] ?? 0));
  return {
    title: WHERE,
    text: 'Per cent of the samples of its stack, first run in a fresh process.',
    columns: ['phase', ...names],
    rows: phases
      .toSorted((a, b) => most(b) - most(a))
      .map((phase) => [phase, ...shares.map((s) => (s[phase] ?? 0) * 100)]),
  };
}
