// V001-V118: every row of the scenario table under all three policies: map, errno of the last call, contents.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseLine } from '../../host/vma/language.ts';
import { apply, type MapEntry, mapOf, type Outcome } from '../../host/vma/replay.ts';
import { type Policy, VmaSpace } from '../../host/vma/space.ts';
import { buildVma } from '../../runtime/build-vma.mts';

interface Expected {
  err: number | null;
  m: MapEntry[];
}

interface Row {
  id: number;
  name: string;
  ops: string[];
  stock: Expected;
  relocate: Expected | null;
  matena: Expected | null;
}

const ROWS: Row[] = JSON.parse(readFileSync(new URL('scenarios.json', import.meta.url), 'utf8'));
const COLUMNS: [Policy, 'stock' | 'relocate' | 'matena'][] = [
  ['linux', 'stock'],
  ['relocate', 'relocate'],
  ['merge-friendly', 'matena'],
];
const module = new WebAssembly.Module((await buildVma()) as Uint8Array<ArrayBuffer>);
const memory = new WebAssembly.Memory({ initial: 258 });

function run(row: Row, policy: Policy): { space: VmaSpace; last: Outcome } {
  new Uint8Array(memory.buffer).fill(0);
  const space = new VmaSpace({ module, memory, pages: 4096, policy });
  let last: Outcome = { ok: 0 };
  for (const text of row.ops) last = apply(space, parseLine(text)!.op, policy);
  return { space, last };
}

test('the table is whole', () => {
  expect(ROWS.map((row) => row.id)).toEqual(Array.from({ length: 118 }, (_, i) => i + 1));
});

describe.each(COLUMNS)('policy %s', (policy, column) => {
  test.each(ROWS)('V$id $name', (row) => {
    const expected = row[column] ?? row.stock;
    const { space, last } = run(row, policy);
    expect({ err: 'err' in last ? last.err : null, m: mapOf(space) }).toEqual(expected);
  });
});

