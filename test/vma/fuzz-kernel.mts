// npm run fuzz:vma: random operation sequences, the model against the running kernel, until --ops operations are done.
// A difference is shrunk and printed with the command that repeats it.
//   npm run fuzz:vma -- [--ops=1000000] [--seed=1] [--length=150] [--record=file.json]
import { writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { parseArgs } from 'node:util';
import { Differential, moduleFor } from './differential.ts';
import { findKernel } from './kernel.ts';

const { values } = parseArgs({
  options: {
    ops: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    length: { type: 'string', default: '150' },
    record: { type: 'string' },
  },
});
const kernel = findKernel();
if (typeof kernel === 'string') {
  console.log(`fuzz:vma skipped: ${kernel}`);
  process.exit(0);
}
const differential = new Differential(await moduleFor(kernel), kernel, Number(values.length));
const started = performance.now();
const wanted = Number(values.ops);
const recorded: unknown[] = [];
let seed = Number(values.seed);
let nextNote = 0;
for (; differential.operations < wanted; seed += differential.batch) {
  const found = differential.run(seed, (sequence) => values.record && recorded.push(sequence));
  if (found) {
    console.log(`seed ${found.seed}: ${found.text}\n${found.ops.join('\n')}`);
    console.log(`repeat: npm run fuzz:vma -- --seed=${found.seed} --ops=1 --length=${values.length}`);
    process.exit(1);
  }
  if (differential.operations >= nextNote) {
    const seconds = (performance.now() - started) / 1000;
    console.log(
      `${differential.operations} operations, ${Math.round(differential.operations / seconds)}/s, 0 differences`,
    );
    nextNote += 100_000;
  }
}
if (values.record) {
  const lines = recorded.map((sequence) => JSON.stringify(sequence)).join(',\n');
  writeFileSync(values.record, `{"kernel":"Linux ${release()}","sequences":[\n${lines}\n]}\n`);
}
console.log(
  `${differential.operations} operations against ${kernel.name}, seeds ${values.seed}..${seed - 1}: 0 differences`,
);
