// Runs a WASI command instrumented, and tells what its leak check found at the end, in one line per stack.

import { openSync } from 'node:fs';
import type { LeakOptions } from '../../host/leak-check.ts';
import type { LeakCheck } from '../../host/report/leaks.ts';
import { type RunResult, runCommand } from '../../host/run.ts';
import type { Sanitizer } from '../../host/sanitizer.ts';
import { type InstrumentOptions, instrument } from '../../index.ts';
import { compileC } from '../support/compile-c.ts';

export interface LeakRun {
  readonly result: RunResult;
  readonly check: LeakCheck | undefined;
}

export interface LeakProgram extends LeakOptions {
  readonly file?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly instrument?: InstrumentOptions;
}

export async function runForLeaks(
  source: string,
  flags: readonly string[],
  program: LeakProgram = {},
): Promise<LeakRun> {
  const { file = 'leak.c', args = [], env = {}, instrument: how, ...options } = program;
  const original = await compileC({ file, source, flags });
  const { bytes } = instrument(original, { host: true, ...how });
  let check: LeakCheck | undefined;
  const nowhere = openSync('/dev/null', 'r+');
  const result = await runCommand({
    original,
    instrumented: bytes,
    args: ['leak.wasm', ...args],
    env,
    stdin: nowhere,
    stdout: nowhere,
    atExit: (sanitizer: Sanitizer) => {
      check = sanitizer.checkLeaks(options);
    },
  });
  return { result, check };
}

/** "direct 10 in 1: build<main" for each stack, innermost two functions of the program. */
export function leakLines(check: LeakCheck | undefined): string[] {
  if (!check) throw new Error('no leak check was made');
  return (check.report?.leaks ?? []).map(({ direct, bytes, objects, stack }) => {
    const functions = stack
      .slice(0, 3)
      .map((f) => f.function)
      .join('<');
    return `${direct ? 'direct' : 'indirect'} ${bytes} in ${objects.length}: ${functions}`;
  });
}
