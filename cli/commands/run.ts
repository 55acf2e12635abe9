// wasan run: instruments a WASI command in memory and runs it. The program's own exit code passes through; findings exit
// with `exitcode` (1), leaks alone with `leak_exitcode` (23).

import { basename } from 'node:path';
import { SanitizerError } from '../../host/errors.ts';
import { hasMultiMemory, PLAIN_STYLE, type Report, type Symbolizer } from '../../host/index.ts';
import type { Options } from '../../host/options.ts';
import { PROBES } from '../../host/probes.ts';
import { asanStack } from '../../host/report/style.ts';
import { type RunResult, runCommand } from '../../host/run.ts';
import { instrument } from '../../instrument/index.ts';
import { runtimeImages } from '../../instrument/runtime-images.ts';
import { leakOptions, runtimeOptions } from '../../module-defaults.ts';
import { type Command, type Flag, flagHelp, type Io, parseFlags } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { Findings } from '../findings.ts';
import { glueNamesFor } from '../glue.ts';
import { INSTRUMENT_FLAGS, instrumentOptions, SINGLE_MEMORY_FLAG } from '../instrument-flags.ts';
import { JOBS_FLAG, jobsOf } from '../jobs.ts';
import { readModule } from '../module-file.ts';
import {
  BOUNDARY_FLAG,
  boundaryOf,
  IGNORE_FLAG,
  ignoreOf,
  suppressionsOf,
  symbolizerUnder,
  verboseText,
} from '../policy.ts';
import { progressLine } from '../progress.ts';
import { optionsOf, readOptions } from '../sanitizer-options.ts';
import { readSymbols } from '../symbol-files.ts';

const FLAGS: readonly Flag[] = [
  { name: '--dir', value: 'host[::guest]', repeat: true, sentence: 'a directory the program may use' },
  { name: '--env', value: 'NAME=value', repeat: true, sentence: 'an environment variable of the program' },
  ...INSTRUMENT_FLAGS,
  SINGLE_MEMORY_FLAG,
  JOBS_FLAG,
  IGNORE_FLAG,
  BOUNDARY_FLAG,
];

export const runWasiCommand: Command = {
  name: 'run',
  summary: 'instrument a WASI command and run it',
  usage: `wasan run [flags] module.wasm [arguments]\n\n${flagHelp(FLAGS)}\n\nSanitizer options: ASAN_OPTIONS=help=1`,
  run: async (args, io) => {
    const { values, options: flags, rest } = parseFlags(args, FLAGS);
    const asked = readOptions(flags, io);
    const path = rest[0];
    if (path === undefined) {
      if (asked.help) return EXIT.CLEAN;
      throw new SanitizerError('E_USAGE', 'wasan run takes a module');
    }
    // What is wrong with the command line is said before the module is looked at.
    const instrumentation = { ...PROBES, ...instrumentOptions(values), ...jobsOf(values) };
    const env = pairs(values.get('--env') ?? [], '--env', '=');
    const original = readModule(path);
    const options = optionsOf(original, flags, io);
    const symbolizer = readSymbols(path, original, options.demangle);
    const prepared = prepare(path, original, { values, instrumentation, options, symbolizer, io });
    const findings = new Findings(options, io, process.pid, basename(path));
    const suppressions = suppressionsOf(options, original);
    const leaks = options.detect_leaks && leakOptions(options, suppressions);
    const result = await runCommand({
      original,
      instrumented: prepared,
      symbolizer: symbolizerUnder(options, symbolizer),
      moduleName: basename(path),
      pid: process.pid,
      scriptFrames: false,
      args: [path, ...rest.slice(1)],
      env,
      directories: directories(values.get('--dir') ?? []),
      boundary: boundaryOf(values),
      suppressions,
      onFinding: (report) => onFinding(report, options, findings),
      leaks,
      onLeaks: (check, isFinal) => {
        findings.addLeaks(check, isFinal);
        return options.leak_exitcode !== 0;
      },
      print: (text) => findings.say(text),
      atExit: (sanitizer) => {
        if (leaks && options.leak_check_at_exit && !sanitizer.leaksChecked)
          findings.addLeaks(sanitizer.checkLeaks(leaks));
      },
    });
    return conclude(result, options, io, findings);
  },
};

interface Preparation {
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly instrumentation: ReturnType<typeof instrumentOptions>;
  readonly options: Options;
  readonly symbolizer: Symbolizer;
  readonly io: Io;
}

function prepare(path: string, original: Uint8Array, preparation: Preparation): Uint8Array {
  const { values, instrumentation, options, symbolizer, io } = preparation;
  const progress = progressLine(io, `instrumenting ${basename(path)}`, () => performance.now());
  const { bytes, inspection } = instrument(original, runtimeImages, {
    ...instrumentation,
    ...ignoreOf(values, symbolizer),
    ...glueNamesFor(path, original, values),
    host: true,
    singleMemory: instrumentation.singleMemory || !hasMultiMemory(),
    runtime: runtimeOptions(options),
    strings: options.replace_str,
    debugInfo: symbolizer,
    progress: progress.step,
  });
  progress.end();
  const { probeFailed, refused } = inspection.allocator;
  if (probeFailed) io.stderr(`wasan: ${basename(path)}: heap checks are off: ${refused}\n`);
  if (options.verbosity > 0) io.stderr(verboseText(inspection, options, symbolizer.info, io.env));
  return bytes;
}

/**
 * Whether to stop. A fatal finding traps, which no wasm code can catch; the process then ends by itself, because
 * process.exit would join V8's compiler threads while one may be waiting for a collection that never comes.
 */
function onFinding(report: Report, options: Options, findings: Findings): boolean {
  findings.add(report);
  return options.halt_on_error;
}

function conclude({ exitCode, trap, sanitizer }: RunResult, options: Options, io: Io, findings: Findings): number {
  if (trap) {
    const frames = sanitizer.symbolizeStack(trap.stack ?? '');
    const head = { pointerBytes: 4, moduleName: '' } as Parameters<typeof asanStack>[1];
    io.stderr(
      `==${process.pid}==ERROR: the program trapped: ${trap.message}\n${asanStack(frames, head, PLAIN_STYLE).join('\n')}\n`,
    );
  }
  if (options.print_stats) findings.stats(sanitizer.stats());
  findings.draw(sanitizer);
  findings.close();
  return findings.exitCode ?? exitCode ?? EXIT.TRAP;
}

function directories(given: readonly string[]): Record<string, string> {
  const map: Record<string, string> = {};
  for (const item of given) {
    const [host = '', guest = host] = item.split('::');
    map[guest] = host;
  }
  return map;
}

function pairs(given: readonly string[], flag: string, separator: string): Record<string, string> {
  const map: Record<string, string> = {};
  for (const item of given) {
    const at = item.indexOf(separator);
    if (at < 1) throw new SanitizerError('E_USAGE', `${flag} takes NAME=value, not "${item}"`);
    map[item.slice(0, at)] = item.slice(at + 1);
  }
  return map;
}
