// What a fuzzing service knows of a fuzzer: it gives flags and reads log lines, exit codes and files. One reader for
// libFuzzer's logs and ours.

import { spawnSync } from 'node:child_process';

/** Takes more memory at once than a service allows. */
export const HUGE = `
#include <stdlib.h>
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  if (size > 1 && data[0] == 'm' && data[1] == 'm') { void *volatile block = malloc(100u << 20); free(block); }
  return 0;
}`;

export interface Log {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly text: string;
}

/** Runs a fuzzer. */
export function drive(command: string, args: readonly string[], folder: string): Log {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 });
  const text = stdout + stderr;
  return { code: status, text, lines: text.split('\n') };
}

/** What services read out of a log: the last progress line, statistics, where the test case was written. */
export function parse({ lines, text }: Log) {
  const progress = lines.map((line) =>
    /^#(\d+)\s+(\w+)\s+cov: (\d+) ft: (\d+) corp: (\d+)\/(\d+)(b|Kb) (?:lim: (\d+) )?exec\/s: (\d+) rss: (\d+)Mb/.exec(
      line,
    ),
  );
  const stats = [...text.matchAll(/^stat::(\w+):\s+(\d+)$/gm)].map(([, name, value]) => [name, Number(value)]);
  return {
    events: progress.flatMap((match) => (match ? [match[2]!] : [])),
    edges: progress.flatMap((match) => (match ? [Number(match[3])] : [])),
    stats: Object.fromEntries(stats) as Record<string, number>,
    /** Memory-safety classes, or libFuzzer's own words. */
    error: /ERROR: (AddressSanitizer|libFuzzer): ([\w-]+)/.exec(text)?.slice(1),
    mutators: /^MS: (\d+) (.*); base unit: ([0-9a-f]{40})$/m.exec(text)?.[3]?.length,
    base64: /^Base64: (\S+)$/m.exec(text)?.[1],
    dictionary: /^###### Recommended dictionary\. ######\n((?:".*" # Uses: \d+\n)+)###### End of rec/m.exec(text)?.[1],
    smallest: /^CRASH_MIN: failed to minimize beyond (\S+) \((\d+) bytes\), exiting$/m.exec(text)?.slice(1),
    merged: /^MERGE-OUTER: (\d+) new files with (\d+) new features added; (\d+) new coverage edges$/m
      .exec(text)
      ?.slice(1)
      .map(Number),
    control: /^MERGE-INNER: using the control file '(.*)'$/m.exec(text)?.[1],
    forked:
      /^#(\d+): cov: (\d+) ft: (\d+) corp: (\d+) exec\/s: (\d+) oom\/timeout\/crash: (\d+)\/(\d+)\/(\d+) time: (\d+)s job: (\d+) dft_time: (\d+)$/m.test(
        text,
      ),
    exiting: /^INFO: exiting: (\d+) time: \d+s$/m.exec(text)?.[1],
    artifact: /Test unit written to (\S+)/.exec(text)?.[1],
    summary: /^SUMMARY: (\S+): (\S+)/m.exec(text)?.slice(1),
  };
}
