// Runs the command line as a user does: a process of its own, with an environment of its own.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const WASAN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

export interface CliResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** What of the caller's environment reaches the command: where to find programs, and where compiled sources are kept. */
const KEPT = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => name === 'PATH' || name === 'NODE_COMPILE_CACHE'),
);

/** One thread does all of a command that lasts a third of a second: more of them for V8's own work cost a fifth of it. */
const FEW_THREADS = ['--single-threaded-gc', '--no-concurrent-recompilation'];

export function wasan(args: readonly string[], { cwd, env, stdin }: CliOptions = {}): CliResult {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...FEW_THREADS, WASAN, ...args], {
    encoding: 'utf8',
    env: { ...KEPT, ...env },
    timeout: 60_000,
    killSignal: 'SIGKILL',
    input: stdin ?? '',
    ...(cwd ? { cwd } : {}),
  });
  return { status, stdout, stderr };
}
