// What libFuzzer does besides fuzzing: run saved inputs, make one smaller, blank one out, merge corpora.

import { Campaign } from '../../fuzz/campaign.ts';
import type { Executor } from '../../fuzz/executor.ts';
import type { Finding } from '../../fuzz/finding.ts';
import { openFolder, readInputs, sha1, writeFile } from '../../fuzz/folder.ts';
import { minimizeFinding } from '../../fuzz/index.ts';
import { cleanse } from '../../fuzz/minimize.ts';
import { seededRandom } from '../../fuzz/random.ts';
import { SanitizerError } from '../../host/errors.ts';
import type { Io } from '../command.ts';
import { type Artifacts, pathOf, writeDurably } from './artifacts.ts';

const NOT_FUZZED = `***
*** NOTE: fuzzing was not performed, you have only
***       executed the target code on a fixed set of inputs.
***
`;

/** Runs each file; the first finding. */
export function runFiles(executor: Executor, files: readonly string[], io: Io, now: () => number): Finding | undefined {
  for (const path of files) {
    const { bytes } = readInputs(path)[0]!;
    io.stderr(`Running: ${path}\n`);
    const before = now();
    const finding = executor.run(bytes);
    if (finding) {
      io.stderr(finding.text);
      return finding;
    }
    io.stderr(`Executed ${path} in ${Math.round(now() - before)} ms\n`);
  }
  io.stderr(NOT_FUZZED);
  return undefined;
}

/** Makes the input of a finding smaller, or blander, and writes it. */
export function reduceFile(
  executor: Executor,
  path: string,
  how: 'minimize' | 'cleanse',
  runs: number,
  artifacts: Artifacts,
  io: Io,
): Finding | undefined {
  const { bytes } = readInputs(path)[0]!;
  const finding = executor.run(bytes);
  if (!finding) throw new SanitizerError('E_INPUT', `${path}: the target runs this input without a finding`);
  let left = runs > 0 ? runs : 100_000;
  const keeps = (candidate: Uint8Array) => {
    left--;
    return executor.run(candidate)?.key === finding.key;
  };
  const result =
    how === 'minimize' ? minimizeFinding(executor, finding, bytes, left) : cleanse(bytes, keeps, () => left <= 0);
  const target = pathOf(`${how === 'minimize' ? 'minimized-from' : 'cleaned-from'}-${sha1(bytes)}`, artifacts);
  writeDurably(target, result);
  io.stderr(`${finding.text}${how}: ${bytes.length} to ${result.length} bytes\nTest unit written to ${target}\n`);
  return undefined;
}

/** Copies into the first folder the files of the others that cover something it does not, the shortest first. */
export function mergeFolders(executor: Executor, folders: readonly string[], io: Io): void {
  const [target, ...sources] = folders;
  if (target === undefined || sources.length === 0)
    throw new SanitizerError('E_USAGE', '-merge=1 takes two folders or more');
  openFolder(target);
  const campaign = new Campaign({
    executor,
    random: seededRandom(1),
    nameOf: sha1,
    observer: {},
    runs: -1,
    maxLength: Number.MAX_SAFE_INTEGER,
    dictionary: [],
    useCompares: false,
    reduce: false,
    ignoreCrashes: true,
    shouldStop: () => false,
  });
  for (const { bytes } of readInputs(target)) campaign.attempt(bytes, undefined, true);
  const before = campaign.totals;
  const files = sources.flatMap((folder) => readInputs(folder)).sort((a, b) => a.bytes.length - b.bytes.length);
  let added = 0;
  for (const { bytes } of files) {
    if (!campaign.attempt(bytes, undefined, true)) continue;
    writeFile(target, sha1(bytes), bytes);
    added++;
  }
  const { edges, features } = campaign.totals;
  io.stderr(
    `MERGE-OUTER: ${added} new files with ${features - before.features} new features added; ${edges - before.edges} new coverage edges\n`,
  );
}
