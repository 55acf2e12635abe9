// What libFuzzer does with single files: run them, make one that crashes smaller, blank out what does not matter in it.

import type { Executor } from '../../fuzz/executor.ts';
import type { Finding } from '../../fuzz/finding.ts';
import { readInputs, sha1 } from '../../fuzz/folder.ts';
import { cleanse, minimize } from '../../fuzz/minimize.ts';
import { SanitizerError } from '../../host/errors.ts';
import type { Io } from '../command.ts';
import { type Artifacts, pathOf, writeDurably } from './artifacts.ts';
import type { TargetOutput } from './target-output.ts';

const DEFAULT_RUNS = 100_000;
const NOT_FUZZED = `***
*** NOTE: fuzzing was not performed, you have only
***       executed the target code on a fixed set of inputs.
***
`;

export interface Inputs {
  readonly executor: Executor;
  /** Of the module. */
  readonly path: string;
  readonly files: readonly string[];
  readonly output: TargetOutput;
  readonly io: Io;
}

/** Runs each file so many times; the first finding. */
export function runFiles({ executor, path, files, output, io }: Inputs, times: number): Finding | undefined {
  const now = () => performance.now();
  io.stderr(`${path}: Running ${files.length} inputs ${times} time(s) each.\n`);
  for (const path of files) {
    const { bytes } = readInputs(path)[0]!;
    io.stderr(`Running: ${path}\n`);
    const before = now();
    let finding: Finding | undefined;
    for (let run = 0; run < times && !finding; run++) finding = executor.run(bytes);
    if (finding) {
      io.stderr(output.textOf(finding));
      return finding;
    }
    io.stderr(`Executed ${path} in ${Math.round(now() - before)} ms\n`);
  }
  io.stderr(NOT_FUZZED);
  return undefined;
}

export interface Reduction {
  readonly how: 'minimize' | 'cleanse';
  /** 0: as many as it takes. */
  readonly runs: number;
  /** Milliseconds; 0 for no limit. */
  readonly time: number;
}

/** Makes the input of a finding smaller, or blander, and writes it. */
export function reduceFile(inputs: Inputs, wanted: Reduction, artifacts: Artifacts): void {
  const { executor, output, io } = inputs;
  const path = inputs.files[0]!;
  const { bytes } = readInputs(path)[0]!;
  const minimizes = wanted.how === 'minimize';
  const target = pathOf(`${minimizes ? 'minimized-from' : 'cleaned-from'}-${sha1(bytes)}`, artifacts);
  if (minimizes) io.stderr(`CRASH_MIN: minimizing crash input: '${path}' (${bytes.length} bytes)\n`);
  const finding = executor.run(bytes);
  if (!finding) throw new SanitizerError('E_INPUT', `${path}: the target runs this input without a finding`);
  io.stderr(output.textOf(finding));
  output.muted = true;
  if (minimizes)
    io.stderr(`CRASH_MIN: '${path}' (${bytes.length} bytes) caused a crash. Will try to minimize it further\n`);
  const patient = finding.kind !== 'timeout' || wanted.time > 0; // every try of a hang takes its time
  let left = wanted.runs > 0 ? wanted.runs : patient ? DEFAULT_RUNS : 0;
  const end = wanted.time > 0 ? performance.now() + wanted.time : Number.POSITIVE_INFINITY;
  const keeps = (candidate: Uint8Array) => {
    left--;
    return executor.run(candidate)?.key === finding.key;
  };
  const stop = () => left <= 0 || performance.now() > end;
  const result = minimizes ? minimize(bytes, keeps, stop) : cleanse(bytes, keeps, stop);
  writeDurably(target, result);
  if (!minimizes) io.stderr(changedLines(bytes, result));
  io.stderr(`artifact_prefix='${artifacts.exact || artifacts.prefix}'; Test unit written to ${target}\n`);
  if (minimizes) io.stderr(`CRASH_MIN: failed to minimize beyond ${target} (${result.length} bytes), exiting\n`);
}

function changedLines(before: Uint8Array, after: Uint8Array): string {
  return Array.from(after, (byte, i) =>
    byte === before[i] ? '' : `CLEANSE: Replaced byte ${i} with 0x${byte.toString(16)}\n`,
  ).join('');
}
