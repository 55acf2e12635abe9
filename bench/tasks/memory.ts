// Runs a program three rounds in a process of its own and prints its memory as JSON: the peak of the process, and the 4 KiB
// pages of its wasm memories that are not all zero. Arguments: original module, instrumented module (or -), size.

import { readFileSync } from 'node:fs';
import { instantiate } from '../reactor.ts';
import { peakMegabytes } from './peak-memory.ts';

export interface MemoryUse {
  readonly megabytes: number;
  readonly wasmMegabytes: number;
}

const PAGE_WORDS = 512;

function usedMegabytes(memory: WebAssembly.Memory): number {
  const words = new BigUint64Array(memory.buffer);
  let pages = 0;
  for (let page = 0; page < words.length; page += PAGE_WORDS) {
    for (let i = page; i < page + PAGE_WORDS; i++) {
      if (words[i] === 0n) continue;
      pages++;
      break;
    }
  }
  return (pages * PAGE_WORDS * 8) / 2 ** 20;
}

const [originalPath, instrumentedPath, size] = process.argv.slice(2);
const read = (path: string) => new Uint8Array(readFileSync(path));
const reactor = await instantiate(read(originalPath!), instrumentedPath === '-' ? undefined : read(instrumentedPath!));
for (let round = 0; round < 3; round++) reactor.run(Number(size));
const megabytes = peakMegabytes();
const memories = Object.values(reactor.exports).filter((e) => e instanceof WebAssembly.Memory);
const wasmMegabytes = memories.reduce((sum, memory) => sum + usedMegabytes(memory), 0);
console.log(JSON.stringify({ megabytes, wasmMegabytes } satisfies MemoryUse));
