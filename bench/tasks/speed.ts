// Times variants of one module in turn, in a process of its own: prints CPU milliseconds per round for each as JSON.
// Arguments: module, size, rounds, variants ...

import { readFileSync } from 'node:fs';
import { instrument } from '../../index.ts';
import { cpuMilliseconds, instantiate } from '../reactor.ts';
import { variantNamed } from '../variants.ts';

/** The engine compiles hot functions anew in the background: rounds before it has done so are not counted. */
const WARM_UP = 3;

const [path, size, rounds, ...names] = process.argv.slice(2);
const bytes = new Uint8Array(readFileSync(path!));
const runs: ((size: number) => number)[] = [];
for (const name of names) {
  const { options } = variantNamed(name);
  const reactor = await instantiate(bytes, options && instrument(bytes, { ...options, host: true }).bytes);
  runs.push(reactor.run);
}

const times: number[][] = runs.map(() => []);
let result = 0;
for (let round = -WARM_UP; round < Number(rounds); round++) {
  const results = new Set<number>(); // SQLite's first round differs from the others, whoever runs it
  for (const [i, run] of runs.entries()) {
    const start = cpuMilliseconds();
    results.add(run(Number(size)));
    if (round >= 0) times[i]!.push(cpuMilliseconds() - start);
  }
  if (results.size !== 1) throw new Error(`the variants disagree: ${[...results].join(', ')}`);
  [result = 0] = results;
}
console.log(JSON.stringify({ times, result }));
