// Does a process that instruments modules end when it says so? process.exit and an exception nobody catches make Node wait
// for its compiler threads, and those may wait for the main thread to collect garbage, for ever (nodejs/node issue 54918).
// After instrumenting, the heap is as full as that takes: one exit in thirty hung on a busy machine.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let isAsked = false;

/**
 * Collects garbage when the process exits before its work is done: no compiler thread then waits for it. A tenth of a second
 * where the program holds much, so it is asked for, once, by what fills the heap.
 */
export function collectBeforeExit(process: NodeJS.Process): void {
  if (isAsked) return;
  isAsked = true;
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
