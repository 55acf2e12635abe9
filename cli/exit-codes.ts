// What the process says by its exit code. The only place that knows.

export const EXIT = {
  CLEAN: 0,
  /** ASan's default `exitcode`; a program that exits with 1 by itself looks the same, as under ASan. */
  FINDINGS: 1,
  /** Bad input or bad usage: one sentence on stderr, nothing written. */
  USAGE: 2,
  /** A bug of ours. */
  INTERNAL: 3,
  /** The program trapped without a finding: what a shell reports for SIGABRT. */
  TRAP: 134,
} as const;
