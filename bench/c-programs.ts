// What does wasan cost on C programs other people wrote? cJSON, lz4, zlib and Lua from Debian's source packages, built here.

import { join } from 'node:path';
import { buildProgram, debianSource } from './debian.ts';
import { instantiateReactor, VARIANTS } from './instance.ts';
import { geometricMean, interleave, type Sample } from './measure.ts';
import type { Section } from './report.ts';

interface Program {
  readonly name: string;
  readonly folder: string;
  readonly driver: string;
  readonly pick: (file: string) => boolean;
  readonly flags: readonly string[];
  /** Argument of the driver's run(): some 50 ms on the original. */
  readonly size: number;
}

/** Lua needs setjmp and a few functions WASI has only in emulation. */
const LUA_FLAGS = [
  '-mllvm', '-wasm-enable-sjlj', '-lsetjmp',
  '-D_WASI_EMULATED_SIGNAL', '-lwasi-emulated-signal',
  '-D_WASI_EMULATED_PROCESS_CLOCKS', '-lwasi-emulated-process-clocks',
]; // biome-ignore format: pairs

const PROGRAMS: readonly Program[] = [
  { name: 'cjson', folder: '', driver: 'run-cjson.c', pick: (f) => f === 'cJSON.c', flags: [], size: 20 },
  { name: 'lz4', folder: 'lib', driver: 'run-lz4.c', pick: (f) => f === 'lz4.c', flags: [], size: 20 },
  { name: 'zlib', folder: '', driver: 'run-zlib.c', pick: (f) => !f.startsWith('gz'), flags: [], size: 1 },
  {
    name: 'lua5.4',
    folder: 'src',
    driver: 'run-lua.c',
    pick: (f) => !/^(lua|luac|loslib|liolib|linit)\.c$/.test(f),
    flags: LUA_FLAGS,
    size: 20_000,
  },
];
const ROUNDS = 7;

export async function benchCPrograms(): Promise<Section[]> {
  const rows: (string | number)[][] = [];
  const ratios: number[][] = [[], []];
  for (const program of PROGRAMS) {
    const source = debianSource(program.name);
    if ('reason' in source) {
      rows.push([program.name, `not built: ${source.reason}`, '', '', '']);
      continue;
    }
    const samples = await measure(program, join(source.folder, program.folder));
    const slowdowns = samples.slice(1).map((s) => s.median / samples[0]!.median);
    slowdowns.forEach((r, i) => ratios[i]!.push(r));
    rows.push([program.name, samples[0]!.median, ...slowdowns, Math.max(...samples.map((s) => s.spread))]);
  }
  if (ratios[0]!.length > 0) rows.push(['geometric mean', '', ...ratios.map(geometricMean), '']);
  return [
    {
      title: 'C programs, allocation stacks recorded: slowdown against the original',
      goal: 'geometric mean <= 2.0x; Emscripten ASan without allocation stacks: 2.31x on a like set',
      chart: ['inline', 'outline'],
      columns: ['program', 'original ms', ...VARIANTS.slice(1).map((v) => v.name), 'spread'],
      rows,
    },
  ];
}

async function measure(program: Program, folder: string): Promise<Sample[]> {
  const bytes = await buildProgram(program.driver, [folder], program.pick, program.flags);
  const instances = [];
  for (const variant of VARIANTS) instances.push(await instantiateReactor(bytes, variant));
  const results = new Set<number>();
  const samples = interleave(
    instances.map((exports) => () => results.add(exports.run!(program.size))),
    ROUNDS,
  );
  if (results.size !== 1) throw new Error(`${program.name}: instrumented and original disagree`);
  return samples;
}
