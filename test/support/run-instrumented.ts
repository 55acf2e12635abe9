// Instruments a WASI command, runs it, and holds what was found against what should be: exactly that, in order.

import { WASI } from 'node:wasi';
import { expect } from 'vitest';
import type { Report, SanitizerOptions } from '../../host/index.ts';
import type { Place } from '../../host/report/place.ts';
import type { LeakReport, Parameters } from '../../host/report/report.ts';
import { type RunResult, runCommand } from '../../host/run.ts';
import { type InstrumentOptions, instrument } from '../../index.ts';
import { ScratchFile } from './scratch-file.ts';

export interface Run {
  readonly exitCode: number | undefined;
  readonly trap: Error | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly findings: readonly Report[];
  /** Blocks nothing points to at the end, if asked for and any. */
  readonly leaks?: LeakReport | undefined;
}

export interface ProgramOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly onFinding?: SanitizerOptions['onFinding'];
  /** Whether to look for leaks when the program ends. */
  readonly leaks?: boolean;
}

/** Instruments and runs; after a finding the program goes on unless `runtime.halt` says otherwise. */
export function runInstrumented(
  module: Uint8Array,
  program: ProgramOptions = {},
  options: InstrumentOptions = {},
): Promise<Run> {
  return runProgram(module, instrumentToRun(module, options), program);
}

/** What `runProgram` runs. To be shared by several runs. */
export function instrumentToRun(module: Uint8Array, options: InstrumentOptions = {}): Uint8Array {
  return instrument(module, { host: true, ...options, runtime: { halt: false, ...options.runtime } }).bytes;
}

export function runProgram(original: Uint8Array, instrumented: Uint8Array, program: ProgramOptions = {}): Promise<Run> {
  return withStreams(program.stdin, async ([stdin, stdout, stderr]) => {
    let leaks: LeakReport | undefined;
    const result: RunResult = await runCommand({
      ...(program.leaks ? { atExit: (sanitizer) => (leaks = sanitizer.checkLeaks().report) } : {}),
      original,
      instrumented,
      scriptFrames: false,
      args: ['program.wasm', ...(program.args ?? [])],
      ...(program.env ? { env: program.env } : {}),
      ...(program.onFinding ? { onFinding: program.onFinding } : {}),
      stdin,
      stdout,
      stderr,
    });
    return { exitCode: result.exitCode, trap: result.trap, findings: result.sanitizer.findings, leaks };
  });
}

/** Runs a module as it is. */
export function runPlain(module: Uint8Array, { args = [], env = {}, stdin }: ProgramOptions = {}): Promise<Run> {
  return withStreams(stdin, async ([input, output, errors]) => {
    const wasi = new WASI({
      version: 'preview1',
      args: ['program.wasm', ...args],
      env,
      returnOnExit: true,
      stdin: input,
      stdout: output,
      stderr: errors,
    });
    const { instance } = await WebAssembly.instantiate(
      module as BufferSource,
      wasi.getImportObject() as WebAssembly.Imports,
    );
    try {
      return { exitCode: wasi.start(instance) as unknown as number, trap: undefined, findings: [] };
    } catch (error) {
      return { exitCode: undefined, trap: error as Error, findings: [] };
    }
  });
}

type Streams = readonly [stdin: number, stdout: number, stderr: number];

async function withStreams(
  stdin: string | undefined,
  work: (streams: Streams) => Promise<Omit<Run, 'stdout' | 'stderr'>>,
): Promise<Run> {
  const files = [new ScratchFile(stdin), new ScratchFile(), new ScratchFile()] as const;
  const [input, output, errors] = files;
  try {
    const result = await work([input.descriptor, output.descriptor, errors.descriptor]);
    return { ...result, stdout: output.text(), stderr: errors.text() };
  } finally {
    for (const file of files) file.close();
  }
}

export interface Expected {
  readonly findings: readonly string[];
  /** The source whose innermost frame gives a finding its line. */
  readonly file?: string;
  /** Whether the engine stops the program at the last of them. */
  readonly dies?: boolean;
}

/** Passes only if exactly these findings appeared, in this order, and the program ended as it should: by itself. */
export function expectFindings(run: Run, { findings, file, dies = false }: Expected): void {
  expect(run.findings.map((report) => findingText(report, file))).toEqual(findings);
  if (file !== undefined) for (const report of run.findings) expect(unexplained(report, file)).toEqual([]);
  expect(run.trap).toBeUndefined();
  expect(run.exitCode).toBe(dies ? undefined : 0);
}

/** Stacks of a heap block that do not lead to the program. */
function unexplained(report: Report, file: string): string[] {
  if (!('place' in report) || report.place.where !== 'heap') return [];
  const stacks = [report.place.allocated, report.place.released].filter((trace) => trace !== undefined);
  return stacks
    .filter(({ frames }) => !frames.some((f) => f.file?.endsWith(file) === true && f.line !== undefined))
    .map(({ frames }) => frames.map((f) => f.function).join(' < ') || 'an empty stack');
}

/**
 * A finding in one line: `title, READ of size 4, 0 bytes after 10-byte region, line 7`. The distance is the one that the
 * scheme's own report prints; the line is that of the innermost frame in `file`, left out without one.
 */
export function findingText(report: Report, file?: string): string {
  const parts = [report.title, ...factsOf(report)];
  if (file !== undefined) {
    const frame = report.stack.find((f) => f.file?.endsWith(file) === true);
    parts.push(frame ? `line ${frame.line}` : 'no line');
  }
  return parts.join(', ');
}

function factsOf(report: Report): string[] {
  const { scheme } = report;
  switch (report.layout) {
    case 'access':
    case 'segv': {
      const { write, size } = report.access;
      return [`${write ? 'WRITE' : 'READ'} of size ${size}`, placeText(report.place, scheme)];
    }
    case 'free':
      return [placeText(report.place, scheme)];
    case 'parameter':
      return [...parameterFacts(report.parameters), ...report.places.map((place) => placeText(place, scheme))];
    case 'leak':
      return report.leaks.map((leak) => `${leak.bytes} bytes in ${leak.objects.length} objects`);
  }
}

function parameterFacts(parameters: Parameters): string[] {
  switch (parameters.what) {
    case 'product':
      return [`${parameters.count} times ${parameters.size}`];
    case 'negative-size':
    case 'too-big':
    case 'out-of-memory':
      return [`size ${parameters.size}`];
    case 'alignment':
      return [`alignment ${parameters.alignment}`];
    default:
      return [];
  }
}

function placeText(place: Place, scheme: Report['scheme']): string {
  switch (place.where) {
    case 'heap': {
      const { relation, bytes } = scheme === 'asan' ? place.distance : place.fromStart;
      return `${bytes} bytes ${relation} ${place.size}-byte region`;
    }
    case 'global': {
      const [nearest] = place.globals;
      return `${nearest!.distance.bytes} bytes ${nearest!.distance.relation} '${nearest!.name}' of ${nearest!.size}`;
    }
    case 'stack': {
      const marked = place.objects.find((o) => o.mark !== undefined);
      return marked ? `${marked.mark} '${marked.name}'` : 'on the stack';
    }
    case 'null':
      return `null+${place.offset}`;
    case 'mapping':
      return `${place.distance.bytes} bytes ${place.distance.relation} mapping`;
    default:
      return place.where;
  }
}
