// A module as it is, without checks and without feedback, in a new instance for every run: the side that an instrumented
// module is compared with. It cannot be stopped: an endless loop in it hangs the campaign.

import { assemblyScriptImports, type EntryType, Lowering, ProgramAbort } from './assemblyscript.ts';
import type { Compare } from './compares.ts';
import type { Executor } from './executor.ts';
import { type Finding, plainFinding } from './finding.ts';
import { type Hits, NO_HITS } from './hits.ts';
import { initialize } from './initialize.ts';
import { type Outcome, outputOf } from './outcome.ts';
import { commandLine, FuzzWasi, ProgramExit } from './wasi.ts';

export interface PlainTarget {
  readonly bytes: Uint8Array;
  readonly entry: string;
  readonly entryType?: EntryType | undefined;
  readonly imports?: WebAssembly.Imports;
  readonly args?: readonly string[];
}

interface Exports {
  readonly _initialize?: () => void;
  readonly _start?: () => void;
  readonly LLVMFuzzerInitialize?: (argc: number, argv: number) => number;
  readonly malloc?: (size: number) => number;
  readonly memory?: WebAssembly.Memory;
  readonly [name: string]: unknown;
}

const PAGE = 65536;

export class PlainExecutor implements Executor {
  readonly counters = 0;
  private readonly target: PlainTarget;
  private readonly module: WebAssembly.Module;
  private readonly wasi: FuzzWasi;
  private last: Omit<Outcome, 'ending'> & { readonly exited: boolean } = nothing();

  constructor(target: PlainTarget) {
    this.target = target;
    this.module = new WebAssembly.Module(target.bytes as BufferSource);
    this.wasi = new FuzzWasi(target.args);
    this.wasi.keepsOutput = true;
  }

  run(input: Uint8Array): Finding | undefined {
    this.last = nothing();
    this.wasi.reset(input);
    const { exports } = new WebAssembly.Instance(this.module, {
      wasi_snapshot_preview1: this.wasi.imports,
      env: assemblyScriptImports(() => this.wasi.memory),
      ...this.target.imports,
    });
    try {
      this.keep(exports, this.start(exports as unknown as Exports, input), false);
    } catch (error) {
      if (error instanceof ProgramExit && !this.isFunction(exports)) this.keep(exports, error.code, true);
      else return trapped(error);
    }
    return undefined;
  }

  hits(): Hits {
    return NO_HITS;
  }

  compares(): Compare[] {
    return [];
  }

  outcome(finding: Finding | undefined): Outcome {
    const { exited, ...rest } = this.last;
    return { ...rest, ending: finding?.title ?? (exited ? 'exited' : 'returned') };
  }

  private isFunction(exports: WebAssembly.Exports): boolean {
    return typeof exports[this.target.entry] === 'function';
  }

  private start(exports: Exports, input: Uint8Array): number {
    this.wasi.attach(exports.memory, () => {});
    const entry = exports[this.target.entry];
    if (typeof entry !== 'function') {
      exports._start!();
      return 0;
    }
    exports._initialize?.();
    const { memory, LLVMFuzzerInitialize: call } = exports;
    const words = commandLine(this.target.args);
    if (call) initialize(call, memory!, words, (size) => this.place(exports, size));
    if (this.target.entryType !== undefined) {
      const objects = new Lowering(exports as WebAssembly.Exports, exports.memory!, this.target.entryType, () => {});
      return Number((entry as (object: number) => unknown)(objects.lower(input)) ?? 0);
    }
    const at = this.place(exports, Math.max(1, input.length));
    const bytes = new Uint8Array(exports.memory!.buffer);
    bytes[at] = 0;
    bytes.set(input, at);
    return Number((entry as (at: number, size: number) => unknown)(at, input.length) ?? 0);
  }

  /** Where the input lies: in a block of its own, or at the end of memory. */
  private place({ malloc, memory }: Exports, size: number): number {
    const block = malloc?.(size) ?? 0;
    if (block !== 0) return block >>> 0;
    memory!.grow(Math.max(1, Math.ceil(size / PAGE)));
    return memory!.buffer.byteLength - size;
  }

  private keep(exports: WebAssembly.Exports, value: number, exited: boolean): void {
    const memory = (exports as unknown as Exports).memory;
    this.last = {
      value,
      exited,
      printed: this.wasi.printed(),
      output: exited ? new Uint8Array(0) : outputOf(exports, memory),
    };
  }
}

function nothing(): Omit<Outcome, 'ending'> & { readonly exited: boolean } {
  return { value: 0, exited: false, printed: new Uint8Array(0), output: new Uint8Array(0) };
}

/** The same titles as those of an instrumented module. */
function trapped(error: unknown): Finding {
  const { message } = error as Error;
  if (error instanceof RangeError) return plainFinding('crash', 'stack-overflow', 'the call stack is exhausted', []);
  if (error instanceof ProgramAbort) return plainFinding('crash', 'abort', message, []);
  if (error instanceof ProgramExit) return plainFinding('crash', 'exit', message, []);
  return plainFinding('crash', message.replaceAll(' ', '-'), message, []);
}
