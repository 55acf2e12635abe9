// Records test/vma/corpus/: operations with the answers of the running kernel, for machines without one. For every wrong
// rule the shortest sequence found that tells it from the kernel, and a sample of random sequences.
//   npx node test/vma/record.mts [sequences] [length]
import { mkdirSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { buildVma } from '../../runtime/build-vma.mts';
import { Differential, type Recorded } from './differential.ts';
import { askKernel, findKernel } from './kernel.ts';
import { MUTANTS, POLICY_ONLY } from './mutants.ts';

const MOST_SEEDS = 20_000;
const kernel = findKernel();
if (typeof kernel === 'string') throw new Error(kernel);
const [count = '24', length = '60'] = process.argv.slice(2);
const wrong = new WebAssembly.Module((await buildVma({ mutants: true })) as Uint8Array<ArrayBuffer>);
const sequences: Recorded[] = [];

for (const [rule, name] of MUTANTS) {
  if (rule >= POLICY_ONLY) continue;
  const differential = new Differential(wrong, kernel, 150, rule);
  let found = null;
  for (let seed = 1; !found && seed < MOST_SEEDS; seed += differential.batch) found = differential.run(seed);
  console.log(`${rule} ${name}: ${found ? `seed ${found.seed}, ${found.ops.length} operations` : 'NOT FOUND'}`);
  if (found) sequences.push({ seed: found.seed, ops: found.ops, answers: askKernel(kernel, found.ops)! });
}
const right = new Differential(wrong, kernel, Number(length));
const random: Recorded[] = [];
for (let seed = 500_000; random.length < Number(count); seed += right.batch) right.run(seed, (each) => random.push(each));
sequences.push(...random.slice(0, Number(count)));
mkdirSync(new URL('corpus/', import.meta.url), { recursive: true });
const lines = sequences.map((sequence) => JSON.stringify(sequence)).join(',\n');
const target = new URL('corpus/kernel.json', import.meta.url);
writeFileSync(target, `{"kernel":"Linux ${release()}","sequences":[\n${lines}\n]}\n`);
console.log(`${sequences.length} sequences`);
