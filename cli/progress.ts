// A progress line for long work: one line redrawn in place on a terminal, nothing elsewhere.

import type { Io } from './command.ts';

const QUIET_MS = 400;

/** Reports `done` of `total`; shows nothing until the work has taken a while. */
export function progressLine(
  io: Io,
  label: string,
  now: () => number,
): { step: (done: number, total: number) => void; end: () => void } {
  const started = now();
  let shown = false;
  return {
    step(done, total) {
      if (io.terminalColumns === undefined || now() - started < QUIET_MS || total === 0) return;
      shown = true;
      const percent = Math.floor((100 * done) / total);
      const width = Math.max(10, Math.min(40, io.terminalColumns - label.length - 12));
      const filled = Math.round((width * done) / total);
      io.stderr(`\r${label} [${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${String(percent).padStart(3)}%`);
    },
    end() {
      if (shown) io.stderr('\r\x1b[K');
    },
  };
}
