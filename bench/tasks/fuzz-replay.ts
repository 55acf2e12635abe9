// The units of a corpus, run again and again in a process of its own: node bench/tasks/fuzz-replay.ts module.wasm folder. Prints
// how often it ran all of them and the CPU seconds that took, once the engine has compiled what they run, as JSON.

import { readFileSync } from 'node:fs';
import { readInputs } from '../../fuzz/folder.ts';
import { openModule } from '../../fuzz/index.ts';

const SECONDS = 1;
const MOST_ROUNDS = 1_000_000;

const [path, folder] = process.argv.slice(2);
const units = readInputs(folder!).map((file) => file.bytes);
const executor = openModule(new Uint8Array(readFileSync(path!)), { detectLeaks: false, timeout: 5000 });

function cpuSeconds(act: () => void): number {
  const before = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function runAll(): void {
  for (const unit of units) {
    executor.run(unit);
    executor.hits();
  }
}

let warm = 0;
while (warm < SECONDS) warm += cpuSeconds(runAll);
const once = cpuSeconds(runAll);
const rounds = Math.max(2, Math.min(MOST_ROUNDS, Math.ceil(SECONDS / Math.max(once, 1e-6))));
const cpu = cpuSeconds(() => {
  for (let i = 0; i < rounds; i++) runAll();
});
process.stdout.write(JSON.stringify({ rounds, cpu, units: units.length }));
