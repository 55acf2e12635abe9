// Runs an instrumented WASI preview 1 command in this process: arguments, environment, directories and standard streams
// go to the program, its exit code comes back. Node only.

import type { WASI } from 'node:wasi';
import { setEngineFlags } from './engine-flags.ts';
import { withDeepStacks } from './engine-stack.ts';
import { SanitizerError } from './errors.ts';
import { Sanitizer, type SanitizerOptions } from './sanitizer.ts';

export interface RunOptions extends SanitizerOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Guest path -> host path. */
  readonly directories?: Readonly<Record<string, string>>;
  readonly stdin?: number;
  readonly stdout?: number;
  readonly stderr?: number;
  /** Called once when the program ends by itself: by returning, or inside its call of `proc_exit`. */
  readonly atExit?: (sanitizer: Sanitizer) => void;
  /** Imports beside WASI's. */
  readonly imports?: WebAssembly.Imports;
}

export interface RunResult {
  /** The program's exit code; undefined if it trapped. */
  readonly exitCode: number | undefined;
  /** What the engine threw, where it was not wasan stopping the program after a finding. */
  readonly trap: Error | undefined;
  readonly sanitizer: Sanitizer;
}

/** Runs `_start`. Findings go to `onFinding` as they happen. */
export async function runCommand(options: RunOptions): Promise<RunResult> {
  setEngineFlags();
  const module = await WebAssembly.compile(options.instrumented as BufferSource);
  const Wasi = await loadWasi();
  const wasi = new Wasi({
    version: 'preview1',
    args: [...(options.args ?? ['program.wasm'])],
    env: { ...options.env },
    preopens: { ...options.directories },
    returnOnExit: true,
    ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
    ...(options.stdout === undefined ? {} : { stdout: options.stdout }),
    ...(options.stderr === undefined ? {} : { stderr: options.stderr }),
  });
  const sanitizer = new Sanitizer(options);
  refuseMissing(module, options.imports);
  const exit = once(() => options.atExit?.(sanitizer));
  const instance = await WebAssembly.instantiate(
    module,
    sanitizer.wrapImports({
      wasi_snapshot_preview1: watchExit(wasi.wasiImport as WebAssembly.ModuleImports, exit),
      ...options.imports,
    }),
  );
  sanitizer.attach(instance);
  if (typeof instance.exports._start !== 'function') throw new SanitizerError('E_NO_ENTRY', 'it exports no "_start"');
  try {
    const exitCode = withDeepStacks(() => wasi.start(instance)) as unknown as number;
    exit();
    return { exitCode: exitCode ?? 0, trap: undefined, sanitizer };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const stoppedByUs = sanitizer.stopped && error instanceof WebAssembly.RuntimeError;
    const found = stoppedByUs || sanitizer.trapped(error) !== undefined;
    return { exitCode: undefined, trap: found ? undefined : error, sanitizer };
  }
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (!done) {
      done = true;
      action();
    }
  };
}

/** WASI's functions, with `proc_exit` telling of the end while the program's memory and stack are still as it left them. */
function watchExit(functions: WebAssembly.ModuleImports, exit: () => void): WebAssembly.ModuleImports {
  const end = functions.proc_exit as (code: number) => unknown;
  return {
    ...functions,
    proc_exit: (code: number) => {
      exit();
      return end(code);
    },
  };
}

/** node:wasi warns at import that it is experimental: on the stderr of somebody else's program that is noise. */
async function loadWasi(): Promise<typeof WASI> {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return (await import('node:wasi')).WASI;
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** A command that needs more than WASI cannot run here: say which import, instead of the engine's LinkError. */
function refuseMissing(module: WebAssembly.Module, extra: WebAssembly.Imports | undefined): void {
  const provided = new Set(['wasi_snapshot_preview1', 'wasan', ...Object.keys(extra ?? {})]);
  const missing = WebAssembly.Module.imports(module).find((i) => !provided.has(i.module));
  if (!missing) return;
  const { module: from, name } = missing;
  const isOurs = /^__(asan|lsan|sanitizer)_/.test(name);
  const what = isOurs ? 'no function of the sanitizer interface that wasan knows (docs/ABI.md)' : 'not WASI preview 1';
  throw new SanitizerError('E_NO_ENTRY', `it imports "${from}.${name}", which is ${what}`);
}
