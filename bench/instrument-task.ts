// One measured task in a process of its own: prints its time, peak memory and output size as JSON.

import { readFileSync } from 'node:fs';

const [task, path] = process.argv.slice(2);
const bytes = new Uint8Array(readFileSync(path!));

async function run(): Promise<{ milliseconds: number; outputBytes: number }> {
  if (task === 'binaryen') {
    const { default: binaryen } = await import('binaryen');
    const start = performance.now();
    const module = binaryen.readBinary(bytes);
    const output = module.emitBinary();
    return { milliseconds: performance.now() - start, outputBytes: output.length };
  }
  const { instrument } = await import('../index.ts');
  const start = performance.now();
  const output = instrument(bytes, { host: true });
  return { milliseconds: performance.now() - start, outputBytes: output.bytes.length };
}

const result = await run();
console.log(JSON.stringify({ ...result, megabytes: process.resourceUsage().maxRSS / 1024 }));
