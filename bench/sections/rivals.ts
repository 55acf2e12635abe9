// How does wasan compare with other tools on the same programs? Each tool's slowdown is against its own plain build.

import { type BuiltProgram, buildSuite } from '../built.ts';
import { progress } from '../progress.ts';
import type { Cell, Table } from '../report.ts';
import { RIVALS, type Rival } from '../rivals.ts';
import { geometricMean, ratios, spreadOf } from '../statistics.ts';
import { task } from '../task.ts';
import { ORIGINAL, WASAN } from '../variants.ts';

const OURS = 'wasan';
/** What a tool without figures for a program has in its place. */
const ABSENT = '-';

export async function benchRivals(): Promise<Table[]> {
  const { built } = await buildSuite();
  const programs = built.filter((b) => b.program.kind !== 'loop');
  const present = RIVALS.filter((rival) => rival.version());
  const rows: Cell[][] = [];
  for (const each of programs) rows.push([each.program.name, ours(each), ...(await theirs(each, present))]);
  return [
    {
      title: 'Beside other tools, on the same programs',
      text: `${versions(present)} Each against its own build without checks, median of CPU time. wasan and "emcc ASan, default" record allocation stacks; the others are faster for not doing so (gcc, clang and valgrind do, natively). wasan changes the binary alone; gcc, clang and Emscripten compile the program again.`,
      columns: ['program', OURS, ...present.map((r) => r.name)],
      rows: [...rows, ['geometric mean', ...means(rows, present.length + 1)]],
      chart: {
        kind: 'bars',
        columns: [OURS, ...present.filter((r) => /no stacks|gcc/.test(r.name)).map((r) => r.name)],
        unit: 'x',
      },
    },
  ];
}

function versions(present: readonly Rival[]): string {
  const missing = RIVALS.filter((r) => !present.includes(r)).map((r) => r.name);
  const found = [...new Set(present.map((r) => r.version()))].join('; ');
  return `Found here: ${found}.${missing.length > 0 ? ` Not found: ${missing.join(', ')}.` : ''}`;
}

function ours({ program, path }: BuiltProgram): number {
  progress(`${program.name}: wasan`);
  const { times } = task<{ times: number[][] }>('speed', [path, program.size, 5, ORIGINAL.name, WASAN.name]);
  return ratios(times[1]!, times[0]!).median;
}

async function theirs({ program, sources }: BuiltProgram, present: readonly Rival[]): Promise<Cell[]> {
  const cells: Cell[] = [];
  for (const rival of present) {
    progress(`${program.name}: ${rival.name}`);
    try {
      const plain = await rival.plain(program, sources, rival.rounds);
      const checked = await rival.checked(program, sources, rival.rounds);
      cells.push(spreadOf(checked.times).median / spreadOf(plain.times).median);
    } catch (error) {
      progress(`  ${String((error as Error).message).slice(0, 300)}`);
      cells.push(ABSENT);
    }
  }
  return cells;
}

/** A tool's mean is over what it could run. */
function means(rows: readonly Cell[][], count: number): Cell[] {
  return Array.from({ length: count }, (_, i) => {
    const values = rows.map((r) => r[i + 1]).filter((v) => typeof v === 'number');
    return values.length > 0 ? geometricMean(values) : ABSENT;
  });
}
