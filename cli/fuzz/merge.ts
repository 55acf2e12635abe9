// -merge=1: copies into the first folder what the others add to it, the shortest files first; -set_cover_merge=1: those that add
// most first, which takes fewer. What each file reaches goes to a control file in libFuzzer's format as soon as it is known, so
// that a merge that was stopped goes on where it was.

import { rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Executor } from '../../fuzz/executor.ts';
import { Features } from '../../fuzz/features.ts';
import { openFolder, readInputs, type SavedInput, sha1, writeFile } from '../../fuzz/folder.ts';
import type { Io } from '../command.ts';
import { type Files, noteReached, noteStarted, openControl, type Reached } from './merge-control.ts';

const MIB = 1 << 20;

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
  if (controlFile === '') rmSync(control, { force: true }); // of a process that had the same number
  const opened = openControl(control, { all, initial: old.length }, io);
  if (opened === 'complete') return;
  const { files, known } = opened;
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
    noteStarted(control, i, bytes.length);
    const finding = executor.run(bytes);
    const hits = executor.hits();
    const list = finding ? [] : features.list(hits);
    if (finding) io.stderr(`MERGE-INNER: ${name} is left out: ${finding.title}\n`);
    features.add(list, bytes.length);
    noteReached(control, i, list, features.newEdges);
    reached.set(i, list);
    runs++;
    if ((runs & (runs - 1)) === 0) line('pulse', runs);
    if (runs === files.initial) line('LOADED', runs);
  });
  line('DONE', runs);
  return reached;
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
