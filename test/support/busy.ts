// Keeps cores busy with something else, so that threads are stopped where they never are on an idle machine.

import { type ChildProcess, spawn } from 'node:child_process';

/** Starts as many processes that do nothing but run; the answer ends them, and so does the end of this one. */
export function keepBusy(count: number): () => void {
  const children: ChildProcess[] = Array.from({ length: count }, () =>
    spawn(process.execPath, ['-e', 'const parent = process.ppid; while (process.ppid === parent);'], {
      stdio: 'ignore',
    }),
  );
  return () => {
    for (const child of children) child.kill();
  };
}
