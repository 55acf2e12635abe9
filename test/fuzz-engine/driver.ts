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

const LISTED = `
verbosity=1 seed=0 runs=-1 max_len=0 len_control=100 seed_inputs= keep_seed=0 cross_over=1 cross_over_uniform_dist=0
mutate_depth=5 reduce_depth=0 shuffle=1 prefer_small=1 timeout=1200 error_exitcode=77 timeout_exitcode=70
max_total_time=0 help=0 fork=0 fork_corpus_groups=0 ignore_timeouts=1 ignore_ooms=1 ignore_crashes=0 merge=0
set_cover_merge=0 stop_file= merge_control_file= minimize_crash=0 cleanse_crash=0 mutation_graph_file= use_counters=1
use_memmem=1 use_value_profile=0 use_cmp=1 shrink=0 reduce_inputs=1 jobs=0 workers=0 reload=1 report_slow_units=10
only_ascii=0 dict= artifact_prefix=./ exact_artifact_path= print_pcs=0 print_funcs=2 print_final_stats=0
print_corpus_stats=0 print_coverage=0 print_full_coverage=0 dump_coverage=0 handle_segv=1 handle_bus=1 handle_abrt=1
handle_ill=1 handle_fpe=1 handle_int=1 handle_term=1 handle_xfsz=1 handle_usr1=1 handle_usr2=1 handle_winexcept=1
close_fd_mask=0 detect_leaks=1 purge_allocator_interval=1 trace_malloc=0 rss_limit_mb=2048 malloc_limit_mb=0
exit_on_src_pos= exit_on_item= ignore_remaining_args=0 focus_function= entropic=1
entropic_feature_frequency_threshold=255 entropic_number_of_rarest_features=100 entropic_scale_per_exec_time=0
analyze_dict=0 use_clang_coverage=0 data_flow_trace= collect_data_flow= create_missing_dirs=0
exit_on_time=0 handle_trap=1`;

/** Of these, what LLVM 19 does not have yet. */
export const NEWER_FLAGS = ['exit_on_time', 'handle_trap'];

/**
 * All flags of libFuzzer with their defaults, '' for no text, as its -help=1 lists them (test/fuzz-engine/driver.long.ts asks
 * it; the artifact prefix is './' there, too, though the list says 0).
 */
export const LIBFUZZER_DEFAULTS: ReadonlyMap<string, string> = new Map(
  LISTED.trim()
    .split(/\s+/)
    .map((word) => word.split('=') as [string, string]),
);
export const LIBFUZZER_FLAGS = [...LIBFUZZER_DEFAULTS.keys()];

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
