// -merge=1: copies into the first folder what the others add to it, the shortest files first; -set_cover_merge=1: those that add
// most first, which takes fewer. What each file reaches goes to a control file in libFuzzer's format as soon as it is known, so
// that a merge that was stopped goes on where it was.

import { appendFileSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Executor } from '../../fuzz/executor.ts';
import { Features } from '../../fuzz/features.ts';
import { openFolder, readInputs, type SavedInput, sha1, writeFile } from '../../fuzz/folder.ts';
import type { Io } from '../command.ts';

const MIB = 1 << 20;

/** What a file reaches, by its place in the control file's list; undefined for one whose run never ended. */
type Reached = Map<number, readonly number[]>;

interface Files {
  readonly all: readonly SavedInput[];
  /** So many of them, the first ones, are there already. */
  readonly initial: number;
}

interface Merge {
  readonly order: 'by size' | 'set cover';
  /** Empty for one that is not kept. */
  readonly controlFile: string;
}

export function mergeFolders(executor: Executor, folders: readonly string[], merge: Merge, io: Io): void {
  const { controlFile } = merge;
  const [target, ...sources] = folders;
  if (target === undefined || sources.length === 0) {
    io.stderr('INFO: Merge requires two or more corpus dirs\n'); // and no failure: drivers know libFuzzer's answer
    return;
  }
  openFolder(target);
  const bySize = (a: SavedInput, b: SavedInput) => a.bytes.length - b.bytes.length;
  const old = readInputs(target).sort(bySize);
  const all = [...old, ...sources.flatMap(readInputs).sort(bySize)];
  const control = controlFile || join(tmpdir(), `wasan-merge-${process.pid}.txt`);
  const begun = controlFile === '' ? undefined : readControl(control, all, io);
  const known: Reached = begun?.reached ?? new Map();
  if (begun && known.size === all.length) return;
  const files: Files = { all, initial: begun?.initial ?? old.length };
  io.stderr(
    `MERGE-OUTER: ${files.all.length} files, ${files.initial} in the initial corpus, ${known.size} processed earlier\nMERGE-OUTER: attempt 1\n`,
  );
  const reached = reachAll(executor, files, known, control, io);
  const size = statSync(control).size;
  io.stderr(`MERGE-OUTER: successful in 1 attempt(s)\nMERGE-OUTER: the control file has ${size} bytes\n`);
  if (controlFile === '') rmSync(control);
  const order = merge.order === 'set cover' ? coverOrder(files, reached) : files.all.map((_, i) => i);
  io.stderr(copyNew(executor, files, reached, order, target));
}

/** The files that are there, then always the one that adds most features to those before; of equals the shortest. */
function coverOrder(files: Files, reached: Reached): number[] {
  const order = Array.from({ length: files.initial }, (_, i) => i);
  const covered = new Set(order.flatMap((i) => reached.get(i) ?? []));
  const isNew = (feature: number) => !covered.has(feature);
  let left = files.all.map((_, i) => ({ i, adds: reached.get(i) ?? [] })).slice(files.initial);
  while (true) {
    left = left.map(({ i, adds }) => ({ i, adds: adds.filter(isNew) })).filter(({ adds }) => adds.length > 0);
    const [first, ...others] = left;
    if (!first) return order;
    const best = others.reduce((a, b) => (b.adds.length > a.adds.length ? b : a), first);
    for (const feature of best.adds) covered.add(feature);
    order.push(best.i);
  }
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

interface Begun {
  readonly initial: number;
  readonly reached: Reached;
}

/** A merge that was begun; undefined if there is none, or if it was another one: then its file is written over. */
function readControl(path: string, files: readonly SavedInput[], io: Io): Begun | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
  if (text === '') return undefined;
  io.stderr(`MERGE-OUTER: non-empty control file provided: '${path}'\n`);
  const begun = parseControl(text.split('\n'), files);
  const { size = 0 } = begun?.reached ?? {};
  if (!begun) io.stderr('MERGE-OUTER: bad control file, will overwrite it\n');
  else if (size === files.length) io.stderr('MERGE-OUTER: nothing to do, merge has been completed before\n');
  else io.stderr(`MERGE-OUTER: control file ok, ${files.length} files total, first not processed file ${size}\n`);
  return begun;
}

/** Files it has finished with, and one that it only began: that ended the process, and is left out for good. */
function parseControl(lines: readonly string[], files: readonly SavedInput[]): Begun | undefined {
  const initial = Number(lines[1]);
  const names = lines.slice(2, 2 + files.length);
  if (Number(lines[0]) !== files.length || !(initial <= files.length)) return undefined;
  if (names.some((name, i) => name !== files[i]!.name)) return undefined;
  const reached: Reached = new Map();
  for (const line of lines.slice(2 + files.length)) {
    const [what, index, ...rest] = line.split(' ');
    if (what === '') continue;
    if (!(Number(index) < files.length)) return undefined;
    if (what === 'STARTED') reached.set(Number(index), []);
    if (what === 'FT') reached.set(Number(index), rest.map(Number));
  }
  return { initial, reached };
}

/** In this order, each file that has a feature none before it has. */
function copyNew(executor: Executor, files: Files, reached: Reached, order: readonly number[], target: string): string {
  const features = new Features(executor.counters, executor.edges);
  let before = { count: 0, edges: 0 };
  let added = 0;
  order.forEach((i, place) => {
    const { bytes } = files.all[i]!;
    if (place === files.initial) before = { count: features.count, edges: features.edges };
    const fresh = features.add(reached.get(i) ?? [], bytes.length);
    if (i < files.initial || fresh === 0) return;
    writeFile(target, sha1(bytes), bytes);
    added++;
  });
  if (files.initial === order.length) before = { count: features.count, edges: features.edges };
  return `MERGE-OUTER: ${added} new files with ${features.count - before.count} new features added; ${features.edges - before.edges} new coverage edges\n`;
}
