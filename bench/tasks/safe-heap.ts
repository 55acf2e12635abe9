// Times a WASI reactor that went through wasm-opt --safe-heap: prints CPU milliseconds per round and the result as JSON.
// Arguments: module, size, warm-up rounds, rounds.

import { readFileSync } from 'node:fs';
import { WASI } from 'node:wasi';
import { cpuMilliseconds } from '../reactor.ts';
import { END_OF_HEAP } from './end-of-heap.ts';

const [path, size, warm, rounds] = process.argv.slice(2);
const wasi = new WASI({ version: 'preview1' });
const imports = wasi.getImportObject() as WebAssembly.Imports;
const { instance } = await WebAssembly.instantiate(new Uint8Array(readFileSync(path!)), imports);
const memory = instance.exports.memory as WebAssembly.Memory;
new DataView(memory.buffer).setUint32(END_OF_HEAP, 0xfffffff0, true);
wasi.initialize(instance);
const run = instance.exports.run as (size: number) => number;
const times: number[] = [];
let result = 0;
for (let round = -Number(warm); round < Number(rounds); round++) {
  const start = cpuMilliseconds();
  result = run(Number(size));
  if (round >= 0) times.push(cpuMilliseconds() - start);
}
console.log(JSON.stringify({ times, result }));
