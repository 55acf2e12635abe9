// Which source lines a corpus reaches, by the debug information of the original module: a line's count is the number of
// units that run any of its instructions.

import type { Symbolizer } from '../../host/symbols/index.ts';
import type { CountedCode } from '../../instrument/coverage.ts';
import { Decoder } from '../../instrument/wasm/decoder.ts';

export interface CoveredLine {
  /** Units that run some of it. */
  readonly count: number;
  /** Some of it is run by none. */
  readonly partly: boolean;
}

export interface CoveredFunction {
  readonly name: string;
  readonly line: number;
  readonly count: number;
}

export interface CoveredFile {
  readonly file: string;
  readonly lines: ReadonlyMap<number, CoveredLine>;
  readonly functions: readonly CoveredFunction[];
}

interface Draft {
  readonly lines: Map<number, { count: number; partly: boolean }>;
  readonly functions: Map<string, CoveredFunction>;
}

/** Files with lines in rising order; `units[i]` is how many units ran the code of counter i. */
export function sourceCoverage(
  original: Uint8Array,
  counted: readonly CountedCode[],
  units: Uint32Array,
  symbolizer: Symbolizer,
): CoveredFile[] {
  const drafts = new Map<string, Draft>();
  counted.forEach((code, i) => addCode(original, code, units[i]!, symbolizer, drafts));
  return [...drafts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, { lines, functions }]) => ({
      file,
      lines: new Map([...lines].sort(([a], [b]) => a - b)),
      functions: [...functions.values()].sort((a, b) => a.line - b.line),
    }));
}

function addCode(
  original: Uint8Array,
  { start, end }: CountedCode,
  count: number,
  symbolizer: Symbolizer,
  drafts: Map<string, Draft>,
): void {
  const decoder = new Decoder(original, start, end);
  while (decoder.pos < end) {
    decoder.next();
    for (const { file, line, function: name } of symbolizer.frames(decoder.start)) {
      if (file === undefined || !line) continue;
      const draft = draftOf(drafts, file);
      addLine(draft, line, count);
      const known = draft.functions.get(name);
      draft.functions.set(name, {
        name,
        line: Math.min(line, known?.line ?? line),
        count: Math.max(count, known?.count ?? 0),
      });
    }
  }
}

function addLine({ lines }: Draft, line: number, count: number): void {
  const known = lines.get(line);
  const missed = count === 0;
  if (!known) lines.set(line, { count, partly: false });
  else {
    known.partly ||= missed !== (known.count === 0);
    known.count = Math.max(known.count, count);
  }
}

function draftOf(drafts: Map<string, Draft>, file: string): Draft {
  const known = drafts.get(file);
  if (known) return known;
  const made: Draft = { lines: new Map(), functions: new Map() };
  drafts.set(file, made);
  return made;
}
