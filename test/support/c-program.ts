// Compiles a C or C++ program, instruments it and runs it under WASI: what it printed, how it ended, what was found.

import { WASI } from 'node:wasi';
import type { Report } from '../../host/report/report.ts';
import { runCommand } from '../../host/run.ts';
import { createSymbolizer } from '../../host/symbols/index.ts';
import { type InstrumentOptions, instrument } from '../../instrument/index.ts';
import { runtimeImages } from '../../instrument/runtime-images.ts';
import { compileC as compileFile } from './compile-c.ts';
import { ScratchFile } from './scratch-file.ts';

/** What clang makes of a lone `source`: C, or C++ with `-x c++` among the arguments. */
export function compileC(source: string, args: readonly string[]): Promise<Uint8Array> {
  const language = args.indexOf('-x');
  const plus = language >= 0 && args[language + 1] === 'c++';
  const flags = plus ? args.filter((_, i) => i !== language && i !== language + 1) : args;
  return compileFile({ file: plus ? 'program.cpp' : 'program.c', source, flags });
}

export interface Outcome {
  readonly exitCode: number | undefined;
  readonly trap: Error | undefined;
  readonly output: string;
  readonly findings: readonly Report[];
}

/** Instruments and runs. By default the program goes on after a finding, so that all are seen. */
export async function runC(
  module: Uint8Array,
  options: InstrumentOptions & { args?: readonly string[]; onFinding?: (report: Report) => void } = {},
): Promise<Outcome> {
  const { args, onFinding, ...rest } = options;
  const instrumented = instrument(module, runtimeImages, {
    host: true,
    debugInfo: createSymbolizer(module),
    ...rest,
    runtime: { halt: false, ...rest.runtime },
  }).bytes;
  return runBytes(module, instrumented, args, onFinding);
}

/** Runs a module as it is. */
export async function runOriginal(
  module: Uint8Array,
  args: readonly string[] = [],
): Promise<Omit<Outcome, 'findings'>> {
  return captured(async (stdout) => {
    const wasi = new WASI({ version: 'preview1', args: ['a.wasm', ...args], stdout, returnOnExit: true });
    const compiled = await WebAssembly.compile(module as BufferSource);
    const instance = await WebAssembly.instantiate(compiled, wasi.getImportObject() as WebAssembly.Imports);
    return { exitCode: wasi.start(instance) as unknown as number, trap: undefined };
  });
}

async function runBytes(
  original: Uint8Array,
  instrumented: Uint8Array,
  args: readonly string[] = [],
  onFinding?: (report: Report) => void,
): Promise<Outcome> {
  return captured(async (stdout) => {
    const { exitCode, trap, sanitizer } = await runCommand({
      original,
      instrumented,
      moduleName: 'a.wasm',
      stdout,
      args: ['a.wasm', ...args],
      onFinding: (report) => {
        onFinding?.(report);
        return undefined;
      },
    });
    return { exitCode, trap, findings: sanitizer.findings };
  });
}

/** Adds what was written to a file of its own. */
async function captured<T>(run: (stdout: number) => Promise<T>): Promise<T & { output: string }> {
  const stdout = new ScratchFile();
  try {
    const result = await run(stdout.descriptor);
    return { ...result, output: stdout.text() };
  } finally {
    stdout.close();
  }
}

/** One line per finding: title, direction, size, the address relative to the named place, and the two inner frames. */
export function summaryOf(report: Report): string {
  const stack = report.stack
    .slice(0, 2)
    .map((f) => f.function)
    .join('<');
  if (report.layout === 'access' || report.layout === 'segv') {
    const { access, place } = report;
    const where =
      place.where === 'heap'
        ? `${place.distance.relation} ${place.distance.bytes} of ${place.size}`
        : place.where === 'global'
          ? place.globals.map((g) => `${g.distance.relation} ${g.distance.bytes} of ${g.name}`).join(', ')
          : place.where === 'null'
            ? `null+${place.offset}`
            : place.where;
    return `${report.title} ${access.write ? 'W' : 'R'}${access.size} ${where} in ${stack}`;
  }
  if (report.layout === 'parameter') return `${report.title} ${JSON.stringify(report.parameters, plain)} in ${stack}`;
  return `${report.title} in ${stack}`;
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
