// What a run is about that threw something which is no finding of the sanitizer's.

import type { StackFrame } from '../host/report/place.ts';
import { ProgramAbort } from './assemblyscript.ts';
import { type Finding, plainFinding } from './finding.ts';
import { ProgramExit } from './wasi.ts';

/** The target has changed the input it was given. */
export class OverwrittenInput extends Error {}

export function thrownFinding(error: Error, stack: readonly StackFrame[]): Finding {
  if (error instanceof RangeError)
    return plainFinding('crash', 'stack-overflow', 'the call stack is exhausted', stack, 'trap');
  if (error instanceof OverwrittenInput)
    return plainFinding('crash', 'overwritten-input', 'the caller does not expect that', [], 'overwrites');
  if (error instanceof ProgramExit) return plainFinding('crash', 'exit', error.message, stack, 'exit');
  if (error instanceof ProgramAbort) return plainFinding('crash', 'abort', error.message, stack, 'trap');
  if (error instanceof WebAssembly.RuntimeError)
    return plainFinding('crash', error.message.replaceAll(' ', '-'), error.message, stack, 'trap');
  return plainFinding('crash', 'uncaught-exception', error.message, stack);
}
