// Runs a measurement in a process of its own, so that no measurement sees another's memory or compiled code.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The JSON that bench/tasks/<name> prints last. */
export function task<T>(name: string, args: readonly (string | number)[], flags: readonly string[] = []): T {
  const file = fileURLToPath(new URL(`tasks/${name.includes('.') ? name : `${name}.ts`}`, import.meta.url));
  const output = execFileSync(process.execPath, ['--no-warnings', ...flags, file, ...args.map(String)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
  });
  return JSON.parse(output.trim().split('\n').at(-1)!) as T;
}
