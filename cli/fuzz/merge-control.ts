// The control file of a merge, in libFuzzer's format: which files there are, and what each of them reaches.
//
//   number of files
//   so many of them, the first ones, were in the target folder before
//   their names, a line each
//   STARTED i size           written before file i runs
//   FT i feature ...         and after
//   COV i edge ...
//
// A merge that was stopped goes on from it; one that was completed lends what it knows to another merge of the same files and more.

import { appendFileSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type SavedInput, writeFile } from '../../fuzz/folder.ts';
import type { Io } from '../command.ts';

/** Features, by place of the file in the list; none for one whose run never ended: it ended the process, and is left out for good. */
export type Reached = Map<number, readonly number[]>;

export interface Files {
  readonly all: readonly SavedInput[];
  /** So many of them, the first ones, are there already. */
  readonly initial: number;
}

interface Control {
  readonly initial: number;
  readonly names: readonly string[];
  readonly reached: Reached;
}

/** What is known of the files; 'complete' if nothing is left to do. The control file is then the one of this merge. */
export function openControl(path: string, files: Files, io: Io): { files: Files; known: Reached } | 'complete' {
  const before = readControl(path, io);
  const isSame = before && before.names.join('\n') === files.all.map(({ name }) => name).join('\n');
  const isComplete = before && before.reached.size === before.names.length;
  if (before && (isSame || isComplete)) {
    const { names, reached } = before;
    io.stderr(`MERGE-OUTER: control file ok, ${names.length} files total, first not processed file ${reached.size}\n`);
    if (isSame && isComplete) {
      io.stderr('MERGE-OUTER: nothing to do, merge has been completed before\n');
      return 'complete';
    }
    if (isSame) return { files: { ...files, initial: before.initial }, known: reached };
    io.stderr(
      'MERGE-OUTER: starting merge from scratch, but reusing coverage information from the given control file\n',
    );
  } else if (before) io.stderr('MERGE-OUTER: bad control file, will overwrite it\n');
  const known = before && isComplete ? lent(before, files) : new Map();
  writeControl(path, files, known);
  return { files, known };
}

/** What is known of the files that have the same names here. */
function lent({ names, reached }: Control, files: Files): Reached {
  const places = new Map(names.map((name, i) => [name, i]));
  return new Map(
    files.all.flatMap(({ name }, i) => {
      const features = reached.get(places.get(name) ?? -1);
      return features ? [[i, features] as const] : [];
    }),
  );
}

function writeControl(path: string, { all, initial }: Files, known: Reached): void {
  const names = all.map(({ name }) => `${name}\n`).join('');
  const records = [...known].map(([i, features]) => recordOf(i, features, [])).join('');
  writeFile(dirname(path), basename(path), `${all.length}\n${initial}\n${names}${records}`);
}

export function noteStarted(path: string, i: number, size: number): void {
  appendFileSync(path, `STARTED ${i} ${size}\n`);
}

export function noteReached(path: string, i: number, features: readonly number[], edges: readonly number[]): void {
  appendFileSync(path, recordOf(i, features, edges));
}

function recordOf(i: number, features: readonly number[], edges: readonly number[]): string {
  const list = (words: readonly number[]) => words.map((word) => ` ${word}`).join('');
  return `FT ${i}${list(features)}\nCOV ${i}${list(edges)}\n`;
}

/** Undefined if there is none. One that cannot be read is one of no files. */
function readControl(path: string, io: Io): Control | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
  if (text === '') return undefined;
  io.stderr(`MERGE-OUTER: non-empty control file provided: '${path}'\n`);
  return parseControl(text.split('\n')) ?? { initial: 0, names: [UNREADABLE], reached: new Map() };
}

/** No file has this name. */
const UNREADABLE = '\0';

function parseControl(lines: readonly string[]): Control | undefined {
  const [count, initial] = [Number(lines[0]), Number(lines[1])];
  if (!(initial <= count) || lines.length < 2 + count) return undefined;
  const reached: Reached = new Map();
  for (const line of lines.slice(2 + count)) {
    const [what, index, ...rest] = line.split(' ');
    if (what === '') continue;
    if (!(Number(index) < count)) return undefined;
    if (what === 'STARTED') reached.set(Number(index), []);
    if (what === 'FT') reached.set(Number(index), rest.map(Number));
  }
  return { initial, names: lines.slice(2, 2 + count), reached };
}
