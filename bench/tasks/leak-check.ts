// Times one leak check after a round of a program, in a process of its own: prints CPU milliseconds of both as JSON.
// Arguments: module, size

import { readFileSync } from 'node:fs';
import { instrument } from '../../index.ts';
import { cpuMilliseconds, instantiate } from '../reactor.ts';

export interface LeakCheckTimes {
  readonly round: number;
  readonly check: number;
}

const [path, size] = process.argv.slice(2);
const bytes = new Uint8Array(readFileSync(path!));
const { run, sanitizer } = await instantiate(bytes, instrument(bytes, { host: true }).bytes);
const start = cpuMilliseconds();
run(Number(size));
const between = cpuMilliseconds();
sanitizer!.checkLeaks();
const times: LeakCheckTimes = { round: between - start, check: cpuMilliseconds() - between };
console.log(JSON.stringify(times));
