// The scenario table V001-V118 and its replay: positions and lengths in pages of a private window.
import { readFileSync } from 'node:fs';
import { parseLine } from '../../host/vma/language.ts';
import { apply, type MapEntry, mapOf, type Outcome } from '../../host/vma/replay.ts';
import { type Policy, VmaSpace } from '../../host/vma/space.ts';

export interface Expected {
  err: number | null;
  m: MapEntry[];
}

export interface Row {
  id: number;
  name: string;
  ops: string[];
  stock: Expected;
  relocate: Expected | null;
  matena: Expected | null;
}

export const ROWS: Row[] = JSON.parse(readFileSync(new URL('scenarios.json', import.meta.url), 'utf8'));

export const COLUMNS: [Policy, 'stock' | 'relocate' | 'matena'][] = [
  ['linux', 'stock'],
  ['relocate', 'relocate'],
  ['merge-friendly', 'matena'],
];

/** Row 14 has no columns of its own for the other policies: shared memory is the same under all. */
export function expectedOf(row: Row, column: 'stock' | 'relocate' | 'matena'): Expected {
  return row[column] ?? row.stock;
}

export interface RowRun {
  space: VmaSpace;
  seen: Expected;
  last: Outcome;
}

export interface RowOptions {
  memory?: WebAssembly.Memory | null;
  mutant?: number;
  /** Called after each operation. */
  onStep?: (space: VmaSpace, text: string, outcome: Outcome) => void;
}

/** Replays a row from an empty window. */
export function runRow(module: WebAssembly.Module, row: Row, policy: Policy, options: RowOptions = {}): RowRun {
  const memory = options.memory === undefined ? new WebAssembly.Memory({ initial: 258 }) : options.memory;
  if (options.memory) new Uint8Array(options.memory.buffer).fill(0);
  const space = new VmaSpace({ module, memory, pages: 4096, policy });
  if (options.mutant) space.raw.vma_set_mutant?.(options.mutant);
  let last: Outcome = { ok: 0 };
  for (const text of row.ops) {
    last = apply(space, parseLine(text)!.op, policy);
    options.onStep?.(space, text, last);
  }
  return { space, last, seen: { err: 'err' in last ? last.err : null, m: mapOf(space) } };
}
