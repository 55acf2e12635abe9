// Flags of `wasan fuzz`: libFuzzer's, with their names, meanings and one dash; a second dash is allowed.

import { SanitizerError } from '../../host/errors.ts';
import { isOther, otherFlag } from './other-flags.ts';

interface FlagRow {
  readonly name: string;
  readonly fallback: number | string;
  readonly sentence: string;
  /** Where less has no meaning. */
  readonly least?: number;
}

const row = (name: string, fallback: number | string, sentence: string, least?: number): FlagRow => ({
  ...{ name, fallback, sentence },
  ...(least === undefined ? {} : { least }),
});

export const FUZZ_FLAGS = [
  row('runs', -1, 'number of runs; -1 for no limit, 0 only runs the corpus; of files: how often each runs'),
  row('seed', 0, 'seed of the random numbers; 0 takes one from the clock'),
  row('max_len', 0, 'longest input; 0 takes the longest of the corpus, and at least 4096', 0),
  row('len_control', -1, 'how slowly mutations grow to max_len; 0: at once; -1: 100, or 0 with a custom mutator'),
  row('seed_inputs', '', 'inputs to begin with, besides the corpora: a,b,c or @file with such a list'),
  row('shuffle', 1, '0: run the corpus in the order of its names, not the shortest first'),
  row('only_ascii', 0, '1: mutations make printable characters'),
  row('max_total_time', 0, 'seconds to fuzz for, set-up and minimising not counted; 0 for no limit'),
  row('max_runtime', 0, 'the same as max_total_time'),
  row('exit_on_time', 0, 'seconds without a new unit after which the campaign ends; 0 for no limit'),
  row('stop_file', '', 'the campaign ends when there is a file of this name'),
  row('timeout', 5, 'seconds one run may take; more is a finding; 0 for no limit'),
  row('rss_limit_mb', 1024, 'MiB the memory of the program may grow to; more is a finding; 0 for no limit'),
  row('malloc_limit_mb', 0, 'MiB one allocation may take; more is a finding; 0 takes rss_limit_mb'),
  row('mutate_depth', 5, 'mutations of a unit in a row, each of which runs', 1),
  row('cross_over', 1, '0: mutations take nothing from other units'),
  row('dict', '', 'file with words to insert'),
  row('artifact_prefix', './', 'what the names of saved findings begin with'),
  row('regressions', '', 'folder with inputs of earlier findings, replayed first'),
  row('exact_artifact_path', '', 'the name of a saved finding'),
  row('create_missing_dirs', 0, '1: make the folders of corpus and artifacts that are missing'),
  row('merge', 0, '1: copy into the first folder what adds coverage from the others'),
  row('set_cover_merge', 0, '1: the same with fewer files, chosen for how much each adds'),
  row('merge_control_file', '', 'file from which a merge that was stopped goes on'),
  row('minimize_crash', 0, '1: make the given crashing input smaller'),
  row('cleanse_crash', 0, '1: blank out the bytes of a crashing input that do not matter'),
  row('ignore_crashes', 0, '1: go on after a finding, and exit with 0'),
  row('ignore_timeouts', -1, '1: go on after a hang, which then is no failure; -1: with -fork'),
  row('ignore_ooms', -1, '1: go on after running out of memory, which then is no failure; -1: with -fork'),
  row('keep_going', 0, '1: go on after a finding, and exit with its code at the end'),
  row('detect_leaks', 1, '0: do not look for leaks'),
  row('use_cmp', 1, '0: do not look at what the target compares'),
  row('entropic', 1, '0: prefer units with rare features and little use, not those whose mutants teach most'),
  row('reduce_inputs', 1, '0: keep units although shorter ones do the same'),
  row('use_value_profile', 0, '1: how close comparisons come to being equal is feedback, too'),
  row('print_pcs', 0, '1: print each piece of code that is reached for the first time'),
  row('print_funcs', 2, 'print so many functions of a unit that are entered for the first time'),
  row('print_coverage', 0, '1: print at the end which functions and lines were reached'),
  row('print_full_coverage', 0, '1: print at the end the lines of all counters, reached or not, function by function'),
  row('print_corpus_stats', 0, '1: print at the end what became of each unit'),
  row('print_final_stats', 0, '1: print statistics at the end'),
  row('reload', 1, 'seconds between two looks at what other workers added to the corpus; 0 for never'),
  row('jobs', 0, 'number of campaigns to run, one after the other in each worker, each with a log file'),
  row('workers', 0, 'number of campaigns at a time; 0 takes half the cores'),
  row('fork', 0, 'run as many campaigns at a time, sharing the corpus folder'),
  row('scale', 1, 'factor for timeout and max_total_time on slow machines'),
  row('error_exitcode', 77, 'exit code after a finding'),
  row('timeout_exitcode', 70, 'exit code after a hang'),
  row('help', 0, '1: print these flags'),
  row('close_fd_mask', 0, '1: do not show what the target prints to stdout; 2: to stderr; 3: neither'),
  row('verbosity', 1, '0: print findings alone'),
  row('diff', '', 'another module: where the two do not do the same is a finding'),
  row('diff_mode', '', 'how the other module is checked: inline or outline; plain: not at all'),
  row('html', '', 'file for a page about the campaign: coverage over time, findings, corpus, source lines reached'),
  row('lcov', '', "file for the source lines the corpus reaches, in lcov's format"),
  row('ignore_remaining_args', 0, '1: what follows is for the target, as it is behind --'),
  row('entry_type', '', 'class of the AssemblyScript object it takes, if it is not in the glue beside the module'),
  row('entry', '', 'exported function (pointer, length) to call; default LLVMFuzzerTestOneInput'),
] as const;

export interface FuzzFlags {
  readonly number: (name: string) => number;
  readonly text: (name: string) => string;
  /** Those of the named flags that were given, as they would be given again. */
  readonly given: (names: readonly string[]) => string[];
  readonly rest: readonly string[];
  /** Behind "--": arguments of the target. */
  readonly targetArgs: readonly string[];
  /** Of libFuzzer's other flags those that were given another value than libFuzzer's own, with what to say about it. */
  readonly ignored: readonly string[];
  readonly unknown: readonly string[];
}

/** What follows this is the target's. */
const SEPARATOR = /^(--|--?ignore[_-]remaining[_-]args(=1)?)$/;

/** Where the word in front of the target's arguments stands; the number of words if there is none. */
export function targetArgsBegin(args: readonly string[]): number {
  const at = args.findIndex((arg) => SEPARATOR.test(arg));
  return at < 0 ? args.length : at;
}

const FLAG = /^--?([a-zA-Z_][\w-]*)(?:=(.*))?$/s;

/** Reads a command line; words that are no flags are the module and the corpora. Unknown flags are listed, as libFuzzer does. */
export function parseFuzzFlags(args: readonly string[]): FuzzFlags {
  const rows = new Map<string, FlagRow>(FUZZ_FLAGS.map((f) => [f.name, f]));
  const values = new Map(FUZZ_FLAGS.map((f) => [f.name as string, f.fallback]));
  const rest: string[] = [];
  const unknown: string[] = [];
  const ignored: string[] = [];
  const end = targetArgsBegin(args);
  for (const arg of args.slice(0, end)) {
    const match = FLAG.exec(arg);
    const name = match?.[1]?.replaceAll('-', '_');
    if (name === undefined) rest.push(arg);
    else if (isOther(name)) ignored.push(...otherFlag(name, match![2]));
    else if (!rows.has(name)) unknown.push(arg);
    else values.set(name, readValue(rows.get(name)!, match![2]));
  }
  return {
    number: (name) => values.get(name) as number,
    text: (name) => values.get(name) as string,
    given: (names) =>
      FUZZ_FLAGS.filter((f) => names.includes(f.name) && values.get(f.name) !== f.fallback).map(
        (f) => `-${f.name}=${values.get(f.name)}`,
      ),
    rest,
    targetArgs: args.slice(end + 1),
    unknown,
    ignored,
  };
}

function readValue({ name, fallback, least }: FlagRow, given: string | undefined): number | string {
  if (typeof fallback === 'string') return given ?? '';
  const number = given === undefined ? 1 : Number(given);
  if (given === '' || !Number.isFinite(number))
    throw new SanitizerError('E_USAGE', `-${name} takes a number, not "${given}"`);
  if (least !== undefined && number < least)
    throw new SanitizerError('E_USAGE', `-${name} takes a number from ${least} on, not "${given}"`);
  return number;
}

export function fuzzFlagHelp(): string {
  const width = Math.max(...FUZZ_FLAGS.map((f) => f.name.length));
  return FUZZ_FLAGS.map(
    (f) => `  -${f.name.padEnd(width)}  ${f.sentence}${f.fallback === '' ? '' : ` (${f.fallback})`}`,
  ).join('\n');
}
