// Instruments a module in a process of its own, a small one twice, or lets Binaryen read and write it: prints times, peak memory and the
// size of the output as JSON. Arguments: module, tool (wasan or binaryen).

import { readFileSync } from 'node:fs';
import { peakMegabytes } from './peak-memory.ts';

export interface InstrumentCost {
  /** Of the first run, when the engine has compiled nothing yet. */
  readonly milliseconds: number;
  /** CPU time of all threads in the first run, compiling and collecting garbage included. */
  readonly cpu: number;
  /** The same in the second run, which large modules do without. */
  readonly warmCpu?: number;
  readonly megabytes: number;
  readonly outputBytes: number;
}

const LARGE = 30e6;
const [path, tool] = process.argv.slice(2);
const bytes = new Uint8Array(readFileSync(path!));

async function prepare(): Promise<() => Uint8Array> {
  if (tool === 'binaryen') {
    const { default: binaryen } = await import('binaryen');
    return () => {
      const module = binaryen.readBinary(bytes);
      const output = module.emitBinary();
      module.dispose();
      return output;
    };
  }
  const { instrument } = await import('../../index.ts');
  return () => instrument(bytes, { host: true }).bytes;
}

const run = await prepare();

function once() {
  const start = performance.now();
  const cpu = process.cpuUsage();
  const output = run();
  const { user, system } = process.cpuUsage(cpu);
  return { milliseconds: performance.now() - start, cpu: (user + system) / 1000, outputBytes: output.length };
}

const first = once();
const megabytes = peakMegabytes();
const cost: InstrumentCost = { ...first, megabytes, ...(bytes.length < LARGE && { warmCpu: once().cpu }) };
console.log(JSON.stringify(cost));
