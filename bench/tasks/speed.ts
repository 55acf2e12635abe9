// Times variants of one module in turn, in a process of its own: prints CPU milliseconds per round for each as JSON.
// Arguments: module, size, rounds, variants ...

import { readFileSync } from 'node:fs';
import { instrument } from '../../index.ts';
import { cpuClockStep, cpuMilliseconds, instantiate } from '../reactor.ts';
import { variantNamed } from '../variants.ts';

/** The engine compiles hot functions anew in the background: rounds before it has done so are not counted. */
const WARM_UP = 3;
/** A round lasts so many steps of the clock at least. */
const LEAST_STEPS = 12;

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
let repeats = 1;
for (let round = -WARM_UP; round < Number(rounds); round++) {
  const results = new Set<number>(); // SQLite's first round differs from the others, whoever runs it
  for (const [i, run] of runs.entries()) {
    const start = cpuMilliseconds();
    for (let n = 0; n < repeats; n++) result = run(Number(size));
    results.add(result);
    if (round >= 0) times[i]!.push((cpuMilliseconds() - start) / repeats);
  }
  if (results.size !== 1) throw new Error(`the variants disagree: ${[...results].join(', ')}`);
  if (round === -1) repeats = Math.ceil((LEAST_STEPS * cpuClockStep()) / timeOf(runs[0]!));
}
console.log(JSON.stringify({ times, result }));

/** Milliseconds of one run, by a clock that is fine enough. */
function timeOf(run: (size: number) => number): number {
  const start = performance.now();
  run(Number(size));
  return performance.now() - start;
}
