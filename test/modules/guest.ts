// Support: runs a piece of JavaScript with every wasm module it loads instrumented.

import { intercept } from '../../host/intercept.ts';
import type { Report } from '../../host/report/report.ts';
import { type InstrumentOptions, instrument } from '../../index.ts';

export interface Outcome<T> {
  readonly value: T;
  readonly findings: readonly Report[];
  /** Modules instrumented on the way. */
  readonly modules: number;
}

/** Runs `work` under wasan. Findings never stop it. */
export async function underWasan<T>(work: () => Promise<T>, options: InstrumentOptions = {}): Promise<Outcome<T>> {
  const findings: Report[] = [];
  let modules = 0;
  const restore = intercept({
    rewrite: (original) => {
      modules++;
      return instrument(original, { host: true, ...options, runtime: { halt: false, ...options.runtime } }).bytes;
    },
    onFinding: (report) => {
      findings.push(report);
      return false;
    },
  });
  try {
    return { value: await work(), findings, modules };
  } finally {
    restore();
  }
}
