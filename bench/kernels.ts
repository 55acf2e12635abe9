// What does a check cost? Kernels that do little but load and store, inline and outline against the original.

import { compileReactor } from './compile.ts';
import { type Exports, instantiateReactor, VARIANTS } from './instance.ts';
import { geometricMean, interleave } from './measure.ts';
import type { Section } from './report.ts';

/** Kernel and problem size: some 20-60 ms each on the original. */
const KERNELS: readonly (readonly [name: string, size: number])[] = [
  ['matmul', 220],
  ['jacobi', 500],
  ['sieve', 4_000_000],
  ['chase', 400_000],
  ['sort', 400_000],
  ['crc', 3_000_000],
  ['strings', 40_000],
];
const CHURN = 300_000;
const ROUNDS = 9;

export async function benchKernels(): Promise<Section[]> {
  const bytes = await compileReactor(['kernels/kernels.c']);
  const instances = await Promise.all(VARIANTS.map((v) => instantiateReactor(bytes, v)));
  const rows = KERNELS.map(([name, size]) => ({ name, samples: time(instances, name, size) }));
  const ratio = (i: number) => rows.map((r) => r.samples[i]!.median / r.samples[0]!.median);
  const churn = time(instances, 'churn', CHURN);
  const pairs = churn.map((s) => CHURN / s.median / 1000);
  return [
    {
      title: 'kernels: slowdown against the original',
      goal: 'inline geometric mean <= 1.45x',
      chart: ['inline', 'outline'],
      columns: ['kernel', 'original ms', ...VARIANTS.slice(1).map((v) => v.name), 'spread'],
      rows: [
        ...rows.map((r) => [
          r.name,
          r.samples[0]!.median,
          ...r.samples.slice(1).map((s) => s.median / r.samples[0]!.median),
          Math.max(...r.samples.map((s) => s.spread)),
        ]),
        ['geometric mean', '', ...VARIANTS.slice(1).map((_, i) => geometricMean(ratio(i + 1))), ''],
      ],
    },
    {
      title: 'malloc and free: million pairs per second',
      goal: 'reported, no goal',
      columns: ['workload', ...VARIANTS.map((v) => v.name), 'original / inline'],
      rows: [['churn, 8..207 bytes, 512 live', ...pairs, pairs[0]! / pairs[1]!]],
    },
  ];
}

function time(instances: readonly Exports[], kernel: string, size: number) {
  const results = new Set<number>();
  const samples = interleave(
    instances.map((exports) => () => results.add(exports[kernel]!(size))),
    ROUNDS,
  );
  if (results.size !== 1) throw new Error(`${kernel}: instrumented and original disagree: ${[...results].join(', ')}`);
  return samples;
}
