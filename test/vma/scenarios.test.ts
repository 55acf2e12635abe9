// V001-V118: every row of the scenario table under all three policies: map and errno as the table says (its stock column
// is the live kernel's), contents as the slow account of pages says.
import { describe, expect, test } from 'vitest';
import { mapOf } from '../../host/vma/replay.ts';
import { PAGE_SIZE } from '../../host/vma/space.ts';
import { buildVma } from '../../runtime/build-vma.mts';
import { Contents } from './contents.ts';
import { COLUMNS, expectedOf, ROWS, runRow } from './scenarios.ts';

const module = new WebAssembly.Module((await buildVma()) as Uint8Array<ArrayBuffer>);
const memory = new WebAssembly.Memory({ initial: 258 });

test('the table is whole', () => {
  expect(ROWS.map((row) => row.id)).toEqual(Array.from({ length: 118 }, (_, i) => i + 1));
});

describe.each(COLUMNS)('policy %s', (policy, column) => {
  test.each(ROWS)('V$id $name', (row) => {
    const contents = new Contents();
    let before: ReturnType<typeof mapOf> = [];
    const { space, seen } = runRow(module, row, policy, {
      memory,
      onStep: (now, text, outcome) => {
        contents.apply(text, outcome, before, mapOf(now));
        before = mapOf(now);
      },
    });
    expect(seen).toEqual(expectedOf(row, column));
    const bytes = new DataView(memory.buffer);
    const contentOf = (page: number) => bytes.getBigUint64((space.startPage + page) * PAGE_SIZE, true);
    const wrong = Array.from({ length: 4096 }, (_, page) => page).filter(
      (page) => contentOf(page) !== contents.value(page),
    );
    expect(wrong).toEqual([]);
  });
});
