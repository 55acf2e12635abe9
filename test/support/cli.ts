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

/** Nothing of the caller's environment reaches the command but PATH. */
export function wasan(args: readonly string[], { cwd, env, stdin }: CliOptions = {}): CliResult {
  const { status, stdout, stderr } = spawnSync(process.execPath, [WASAN, ...args], {
    encoding: 'utf8',
    env: { ...(process.env.PATH ? { PATH: process.env.PATH } : {}), ...env },
    timeout: 60_000,
    killSignal: 'SIGKILL',
    input: stdin ?? '',
    ...(cwd ? { cwd } : {}),
  });
  return { status, stdout, stderr };
}
