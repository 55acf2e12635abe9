// bench/results.json: what each section measured last, with the machine and the day.

import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { arch, platform } from 'node:process';
import type { Table } from './report.ts';

export interface Machine {
  readonly date: string;
  readonly node: string;
  readonly v8: string;
  readonly cpu: string;
  readonly cores: number;
  readonly gigabytes: number;
  readonly system: string;
  /** Processes that ran or wanted to, over the last minute, when the section began. */
  readonly load: number;
}

export interface Measured extends Machine {
  readonly loadAfter: number;
  readonly tables: readonly Table[];
}

export type Results = Readonly<Record<string, Measured>>;

const FILE = new URL('results.json', import.meta.url);

export function machine(): Machine {
  return {
    date: new Date().toISOString(),
    node: process.version,
    v8: process.versions.v8,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    gigabytes: Math.round(totalmem() / 2 ** 30),
    system: `${platform} ${arch}`,
    load: loadavg()[0]!,
  };
}

export function readResults(): Results {
  try {
    return JSON.parse(readFileSync(FILE, 'utf8')) as Results;
  } catch {
    return {}; // nothing was measured yet
  }
}

export function writeResults(results: Results): void {
  writeFileSync(FILE, `${JSON.stringify(results, null, 1)}\n`);
}
