// libFuzzer's flags that do nothing here, each with the reason: those that can be left out without harm are ignored, and those
// whose result somebody waits for are refused. A flag that is given libFuzzer's own default is never worth a word.

import { SanitizerError } from '../../host/errors.ts';

interface OtherFlag {
  readonly name: string;
  readonly what: 'ignored' | 'refused';
  readonly fallback: number | string;
  readonly why: string;
}

const flag = (what: OtherFlag['what'], fallback: number | string, why: string, ...names: string[]): OtherFlag[] =>
  names.map((name) => ({ name, what, fallback, why }));
const ignored = (fallback: number | string, why: string, ...names: string[]) =>
  flag('ignored', fallback, why, ...names);
const refused = (fallback: number | string, why: string, ...names: string[]) =>
  flag('refused', fallback, why, ...names);
const signals = ['segv', 'bus', 'abrt', 'ill', 'fpe', 'xfsz', 'usr1', 'usr2', 'winexcept', 'trap'];

export const OTHER_FLAGS: readonly OtherFlag[] = [
  ...ignored(
    1,
    'a program in wasm gets no signals, its traps are findings',
    ...signals.map((name) => `handle_${name}`),
  ),
  ...ignored(1, 'the two signals end a campaign in order', 'handle_int', 'handle_term'),
  ...ignored(1, 'heap and quarantine are put back after every run', 'purge_allocator_interval'),
  ...ignored(10, 'a run that takes long is a finding, see -timeout', 'report_slow_units'),
  ...ignored(1, 'seeds run shortest first, or with -shuffle=0 by name', 'prefer_small'),
  ...ignored(0, 'a seed that adds nothing is not mutated', 'keep_seed'),
  ...ignored(0, 'other units are chosen with equal odds', 'cross_over_uniform_dist'),
  ...ignored(0, 'every mutation in a row runs', 'reduce_depth'),
  ...ignored(0, 'see -reduce_inputs', 'shrink'),
  ...ignored(1, 'hits are always counted', 'use_counters'),
  ...ignored(1, 'see -use_cmp', 'use_memmem'),
  ...ignored(255, 'the threshold is libFuzzer’s', 'entropic_feature_frequency_threshold'),
  ...ignored(100, 'the number is libFuzzer’s', 'entropic_number_of_rarest_features'),
  ...ignored(0, 'the schedule must not depend on the clock', 'entropic_scale_per_exec_time'),
  ...ignored(0, 'every process sees the whole corpus', 'fork_corpus_groups'),
  ...ignored(0, 'see -print_coverage and -lcov', 'dump_coverage', 'use_clang_coverage'),
  ...ignored(0, 'a report shows where its block was allocated and freed', 'trace_malloc'),
  ...refused('', 'there is no such graph; -html shows the corpus', 'mutation_graph_file'),
  ...refused('', 'no function can be focussed on', 'focus_function'),
  ...refused('', 'there are no data flow traces', 'data_flow_trace', 'collect_data_flow'),
  ...refused(
    0,
    'dictionaries are not analysed; words that led to something are recommended at the end',
    'analyze_dict',
  ),
  ...refused('', 'only findings end a campaign early, and -stop_file', 'exit_on_src_pos', 'exit_on_item'),
];

const BY_NAME: ReadonlyMap<string, OtherFlag> = new Map(OTHER_FLAGS.map((other) => [other.name, other]));

export function isOther(name: string): boolean {
  return BY_NAME.has(name);
}

/** What to say about such a flag, if anything; throws if it is refused. */
export function otherFlag(name: string, given = '1'): string[] {
  const { what, fallback, why } = BY_NAME.get(name)!;
  if (given === String(fallback)) return [];
  const sentence = `-${name} is ${what}: ${why}`;
  if (what === 'refused') throw new SanitizerError('E_USAGE', sentence);
  return [sentence];
}
