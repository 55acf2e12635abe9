// wasan run: instruments a WASI command in memory and runs it. The program's own exit code passes through; findings exit
// with `exitcode` (1).

import { basename } from 'node:path';
import { SanitizerError } from '../../host/errors.ts';
import { PLAIN_STYLE, type Report } from '../../host/index.ts';
import type { Options } from '../../host/options.ts';
import { asanStack } from '../../host/report/style.ts';
import { type RunResult, runCommand } from '../../host/run.ts';
import { instrument } from '../../instrument/index.ts';
import { runtimeImages } from '../../instrument/runtime-images.ts';
import { type Command, type Flag, flagHelp, type Io, parseFlags } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { INSTRUMENT_FLAGS, instrumentOptions } from '../instrument-flags.ts';
import { readModule, readSymbols } from '../module-file.ts';
import { progressLine } from '../progress.ts';
import { readOptions, reportPrinter, runtimeOptions } from '../sanitizer-options.ts';

const FLAGS: readonly Flag[] = [
  { name: '--dir', value: 'host[::guest]', repeat: true, sentence: 'a directory the program may use' },
  { name: '--env', value: 'NAME=value', repeat: true, sentence: 'an environment variable of the program' },
  ...INSTRUMENT_FLAGS,
];

export const runWasiCommand: Command = {
  name: 'run',
  summary: 'instrument a WASI command and run it',
  usage: `wasan run [flags] module.wasm [arguments]\n\n${flagHelp(FLAGS)}\n\nSanitizer options: ASAN_OPTIONS=help=1`,
  run: async (args, io) => {
    const { values, options: flags, rest } = parseFlags(args, FLAGS);
    const options = readOptions(flags, io);
    const path = rest[0];
    if (path === undefined) {
      if (options.help) return EXIT.CLEAN;
      throw new SanitizerError('E_USAGE', 'wasan run takes a module');
    }
    const how = instrumentOptions(values);
    const env = pairs(values.get('--env') ?? [], '--env', '=');
    const original = readModule(path);
    const progress = progressLine(io, `instrumenting ${basename(path)}`, () => performance.now());
    const symbolizer = readSymbols(path, original);
    const { bytes } = instrument(original, runtimeImages, {
      ...how,
      host: true,
      runtime: runtimeOptions(options),
      debugInfo: symbolizer,
      progress: progress.step,
    });
    progress.end();
    const print = reportPrinter(options, io, process.pid);
    const result = await runCommand({
      original,
      instrumented: bytes,
      symbolizer,
      moduleName: basename(path),
      pid: process.pid,
      scriptFrames: false,
      args: [path, ...rest.slice(1)],
      env,
      directories: directories(values.get('--dir') ?? []),
      onFinding: (report) => onFinding(report, options, print),
    });
    return conclude(result, options, io);
  },
};

/** Stops at once as ASan does: nothing the program could catch may run after a fatal finding. */
function onFinding(report: Report, options: Options, print: (report: Report) => void): boolean {
  print(report);
  if (options.halt_on_error) process.exit(options.exitcode);
  return false;
}

function conclude(result: RunResult, options: Options, io: Io): number {
  const { exitCode, trap, sanitizer } = result;
  if (trap) {
    const frames = sanitizer.symbolizeStack(trap.stack ?? '');
    const head = { pointerBytes: 4, moduleName: '' } as Parameters<typeof asanStack>[1];
    io.stderr(
      `==${process.pid}==ERROR: the program trapped: ${trap.message}\n${asanStack(frames, head, PLAIN_STYLE).join('\n')}\n`,
    );
  }
  if (sanitizer.findings.length > 0) return options.exitcode;
  return trap ? EXIT.TRAP : (exitCode ?? EXIT.CLEAN);
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
