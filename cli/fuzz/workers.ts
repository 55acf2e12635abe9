// Several campaigns at a time, each a process of its own: they share the corpus folder and nothing else.

import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Io } from '../command.ts';
import type { FuzzFlags } from './flags.ts';

const OWN_FLAGS = /^--?(jobs|workers|fork|seed)(=|$)/;

/** Runs the jobs; the exit code of the first that found something. */
export async function runWorkers(args: readonly string[], flags: FuzzFlags, seed: number, io: Io): Promise<number> {
  const jobs = flags.number('fork') || flags.number('jobs');
  const workers = flags.number('fork') || flags.number('workers') || Math.max(1, availableParallelism() >> 1);
  const shared = args.filter((arg) => !OWN_FLAGS.test(arg));
  let next = 0;
  let code = 0;
  const worker = async () => {
    while (next < jobs) {
      const job = next++;
      const log = `fuzz-${job}.log`;
      const result = await runJob(['fuzz', ...shared, `-seed=${seed + job}`], log);
      io.stderr(`job ${job} exited with code ${result}; see ${log}\n`);
      if (code === 0) code = result;
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, jobs) }, worker));
  return code;
}

function runJob(args: readonly string[], log: string): Promise<number> {
  const file = openSync(log, 'w');
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...args], {
    stdio: ['ignore', file, file],
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      closeSync(file);
      resolve(code ?? 1);
    });
  });
}
