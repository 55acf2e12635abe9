// What one running instrumented module is told, and what it tells.

import type { BoundaryTable } from './boundary-table.ts';
import type { LeakOptions } from './leak-check.ts';
import type { LeakCheck } from './report/leaks.ts';
import type { Report } from './report/report.ts';
import type { Suppression } from './report/suppressions.ts';
import type { Symbolizer } from './symbols/index.ts';

export interface SanitizerOptions {
  /** The module as it was before instrumentation: what reports are symbolised against. */
  readonly original: Uint8Array;
  readonly instrumented: Uint8Array;
  /** Names functions and lines of `original`; made from what the module itself holds unless given. */
  readonly symbolizer?: Symbolizer | undefined;
  /** Shown in frames without debug information: "app.wasm". */
  readonly moduleName?: string | undefined;
  readonly pid?: number;
  /** What imported functions do with the program's memory, beside what is known of WASI (boundary-table.ts). */
  readonly boundary?: BoundaryTable;
  /** Memory 1 that other threads' instances use already; made here if a program with shared memory needs one. */
  readonly sharedMemory?: WebAssembly.Memory;
  /** Check what JavaScript reads and writes in the program's memory, too (guard.ts). Slow. */
  readonly guardJs?: boolean;
  /** Findings not to be told: neither to `onFinding` nor in `findings`, and no reason to stop. */
  readonly suppressions?: readonly Suppression[];
  /** Whether stacks go on into the JavaScript that called the module. Default true. */
  readonly scriptFrames?: boolean;
  /**
   * Called for each finding, while the program stands still. Returns whether to stop the program; undefined leaves it to
   * halt_on_error as baked into the module.
   */
  readonly onFinding?: (report: Report) => boolean | undefined;
  /** How to search for leaks where the program asks for it (`__lsan_do_leak_check`); false: not at all. */
  readonly leaks?: LeakOptions | false;
  /**
   * Called with what such a search has found, and whether it stands for the one at the end. Returns whether leaks then stop the
   * program; by default they do.
   */
  readonly onLeaks?: (check: LeakCheck, isFinal: boolean) => boolean | undefined;
  /** Gets what the program wants printed (`__sanitizer_print_stack_trace`); by default the console's error stream does. */
  readonly print?: (text: string) => void;
}
