// vitest's globalSetup: what is needed once per run. Builds what tests instantiate (the runtime's variants) if it is out of
// date, and starts the process that compiles their programs.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { buildRuntime } from '../../runtime/build.mts';
import { CLANG_PORT } from './compile-c.ts';

/** By default V8 collects before each command of clang's what the one before it left, with threads beside: a fifth of all time. */
const CLANG_FLAGS = ['--external-memory-accounted-in-global-limit', '--initial-heap-size=256', '--single-threaded-gc'];

/** Answers what ends the process. */
export async function setup(): Promise<() => void> {
  await buildRuntime();
  const server = fork(fileURLToPath(new URL('./clang-server.ts', import.meta.url)), { execArgv: CLANG_FLAGS });
  const [port] = (await once(server, 'message')) as [number];
  process.env[CLANG_PORT] = String(port);
  return () => void server.kill();
}
