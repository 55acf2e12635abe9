// Runs a program as it is and under wasan, in fresh copies of its folder: what it printed, how it ended, what was found.

import { closeSync, cpSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WASI } from 'node:wasi';
import type { LeakCheck } from '../../host/report/leaks.ts';
import type { Report } from '../../host/report/report.ts';
import { runCommand } from '../../host/run.ts';
import { type InstrumentOptions, instrument } from '../../index.ts';

export interface Ending {
  readonly exitCode: number | undefined;
  readonly trap: string | undefined;
  readonly output: string;
}

export interface Checked extends Ending {
  readonly findings: readonly Report[];
  readonly leaks: LeakCheck | undefined;
}

interface Place {
  /** One run for each list of arguments, one after the other in the same folder. */
  readonly runs: readonly (readonly string[])[];
  /** Copied, and the only folder the program sees. */
  readonly directory: string | undefined;
}

export async function runPlain(module: Uint8Array, { runs, directory }: Place): Promise<Ending[]> {
  const compiled = await WebAssembly.compile(module as BufferSource);
  return inCopy(directory, runs, async (args, folder, stdout) => {
    const wasi = new WASI({
      version: 'preview1', args, preopens: { '.': folder }, stdout, stderr: stdout, returnOnExit: true,
    }); // biome-ignore format: one call
    const instance = await WebAssembly.instantiate(compiled, wasi.getImportObject() as WebAssembly.Imports);
    return { exitCode: (wasi.start(instance) as unknown as number) ?? 0, trap: undefined };
  });
}

export function prepare(module: Uint8Array, options: InstrumentOptions): Uint8Array {
  return instrument(module, {
    host: true,
    ...options,
    runtime: { halt: false, ...options.runtime },
  }).bytes;
}

export async function runChecked(
  original: Uint8Array,
  instrumented: Uint8Array,
  { runs, directory }: Place,
): Promise<Checked[]> {
  return inCopy(directory, runs, async (args, folder, stdout) => {
    let leaks: LeakCheck | undefined;
    const { exitCode, trap, sanitizer } = await runCommand({
      original,
      instrumented,
      args,
      directories: { '.': folder },
      stdout,
      stderr: stdout,
      onFinding: () => undefined,
      atExit: (running) => {
        leaks = running.checkLeaks();
      },
    });
    return { exitCode, trap: trap?.message, findings: sanitizer.findings, leaks };
  });
}

async function inCopy<T>(
  directory: string | undefined,
  runs: readonly (readonly string[])[],
  run: (args: string[], folder: string, stdout: number) => Promise<T>,
): Promise<(T & { output: string })[]> {
  const parent = mkdtempSync(join(tmpdir(), 'wasan-program-'));
  const folder = join(parent, 'files');
  const results: (T & { output: string })[] = [];
  try {
    cpSync(directory ?? mkdtempSync(join(parent, 'empty-')), folder, { recursive: true });
    for (const [i, args] of runs.entries()) {
      const path = join(parent, `output-${i}`);
      const stdout = openSync(path, 'w');
      const result = await run(['program.wasm', ...args], folder, stdout).finally(() => closeSync(stdout));
      results.push({ ...result, output: readFileSync(path, 'latin1') });
    }
    return results;
  } finally {
    rmSync(parent, { recursive: true });
  }
}
