// wasan fuzz: finds inputs that make a module do something wrong. Flags, output, corpus folders and exit codes are
// libFuzzer's, so that what drives libFuzzer can drive this.

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { ENTRY_TYPES, type EntryType, entryTypeIn } from '../../fuzz/assemblyscript.ts';
import { parseDictionary } from '../../fuzz/dictionary.ts';
import { DEFAULT_ENTRY } from '../../fuzz/entry.ts';
import type { Executor } from '../../fuzz/executor.ts';
import { type Finding, FUZZ_EXIT, FUZZ_INTERRUPTED, FUZZ_REFUSAL } from '../../fuzz/finding.ts';
import { coverSources, type ModuleOptions, openDifferential, openTarget } from '../../fuzz/index.ts';
import { InitializeError } from '../../fuzz/initialize.ts';
import { SanitizerError } from '../../host/errors.ts';
import type { Command, Io } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import type { Artifacts } from '../fuzz/artifacts.ts';
import { runCampaign } from '../fuzz/campaign.ts';
import { clocksOf } from '../fuzz/clocks.ts';
import { type FuzzFlags, fuzzFlagHelp, parseFuzzFlags } from '../fuzz/flags.ts';
import { mergeFolders } from '../fuzz/merge.ts';
import { runsFiles } from '../fuzz/places.ts';
import { type Inputs, reduceFile, runFiles } from '../fuzz/single.ts';
import { TargetOutput } from '../fuzz/target-output.ts';
import { runWorkers } from '../fuzz/workers.ts';
import { glueBeside } from '../glue.ts';
import { readModule } from '../module-file.ts';
import { readSymbols } from '../symbol-files.ts';

const MIB = 1 << 20;
const ALL_MEMORY = 2 ** 32 - 1;
/** What a run depends on besides its input. */
const RUN_FLAGS = ['entry', 'entry_type', 'diff', 'diff_mode', 'timeout', 'rss_limit_mb', 'detect_leaks', 'scale'];

export const fuzzCommand: Command = {
  name: 'fuzz',
  refusalCode: FUZZ_REFUSAL,
  summary: 'find inputs that make a module do something wrong',
  usage: `wasan fuzz [flags] module.wasm [corpus ...]\nwasan fuzz [flags] module.wasm file ...\nwasan fuzz [flags] command.wasm [corpus ...] -- arguments with @@ for a file\n\n${fuzzFlagHelp()}`,
  run: async (args, io) => {
    const flags = parseFuzzFlags(args);
    for (const flag of flags.unknown)
      io.stderr(`WARNING: unrecognized flag '${flag}'; use -help=1 to list all flags\n`);
    for (const sentence of flags.ignored) io.stderr(`WARNING: ${sentence}\n`);
    const [path, ...inputs] = flags.rest;
    if (flags.number('help') !== 0) {
      io.stdout(`${fuzzCommand.usage}\n`);
      return EXIT.CLEAN;
    }
    if (path === undefined) throw new SanitizerError('E_USAGE', 'wasan fuzz takes a module');
    const seed = flags.number('seed') >>> 0 || (Date.now() % 2 ** 32) + 1;
    const single = runsFiles(flags, inputs);
    if (flags.number('jobs') > 0 || (flags.number('fork') > 0 && !single)) return runWorkers(args, flags, seed, io);
    const now = () => performance.now();
    const original = readModule(path);
    const output = new TargetOutput(io, flags.number('close_fd_mask'), io.terminalColumns !== undefined && !single);
    const options = moduleOptions(path, original, flags, output);
    const executor = open(original, options, flags);
    if ('finding' in executor) return failedAtOnce(executor.finding, flags, output, io);
    const artifacts: Artifacts = {
      prefix: flags.text('artifact_prefix'),
      exact: flags.text('exact_artifact_path'),
      replay: ['wasan', 'fuzz', ...flags.given(RUN_FLAGS), path],
      after: flags.targetArgs.length > 0 ? ['--', ...flags.targetArgs] : [],
    };
    if (single) return runSaved({ executor, path, files: inputs, flags, artifacts, output, io });
    if (flags.number('merge') !== 0 || flags.number('set_cover_merge') !== 0) {
      const order = flags.number('set_cover_merge') !== 0 ? 'set cover' : 'by size';
      mergeFolders(executor, inputs, { order, controlFile: flags.text('merge_control_file') }, io);
      return EXIT.CLEAN;
    }
    for (const line of mutatorLines(executor)) io.stderr(line);
    if (flags.number('entropic') !== 0 && flags.number('verbosity') !== 0)
      io.stderr('INFO: Running with entropic power schedule (0xFF, 100).\n');
    io.stderr(
      `INFO: Seed: ${seed}\nINFO: Loaded 1 modules   (${executor.edges ?? executor.counters} inline 8-bit counters)\n`,
    );
    const dictionary = flags.text('dict') === '' ? [] : parseDictionary(readText(flags.text('dict')));
    const reports = {
      html: flags.text('html'),
      lcov: flags.text('lcov'),
      modulePath: path,
      cover: (units: Iterable<Uint8Array>) => coverSources(original, units, options),
    };
    const moduleName = basename(path);
    const paths = { folders: inputs, artifacts, reports, moduleName };
    const campaign = { executor, flags, ...paths, dictionary, output, seed, io, now };
    const outcome = await runCampaign(campaign);
    const code = flags.number('ignore_crashes') !== 0 ? EXIT.CLEAN : exitCode(outcome.first, flags);
    return code === EXIT.CLEAN && outcome.interrupted ? FUZZ_INTERRUPTED : code;
  },
};

/** libFuzzer adds their addresses, which functions of wasm do not have. */
function mutatorLines({ custom }: Executor): string[] {
  return [
    ...(custom?.mutate ? ['INFO: found LLVMFuzzerCustomMutator. Disabling -len_control by default.\n'] : []),
    ...(custom?.crossOver ? ['INFO: found LLVMFuzzerCustomCrossOver.\n'] : []),
  ];
}

function moduleOptions(path: string, original: Uint8Array, flags: FuzzFlags, output: TargetOutput): ModuleOptions {
  const { print } = output;
  const entry = flags.text('entry');
  const entryType = entryTypeOf(path, entry, flags);
  return {
    symbolizer: readSymbols(path, original),
    moduleName: basename(path),
    timeout: clocksOf(flags).run,
    memoryLimit: (flags.number('rss_limit_mb') || Number.POSITIVE_INFINITY) * MIB,
    largestBlock: Math.min((flags.number('malloc_limit_mb') || flags.number('rss_limit_mb')) * MIB, ALL_MEMORY),
    valueProfile: flags.number('use_value_profile') !== 0,
    ...(flags.targetArgs.length > 0 && { args: flags.targetArgs }),
    detectLeaks: flags.number('detect_leaks') !== 0,
    ...(print && { print }),
    ...(entry === '' ? {} : { entry }),
    ...(entryType && { entryType }),
  };
}

/** What an entry of AssemblyScript takes: as a flag says, or the glue beside the module. */
function entryTypeOf(path: string, entry: string, flags: FuzzFlags): EntryType | undefined {
  const given = flags.text('entry_type');
  const type = ENTRY_TYPES.find((name) => name === given);
  if (given !== '' && !type) throw new SanitizerError('E_USAGE', `-entry_type takes ${ENTRY_TYPES.join(', ')}`);
  const glue = type ? undefined : glueBeside(path);
  return glue === undefined ? type : entryTypeIn(readText(glue), entry || DEFAULT_ENTRY);
}

const DIFF_MODES = ['', 'inline', 'outline', 'plain'] as const;

/** A target that fails before its first input: there is no input to save. */
function failedAtOnce(finding: Finding, flags: FuzzFlags, output: TargetOutput, io: Io): number {
  io.stderr(output.textOf(finding));
  return exitCode(finding, flags);
}

function open(original: Uint8Array, options: ModuleOptions, flags: FuzzFlags): Executor | InitializeError {
  try {
    return openSides(original, options, flags);
  } catch (error) {
    if (error instanceof InitializeError) return error;
    throw error;
  }
}

/** The target, or two targets held against each other. */
function openSides(original: Uint8Array, options: ModuleOptions, flags: FuzzFlags): Executor {
  const path = flags.text('diff');
  if (path === '') return openTarget(original, options);
  const mode = DIFF_MODES.find((name) => name === flags.text('diff_mode'));
  if (mode === undefined) throw new SanitizerError('E_USAGE', `-diff_mode takes ${DIFF_MODES.slice(1).join(', ')}`);
  const module = readModule(path);
  return openDifferential(original, options, {
    module,
    moduleName: basename(path),
    symbolizer: readSymbols(path, module),
    plain: mode === 'plain',
    ...(mode === 'inline' || mode === 'outline' ? { instrument: { mode } } : {}),
  });
}

interface SavedRuns extends Inputs {
  readonly flags: FuzzFlags;
  readonly artifacts: Artifacts;
}

function runSaved({ flags, artifacts, ...inputs }: SavedRuns): number {
  const how = flags.number('minimize_crash') ? 'minimize' : flags.number('cleanse_crash') ? 'cleanse' : undefined;
  if (how === undefined) {
    const times = Math.max(1, flags.number('runs'));
    return exitCode(runFiles(inputs, times), flags);
  }
  const reduction = { how, runs: flags.number('runs'), time: clocksOf(flags).campaign } as const;
  reduceFile(inputs, reduction, artifacts);
  return EXIT.CLEAN;
}

function exitCode(finding: Finding | undefined, flags: FuzzFlags): number {
  if (!finding) return EXIT.CLEAN;
  if (finding.kind === 'timeout') return flags.number('timeout_exitcode');
  return finding.kind === 'oom' ? FUZZ_EXIT.oom : flags.number('error_exitcode');
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new SanitizerError('E_INPUT', `${path}: ${(error as Error).message}`);
  }
}
