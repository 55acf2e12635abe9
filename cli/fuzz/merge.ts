// -merge=1: copies into the first folder what the others add to it, the shortest files first. What each file reaches goes
// to a control file in libFuzzer's format as soon as it is known, so that a merge that was stopped goes on where it was.

import { appendFileSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Executor } from '../../fuzz/executor.ts';
import { Features } from '../../fuzz/features.ts';
import { openFolder, readInputs, type SavedInput, sha1, writeFile } from '../../fuzz/folder.ts';
import { SanitizerError } from '../../host/errors.ts';
import type { Io } from '../command.ts';
import { escaped } from './lines.ts';

const MIB = 1 << 20;

/** What a file reaches, by its place in the control file's list; undefined for one whose run never ended. */
type Reached = Map<number, readonly number[]>;

interface Files {
  readonly all: readonly SavedInput[];
  /** So many of them, the first ones, are there already. */
  readonly initial: number;
}

export function mergeFolders(executor: Executor, folders: readonly string[], controlFile: string, io: Io): void {
  const [target, ...sources] = folders;
  if (target === undefined || sources.length === 0) {
    io.stderr('INFO: Merge requires two or more corpus dirs\n'); // and no failure: drivers know libFuzzer's answer
    return;
  }
  openFolder(target);
  const bySize = (a: SavedInput, b: SavedInput) => a.bytes.length - b.bytes.length;
  const old = readInputs(target).sort(bySize);
  const files: Files = { all: [...old, ...sources.flatMap(readInputs).sort(bySize)], initial: old.length };
  const control = controlFile || join(tmpdir(), `wasan-merge-${process.pid}.txt`);
  const known = controlFile === '' ? new Map() : readControl(control, files);
  io.stderr(
    `MERGE-OUTER: ${files.all.length} files, ${files.initial} in the initial corpus, ${known.size} processed earlier\nMERGE-OUTER: attempt 1\n`,
  );
  const reached = reachAll(executor, files, known, control, io);
  const size = statSync(control).size;
  io.stderr(`MERGE-OUTER: successful in 1 attempt(s)\nMERGE-OUTER: the control file has ${size} bytes\n`);
  if (controlFile === '') rmSync(control);
  io.stderr(copyNew(executor, files, reached, target));
}

/** Runs what the control file does not tell yet. */
function reachAll(executor: Executor, files: Files, known: Reached, control: string, io: Io): Reached {
  const left = files.all.length - known.size;
  io.stderr(
    `MERGE-INNER: using the control file '${control}'\nMERGE-INNER: ${files.all.length} total files; ${known.size} processed earlier; will process ${left} files now\n`,
  );
  if (known.size === 0) {
    const names = files.all.map(({ name }) => `${name}\n`).join('');
    writeFile(dirname(control), basename(control), `${files.all.length}\n${files.initial}\n${names}`);
  }
  const features = new Features(executor.counters, executor.edges);
  const reached: Reached = new Map(known);
  const started = performance.now();
  const line = (what: string, runs: number) => {
    const rate = Math.round(runs / Math.max((performance.now() - started) / 1000, 0.001));
    const rss = Math.round(process.memoryUsage.rss() / MIB);
    io.stderr(
      `#${runs}\t${what.padEnd(6)} cov: ${features.edges} ft: ${features.count} exec/s: ${rate} rss: ${rss}Mb\n`,
    );
  };
  let runs = 0;
  files.all.forEach(({ bytes, name }, i) => {
    if (known.has(i)) return;
    appendFileSync(control, `STARTED ${i} ${bytes.length}\n`);
    const finding = executor.run(bytes);
    const hits = executor.hits();
    const list = finding ? [] : features.list(hits);
    if (finding) io.stderr(`MERGE-INNER: ${name} is left out: ${finding.title}\n`);
    features.add(list, bytes.length);
    appendFileSync(control, recordOf(i, list, features.newEdges));
    reached.set(i, list);
    runs++;
    if ((runs & (runs - 1)) === 0) line('pulse', runs);
    if (runs === files.initial) line('LOADED', runs);
  });
  line('DONE', runs);
  return reached;
}

function recordOf(i: number, features: readonly number[], edges: readonly number[]): string {
  const list = (words: readonly number[]) => words.map((word) => ` ${word}`).join('');
  return `FT ${i}${list(features)}\nCOV ${i}${list(edges)}\n`;
}

/** Files that the control file has finished with; a file that it only began is left out for good: it ended the process. */
function readControl(path: string, files: Files): Reached {
  const reached: Reached = new Map();
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch {
    return reached;
  }
  const lines = text.split('\n');
  const names = lines.slice(2, 2 + files.all.length);
  if (Number(lines[0]) !== files.all.length || names.some((name, i) => name !== files.all[i]!.name))
    throw new SanitizerError(
      'E_INPUT',
      `${path}: it is the control file of another merge: ${escaped(Buffer.from(lines[0] ?? ''))} files`,
    );
  for (const line of lines.slice(2 + files.all.length)) {
    const [what, index, ...rest] = line.split(' ');
    if (what === 'STARTED') reached.set(Number(index), []);
    if (what === 'FT') reached.set(Number(index), rest.map(Number));
  }
  return reached;
}

/** In order, each file that has a feature none before it has. */
function copyNew(executor: Executor, files: Files, reached: Reached, target: string): string {
  const features = new Features(executor.counters, executor.edges);
  let before = { count: 0, edges: 0 };
  let added = 0;
  files.all.forEach(({ bytes }, i) => {
    if (i === files.initial) before = { count: features.count, edges: features.edges };
    const fresh = features.add(reached.get(i) ?? [], bytes.length);
    if (i < files.initial || fresh === 0) return;
    writeFile(target, sha1(bytes), bytes);
    added++;
  });
  if (files.initial === files.all.length) before = { count: features.count, edges: features.edges };
  return `MERGE-OUTER: ${added} new files with ${features.count - before.count} new features added; ${features.edges - before.edges} new coverage edges\n`;
}
