// What does wasan cost in memory? Every program in a process of its own, as it is and instrumented beforehand.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { instrument } from '../../index.ts';
import { type BuiltProgram, buildSuite } from '../built.ts';
import { progress } from '../progress.ts';
import { type Cell, goal, type Table } from '../report.ts';
import { geometricMean } from '../statistics.ts';
import { task } from '../task.ts';
import type { MemoryUse } from '../tasks/memory.ts';

export async function benchMemory(): Promise<Table[]> {
  const { built } = await buildSuite();
  const folder = mkdtempSync(join(tmpdir(), 'wasan-bench-'));
  try {
    const uses = built.filter((b) => b.program.kind !== 'loop').map((each) => ({ each, ...both(each, folder) }));
    const process = uses.map((u) => u.wasan.megabytes / u.original.megabytes);
    const wasm = uses.map((u) => u.wasan.wasmMegabytes / u.original.wasmMegabytes);
    const rows = uses.map(({ each, original, wasan }, i): Cell[] => [
      each.program.name, original.megabytes, wasan.megabytes, process[i]!, original.wasmMegabytes, wasan.wasmMegabytes, wasm[i]!,
    ]); // biome-ignore format: a row
    return [
      {
        title: 'Memory of a program',
        text: 'Peak resident MB of the whole Node process over three rounds (most of it Node itself), instrumented beforehand; and MB of wasm memory in use (4 KiB pages that are not all zero), both memories together. The default quarantine holds up to 16 MB of freed blocks.',
        columns: ['program', 'process MB', 'wasan', 'ratio', 'wasm MB', 'wasan', 'ratio'],
        rows: [...rows, ['geometric mean', '', '', geometricMean(process), '', '', geometricMean(wasm)]],
        goals: [
          goal('memory of the process, geometric mean', geometricMean(process), '<=', 1.5, 'x'),
          goal('memory of the process, largest ratio', Math.max(...process), '<=', 2, 'x'),
        ],
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function both({ program, path }: BuiltProgram, folder: string): { original: MemoryUse; wasan: MemoryUse } {
  progress(program.name);
  const instrumented = join(folder, 'instrumented.wasm');
  writeFileSync(instrumented, instrument(new Uint8Array(readFileSync(path)), { host: true }).bytes);
  return {
    original: task<MemoryUse>('memory', [path, '-', program.size]),
    wasan: task<MemoryUse>('memory', [path, instrumented, program.size]),
  };
}
