// Records test/vma/corpus/: operations with the answers of the running kernel, for machines without one. For every wrong
// rule the shortest sequence found that tells it from the kernel, and a sample of random sequences.
//   npx node test/vma/record.mts [sequences] [length]
import { mkdirSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { buildVma } from '../../runtime/build-vma.mts';
import { Differential, type Recorded } from './differential.ts';
import { askKernel, findKernel } from './kernel.ts';
import { MUTANTS, POLICY_ONLY } from './mutants.ts';

const MOST_SEEDS = 2000;
/** Where to start looking for the rules that random sequences hardly ever meet. */
const FIRST_SEED: ReadonlyMap<number, number> = new Map([
  [5, 1781],
  [12, 5781],
  [23, 1661],
]);
/** Thought out, where random sequences hardly ever meet a rule. */
const HAND_MADE: readonly string[][] = [
  // Written memory comes back behind unwritten memory: the whole is written, and cannot move like unwritten memory.
  [
    'mmap 4 3 rw',
    'put 4 1',
    'mremap 4 3 3 mf 20',
    'mmap 1 3 rw',
    'mremap 20 3 3 mf 4',
    'mremap 1 6 6 mf 30',
    'mmap 36 2 rw',
  ],
  [
    'mmap 1 3 rw',
    'put 1 1',
    'mremap 1 3 3 mf 20',
    'mmap 4 3 rw',
    'mremap 20 3 3 mf 1',
    'mremap 1 6 6 mf 30',
    'mmap 36 2 rw',
  ],
  // An extension is not checked for a fork, and the next area is written from then on.
  ['mmap 0 2 rw', 'put 0 1', 'fork', 'mmap 4 2 rw', 'mremap 0 2 4 0', 'mremap 0 6 6 mf 30', 'mmap 36 2 rw'],
];
const kernel = findKernel();
if (typeof kernel === 'string') throw new Error(kernel);
if (!kernel.hasZeroPage) throw new Error('to be recorded on a kernel with a zero page, as almost all are');
const [count = '24', length = '60'] = process.argv.slice(2);
const wrong = new WebAssembly.Module((await buildVma({ mutants: true })) as Uint8Array<ArrayBuffer>);
const sequences: Recorded[] = [];

for (const [rule, name] of MUTANTS) {
  if (rule >= POLICY_ONLY) continue;
  const differential = new Differential(wrong, kernel, 150, rule);
  let found = null;
  const first = FIRST_SEED.get(rule) ?? 1;
  for (let seed = first; !found && seed < first + MOST_SEEDS; seed += differential.batch)
    found = differential.run(seed);
  console.log(`${rule} ${name}: ${found ? `seed ${found.seed}, ${found.ops.length} operations` : 'NOT FOUND'}`);
  if (found) sequences.push({ seed: found.seed, ops: found.ops, answers: askKernel(kernel, found.ops)! });
}
for (const ops of HAND_MADE) {
  sequences.push({ seed: 0, ops, answers: askKernel(kernel, ops)! });
}
const right = new Differential(wrong, kernel, Number(length));
const random: Recorded[] = [];
for (let seed = 500_000; random.length < Number(count); seed += right.batch)
  right.run(seed, (each) => random.push(each));
sequences.push(...random.slice(0, Number(count)));
mkdirSync(new URL('corpus/', import.meta.url), { recursive: true });
const lines = sequences.map((sequence) => JSON.stringify(sequence)).join(',\n');
const target = new URL('corpus/kernel.json', import.meta.url);
writeFileSync(target, `{"kernel":"Linux ${release()}","sequences":[\n${lines}\n]}\n`);
console.log(`${sequences.length} sequences`);
