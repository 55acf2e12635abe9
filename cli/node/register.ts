// `node --import wasan/register app.js`: from here on, every wasm module this process (and its workers and children)
// compiles runs instrumented. Findings go to stderr or log_path, and make the process fail.

import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { setEngineFlags } from '../../host/engine-flags.ts';
import { type InterceptOptions, intercept } from '../../host/intercept.ts';
import { readInfo } from '../../host/module-info.ts';
import type { Options, OptionValues } from '../../host/options.ts';
import { PROBES } from '../../host/probes.ts';
import { sentenceOf } from '../../host/report/sentence.ts';
import type * as Library from '../../index.ts';
import type { InstrumentError } from '../../instrument/errors.ts';
import { glueNames } from '../../instrument/glue-names.ts';
import { leakOptions, runtimeOptions } from '../../module-defaults.ts';
import { ownModule } from '../../own-files.ts';
import type { Io } from '../command.ts';
import { Findings, failureCode } from '../findings.ts';
import { suppressionsOf, symbolizerUnder } from '../policy.ts';
import { optionsOf, readOptions } from '../sanitizer-options.ts';
import { readSymbols } from '../symbol-files.ts';
import { ModuleCache } from './cache.ts';
import { watchContexts } from './contexts.ts';
import { collectBeforeExit } from './exit.ts';
import { FailureNotes, Failures, NOTES_VARIABLE } from './failures.ts';
import { loadingScript, Selection, scriptText } from './loader.ts';
import { ModuleNames } from './module-names.ts';
import { readSettings, type Settings } from './settings.ts';
import { NodeThreads } from './threads.ts';

/** Synchronous: the process may end with the next instruction. */
const io: Io = {
  stdout: (text) => void writeSync(1, text),
  stderr: (text) => writeAll(2, text),
  env: process.env,
  terminalColumns: process.stderr.isTTY ? process.stderr.columns : undefined,
};

/** A pipe may be full: whoever reads it needs a moment. */
function writeAll(descriptor: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** A wrong glob must not look like a clean run: says at the end if --include matched nothing. */
class Choice {
  isMet = false;
  private readonly leftOut = new Set<string>();

  constructor(isGiven: boolean) {
    if (isGiven) process.once('exit', () => this.tell());
  }

  leaveOut(path: string): void {
    if (path !== '') this.leftOut.add(path); // Node's own modules have none
  }

  private tell(): void {
    if (this.isMet || this.leftOut.size === 0) return;
    io.stderr(`wasan: nothing was instrumented: no --include matches ${[...this.leftOut].join(', ')}\n`);
  }
}

register();

function register(): void {
  setEngineFlags();
  const settings = readSettings(process.env);
  const flags = { ...settings.options, help: false };
  const options = readOptions(flags, io);
  const names = new ModuleNames();
  const failures = new Failures(process);
  const findings = new Findings(options, io, process.pid, 'wasm');
  process.once('exit', () => {
    if (findings.reports.length === 0) return; // a child without findings must not replace its parent's page
    findings.close();
  });
  if (isMainThread && process.env[NOTES_VARIABLE] === undefined) failForChildren();
  const threads = new NodeThreads((failure) => failures.fail(failure));
  const suppressions = suppressionsOf(options);
  const cache = new ModuleCache(settings.cacheFolder, settings.cacheBytes);
  const interception: InterceptOptions = {
    rewrite: rewriting(settings, flags, options, names, cache),
    compile: (made, Module) => cache.compile(made, Module),
    nameOf: (original) => names.of(original),
    symbolizerOf: (original) => {
      const file = names.fileOf(original);
      return file === undefined ? undefined : symbolizerUnder(options, readSymbols(file, original, options.demangle));
    },
    pid: process.pid,
    suppressions,
    leaks: options.detect_leaks && leakOptions(options, suppressions),
    onLeaks: (check, isFinal) => {
      findings.addLeaks(check, isFinal);
      const stops = isFinal && options.leak_exitcode !== 0;
      const failure = { exitCode: options.leak_exitcode, halt: true };
      if (check.report && stops && isMainThread) failures.fail(failure);
      else if (check.report && stops) threads.fail(failure);
      return stops;
    },
    print: (text) => findings.say(text),
    guardJs: settings.guardJs,
    threads,
    onFinding: (report, sanitizer) => {
      findings.add(report);
      findings.draw(sanitizer);
      const failure = { exitCode: failureCode(options), halt: sanitizer.haltsOnError };
      if (isMainThread) failures.fail(failure);
      else threads.fail(failure);
      // Whoever is still here after process.exit has replaced it, as test runners do: what goes on is a failed test.
      if (failure.halt && isMainThread) throw new Error(`${sentenceOf(report)} (wasan's report is above)`);
      return failure.halt;
    },
  };
  intercept(interception);
  watchContexts((api) => void intercept(interception, api));
}

/** A program may compile the same bytes for every call. They are held for threads, too (threads.ts). */
interface Instrumented {
  readonly original: Uint8Array;
  readonly script: string;
  readonly made: Uint8Array;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

/** Instruments the modules that are chosen, or takes what was made of them before. */
function rewriting(
  settings: Settings,
  flags: OptionValues,
  options: Options,
  names: ModuleNames,
  cache: ModuleCache,
): InterceptOptions['rewrite'] {
  const { mode, mapping, allocator, stackPointer } = settings;
  const instrumentation = {
    ...{ mode, mapping, allocator, threads: true },
    ...(stackPointer === undefined ? {} : { stackPointer }),
  };
  const common = [runtimeOptions(options), options.replace_str];
  const fixed = JSON.stringify([instrumentation, common]);
  const selection = new Selection(settings.include, settings.exclude, settings.folder);
  const choice = new Choice(settings.include.length > 0);
  const before: Instrumented[] = [];
  return (original) => {
    if (original.length < settings.minimumBytes) return undefined;
    const script = loadingScript();
    const known = before.find((m) => m.script === script && isEqual(m.original, original));
    if (known) return known.made;
    names.loadedBy(original, script);
    const file = selection.isNarrow ? names.fileOf(original) : undefined;
    if (!selection.has(file === undefined ? [script] : [script, file])) {
      choice.leaveOut(file ?? script);
      return undefined;
    }
    choice.isMet = true;
    try {
      const exports = glueNames(original, scriptText(settings.glue ?? script));
      const made = cache.get(original, fixed + JSON.stringify(exports), () => {
        if (isMainThread) collectBeforeExit(process);
        const own = optionsOf(original, flags, io);
        const baked = { runtime: runtimeOptions(own), strings: own.replace_str };
        return library().instrument(original, {
          ...PROBES,
          ...instrumentation,
          ...baked,
          glueNames: exports,
          host: true,
        }).bytes;
      });
      const name = () => names.of(original);
      tellOf(made, { name, bytes: original.length, script, verbose: options.verbosity > 0 });
      before.push({ original, script, made });
      return made;
    } catch (error) {
      return leaveAlone(error, options);
    }
  };
}

/**
 * Half of wasan's code, for what is in no cache. Not before: each process below `wasan npm test` starts with this file. What
 * a program has done to `require` by then (tsx) it does to this as well, so it may be another copy of what is loaded here.
 */
function library(): typeof Library {
  const file = ownModule('index');
  return createRequire(file)(fileURLToPath(file)) as typeof Library;
}

interface Loaded {
  readonly name: () => string;
  readonly bytes: number;
  readonly script: string;
  readonly verbose: boolean;
}

/** What the instrumented module has to say of itself, also when it comes from the cache: that a probe run failed. */
function tellOf(instrumented: Uint8Array, { name, bytes, script, verbose }: Loaded): void {
  const info = readInfo(instrumented);
  if (info.notice !== undefined) io.stderr(`wasan: ${name()}: ${info.notice}\n`);
  if (!verbose) return;
  const roles = info.allocator.map((f) => `${f.role} by ${f.how}`).join(', ');
  const allocator = roles === '' ? 'no allocator found' : `${roles}; redzones ${info.layout ?? 'around'} blocks`;
  const stack = info.stackPointerHow === null ? 'no stack pointer found' : `stack pointer by ${info.stackPointerHow}`;
  io.stderr(`wasan: ${name()}: ${bytes} bytes, loaded by ${script || 'unknown code'}: ${allocator}; ${stack}\n`);
}

/** A module that cannot be instrumented runs as it is: the program's work comes first. It is said once. */
function leaveAlone(error: unknown, options: Options): undefined {
  const { name, code, message } = error as InstrumentError; // of a class that library() may have loaded once more
  if (name !== 'InstrumentError') throw error;
  if (options.verbosity > 0 || code !== 'E_NO_MEMORY') {
    io.stderr(`wasan: a module runs unchecked: ${message} [${code}]\n`);
  }
  return undefined;
}

/** Nobody else listens to what children have to say: this process was started by `node --import`. */
function failForChildren(): void {
  const notes = new FailureNotes();
  process.env[NOTES_VARIABLE] = notes.folder;
  process.once('exit', () => {
    const exitCode = notes.close();
    if (exitCode !== undefined) process.exitCode ||= exitCode;
  });
}
