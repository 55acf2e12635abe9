// Times malloc and free among live blocks: prints CPU nanoseconds per pair, original and instrumented, as JSON.
// Arguments: module, live blocks, pairs, bytes of quarantine (0: the default).

import { readFileSync } from 'node:fs';
import { instrument } from '../../index.ts';
import { cpuMilliseconds, instantiate } from '../reactor.ts';
import { spreadOf } from '../statistics.ts';
import { peakMegabytes } from './peak-memory.ts';

const ROUNDS = 5;

const [path, live, pairs, quarantine] = process.argv.slice(2);
const bytes = new Uint8Array(readFileSync(path!));
const runtime = Number(quarantine) > 0 ? { quarantineBytes: Number(quarantine) } : {};
const reactors = [await instantiate(bytes), await instantiate(bytes, instrument(bytes, { host: true, runtime }).bytes)];
const exports = reactors.map((r) => r.exports as Record<'fill' | 'churn' | 'drain', (n?: number) => void>);
const times: number[][] = [[], []];
for (const each of exports) {
  each.fill(Number(live));
  each.churn(Number(pairs)); // until the quarantine is full and the code is compiled
}
for (let round = 0; round < ROUNDS; round++) {
  for (const [i, each] of exports.entries()) {
    const start = cpuMilliseconds();
    each.churn(Number(pairs));
    times[i]!.push(((cpuMilliseconds() - start) * 1e6) / Number(pairs));
  }
}
for (const each of exports) each.drain();
const [original, wasan] = times.map((t) => spreadOf(t).median);
const megabytes = peakMegabytes();
console.log(JSON.stringify({ original, wasan, megabytes }));
