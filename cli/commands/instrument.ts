// wasan instrument: a module in, a drop-in module with checks out. Without wasan around it, a finding traps in a function
// whose name tells the class, and leaves its report in memory 1 for `wasan explain`.

import { basename } from 'node:path';
import { SanitizerError } from '../../host/errors.ts';
import { createSymbolizer } from '../../host/index.ts';
import { PROBES } from '../../host/probes.ts';
import { instrument } from '../../instrument/index.ts';
import { runtimeImages } from '../../instrument/runtime-images.ts';
import { runtimeOptions } from '../../module-defaults.ts';
import { type Command, type Flag, flagHelp, parseFlags } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { glueNamesFor } from '../glue.ts';
import { INSTRUMENT_FLAGS, instrumentOptions, SINGLE_MEMORY_FLAG } from '../instrument-flags.ts';
import { JOBS_FLAG, jobsOf } from '../jobs.ts';
import { readModule, writeWhole } from '../module-file.ts';
import { IGNORE_FLAG, ignoreOf } from '../policy.ts';
import { progressLine } from '../progress.ts';
import { optionsOf, readOptions } from '../sanitizer-options.ts';

const FLAGS: readonly Flag[] = [
  { name: '-o', value: 'out.wasm', sentence: 'where to write the instrumented module (required)' },
  { name: '--host', sentence: 'import the report hook `wasan.report` instead of trapping; for use with load()' },
  ...INSTRUMENT_FLAGS,
  SINGLE_MEMORY_FLAG,
  JOBS_FLAG,
  IGNORE_FLAG,
];

export const instrumentCommand: Command = {
  name: 'instrument',
  summary: 'write an instrumented copy of a module',
  usage: `wasan instrument [flags] in.wasm -o out.wasm\n\n${flagHelp(FLAGS)}`,
  run: async (args, io) => {
    const { values, options: flags, rest } = parseFlags(args, FLAGS, { interleaved: true });
    const [path, extra] = rest;
    const out = values.get('-o')?.[0];
    if (path === undefined || extra !== undefined || out === undefined) {
      throw new SanitizerError('E_USAGE', 'wasan instrument takes one module and -o <output>');
    }
    readOptions(flags, io); // what is wrong with the command line is said before the module is looked at
    const how = { ...PROBES, ...instrumentOptions(values), ...jobsOf(values) };
    const bytes = readModule(path);
    const options = optionsOf(bytes, flags, io);
    const symbolizer = createSymbolizer(bytes);
    const started = performance.now();
    const progress = progressLine(io, `instrumenting ${basename(path)}`, () => performance.now());
    const {
      bytes: instrumented,
      summary,
      inspection,
    } = instrument(bytes, runtimeImages, {
      ...how,
      host: values.has('--host'),
      runtime: runtimeOptions(options),
      debugInfo: symbolizer,
      strings: options.replace_str,
      ...ignoreOf(values, symbolizer),
      ...glueNamesFor(path, bytes, values),
      progress: progress.step,
    });
    progress.end();
    const { probeFailed, refused } = inspection.allocator;
    if (probeFailed) io.stderr(`wasan: ${basename(path)}: heap checks are off: ${refused}\n`);
    writeWhole(out, instrumented);
    const seconds = (performance.now() - started) / 1000;
    const growth = summary.bytesAfter / summary.bytesBefore;
    io.stderr(
      `${out}: ${summary.checkedFunctions} of ${summary.functions} functions checked, ${summary.sites} sites, ` +
        `${summary.bytesBefore} -> ${summary.bytesAfter} bytes (${growth.toFixed(2)}x), ${seconds.toFixed(2)} s\n`,
    );
    return EXIT.CLEAN;
  },
};
