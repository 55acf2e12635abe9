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

/** One function leads to the other, and one line to the next. */
export const NESTED = `static volatile int sink;
static __attribute__((noinline)) int deeper(const unsigned char *data) {
  return data[1] == 'b' ? 3 : 4;
}
static __attribute__((noinline)) int deep(const unsigned char *data) {
  return data[0] == 'a' ? deeper(data) : 2;
}
static __attribute__((noinline)) int never(int n) {
  return n ? n * never(n - 1) : 1;
}
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  if (size > 4000) return never(size) ? 0 : -1;
  sink = size > 1 ? deep(data) : 0;
  return 0;
}`;

/** All flags of libFuzzer, as its -help=1 lists them (LLVM 19; test/fuzz-engine/driver.long.ts asks it). */
export const LIBFUZZER_FLAGS = `
verbosity seed runs max_len len_control seed_inputs keep_seed cross_over cross_over_uniform_dist mutate_depth reduce_depth shuffle
prefer_small timeout error_exitcode timeout_exitcode max_total_time help fork fork_corpus_groups ignore_timeouts ignore_ooms
ignore_crashes merge set_cover_merge stop_file merge_control_file minimize_crash cleanse_crash mutation_graph_file use_counters
use_memmem use_value_profile use_cmp shrink reduce_inputs jobs workers reload report_slow_units only_ascii dict artifact_prefix
exact_artifact_path print_pcs print_funcs print_final_stats print_corpus_stats print_coverage print_full_coverage dump_coverage
handle_segv handle_bus handle_abrt handle_ill handle_fpe handle_int handle_term handle_xfsz handle_usr1 handle_usr2
handle_winexcept close_fd_mask detect_leaks purge_allocator_interval trace_malloc rss_limit_mb malloc_limit_mb exit_on_src_pos
exit_on_item ignore_remaining_args focus_function entropic entropic_feature_frequency_threshold
entropic_number_of_rarest_features entropic_scale_per_exec_time analyze_dict use_clang_coverage data_flow_trace
collect_data_flow create_missing_dirs`
  .trim()
  .split(/\s+/);

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
