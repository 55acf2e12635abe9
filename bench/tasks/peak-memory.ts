// The most memory this process has had, in MB. Linux hands its usual record of that (ru_maxrss) down to a child that begins in its
// parent's memory, as Node's do: a small process started by a large one would be as large. VmHWM is the process's own.

import { readFileSync } from 'node:fs';

export function peakMegabytes(): number {
  return (ownPeak() ?? process.resourceUsage().maxRSS) / 1024;
}

/** KiB; undefined where there is no such file. */
function ownPeak(): number | undefined {
  try {
    const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'));
    return line ? Number(line[1]) : undefined;
  } catch {
    return undefined;
  }
}
