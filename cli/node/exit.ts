// Does a process that instruments modules end when it says so? process.exit and an exception nobody catches make Node wait
// for its compiler threads, and those may wait for the main thread to collect garbage, for ever (nodejs/node issue 54918).
// After instrumenting, the heap is as full as that takes: one exit in thirty hung on a busy machine.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collects garbage when the process exits before its work is done: no compiler thread then waits for it. About 10 ms. */
export function collectBeforeExit(process: NodeJS.Process): void {
  let isDone = false;
  process.once('beforeExit', () => {
    isDone = true; // no exit, but an end: Node then lets its threads finish
  });
  process.once('exit', () => {
    if (isDone) return;
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
  });
}
