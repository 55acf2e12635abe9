// wasan explain: what a module instrumented without a host left behind when it trapped, as a report; or just the engine's
// stack with the original's functions and source lines.

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { SanitizerError } from '../../host/errors.ts';
import { openSnapshot, originalOf, PLAIN_STYLE, Sanitizer } from '../../host/index.ts';
import { asanStack } from '../../host/report/style.ts';
import { type Command, type Flag, flagHelp, parseFlags } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { Findings } from '../findings.ts';
import { readModule } from '../module-file.ts';
import { readOptions } from '../sanitizer-options.ts';
import { readSymbols } from '../symbol-files.ts';

const FLAGS: readonly Flag[] = [
  {
    name: '--original',
    value: 'in.wasm',
    sentence: 'the module before instrumentation, unless the instrumented one carries it (wasan/asc)',
  },
  {
    name: '--memory',
    value: 'dump',
    sentence: 'memory 1 after the trap: takeSnapshot(exports.__wasan_memory), or its raw bytes',
  },
  { name: '--stack', value: 'text', sentence: "file with the engine's stack trace; - reads standard input" },
];

export const explainCommand: Command = {
  name: 'explain',
  summary: 'turn the trap of an instrumented module into a report',
  usage: `wasan explain [flags] instrumented.wasm\n\n${flagHelp(FLAGS)}`,
  run: async (args, io) => {
    const { values, options: flags, rest } = parseFlags(args, FLAGS, { interleaved: true });
    const path = rest[0];
    const originalPath = values.get('--original')?.[0];
    if (path === undefined || rest.length > 1) {
      throw new SanitizerError('E_USAGE', 'wasan explain takes one instrumented module and --original <module>');
    }
    const options = readOptions(flags, io);
    const stack = readStack(values.get('--stack')?.[0]);
    const instrumented = readModule(path);
    const original = originalPath === undefined ? originalOf(instrumented) : readModule(originalPath);
    if (!original)
      throw new SanitizerError('E_USAGE', 'wasan explain takes --original <module>: this one carries none');
    const name = originalPath ?? path;
    const sanitizer = new Sanitizer({
      original,
      symbolizer: readSymbols(name, original),
      instrumented,
      moduleName: basename(name),
      scriptFrames: false,
    });
    const dump = values.get('--memory')?.[0];
    if (dump !== undefined) {
      const findings = new Findings({ ...options, log_path: options.log_path || 'stdout' }, io, 0, basename(name));
      findings.add(sanitizer.explain(openSnapshot(readModule(dump)), stack));
      findings.close();
      return EXIT.FINDINGS;
    }
    if (stack === '') throw new SanitizerError('E_USAGE', 'wasan explain needs --memory, --stack or both');
    const head = { pointerBytes: 4, moduleName: '' } as Parameters<typeof asanStack>[1];
    io.stdout(`${asanStack(sanitizer.symbolizeStack(stack), head, PLAIN_STYLE).join('\n')}\n`);
    return EXIT.CLEAN;
  },
};

function readStack(path: string | undefined): string {
  if (path === undefined) return '';
  if (path === '-') return readFileSync(0, 'utf8');
  return new TextDecoder().decode(readModule(path));
}
