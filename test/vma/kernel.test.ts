// The model against Linux itself: recorded answers everywhere, and the running kernel where it is a Linux with today's
// merge rules. `npm run fuzz:vma` runs the same comparison for a million operations.
import { expect, test } from 'vitest';
import { buildVma } from '../../runtime/build-vma.mts';
import { readCorpus, replay } from './corpus.ts';
import { Differential, moduleFor } from './differential.ts';
import { askKernel, findKernel } from './kernel.ts';
import { ROWS } from './scenarios.ts';
import { Model } from './sequence.ts';

const module = new WebAssembly.Module((await buildVma()) as Uint8Array<ArrayBuffer>);
const kernel = findKernel();
const reason = typeof kernel === 'string' ? kernel : '';
if (reason) console.log(`live kernel tests skipped: ${reason}`);
const SHARE_MS = 8000;

test('the recorded kernel gives the same answers', () => {
  const { sequences } = readCorpus();
  const model = new Model(module);
  expect(sequences.map((each) => replay(model, each)).filter((text) => text !== null)).toEqual([]);
  expect(sequences.length).toBeGreaterThan(50);
});

test.skipIf(typeof kernel === 'string')('the running kernel gives the same answers to random operations', async () => {
  if (typeof kernel === 'string') return;
  const differential = new Differential(await moduleFor(kernel), kernel, 100);
  const first = (process.pid * 7919) % 1_000_000;
  const until = performance.now() + SHARE_MS;
  for (let seed = first; performance.now() < until; seed += differential.batch) {
    expect(differential.run(seed), `npm run fuzz:vma -- --seed=${seed} --ops=1 --length=100`).toBeNull();
  }
  console.log(`${differential.operations} operations against ${kernel.name}, seeds from ${first}`);
});

test.skipIf(typeof kernel === 'string')('the stock column of the table is what this kernel does', () => {
  if (typeof kernel === 'string') return;
  const stock = (op: string) => op.replace(/(mremap .*)R/, '$1');
  const isAsked = ({ ops }: (typeof ROWS)[number]) =>
    (kernel.isComplete || !ops.includes('forkp')) && (kernel.hasZeroPage || !ops.some((op) => op.startsWith('rd ')));
  for (const row of ROWS.filter(isAsked)) {
    const last = askKernel(kernel, row.ops.map(stock))?.at(-1);
    expect({ err: last?.err ?? null, m: last?.m }, `V${row.id}`).toEqual(row.stock);
  }
});
