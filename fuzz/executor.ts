// Runs inputs: what the campaign needs to know of a target, and the target that is an instrumented module in this process.

import { captureStack, stackText } from '../host/engine-stack.ts';
import { SanitizerError } from '../host/errors.ts';
import { Sanitizer } from '../host/sanitizer.ts';
import type { Symbolizer } from '../host/symbols/index.ts';
import * as abi from '../runtime/abi.ts';
import { type Compare, readCompares } from './compares.ts';
import { type Finding, plainFinding, reportFinding } from './finding.ts';
import { FuzzWasi, ProgramExit } from './wasi.ts';

export interface Executor {
  /** Number of edge counters. */
  readonly counters: number;
  /** Runs one input; undefined if nothing is wrong. */
  run(input: Uint8Array): Finding | undefined;
  /** The counters of the last run; to be cleared by whoever read them. */
  current(): Uint8Array;
  /** Runs an input for what it compares. */
  compares(input: Uint8Array): Compare[];
}

export interface ModuleTarget {
  readonly original: Uint8Array;
  /** Instrumented with `coverage: 'counters'`; and, made when first needed, with 'compares'. */
  readonly counting: Uint8Array;
  readonly comparing: () => Uint8Array;
  readonly symbolizer: Symbolizer;
  readonly moduleName: string;
  /** An exported function (pointer, length); by default LLVMFuzzerTestOneInput, else the command reading stdin. */
  readonly entry?: string | undefined;
  readonly imports?: WebAssembly.Imports;
  /** Milliseconds one run may take. */
  readonly timeout: number;
  /** Bytes the program's memory may grow to. */
  readonly memoryLimit: number;
  /** Looks for unreachable blocks after a run that left more behind than it found. */
  readonly detectLeaks: boolean;
  readonly now: () => number;
}

const DEFAULT_ENTRY = 'LLVMFuzzerTestOneInput';
/** Full loop counters between two looks at the clock: some 128 rounds each. */
const PATIENCE = 2048;
const U32 = (memory: WebAssembly.Memory) => new Uint32Array(memory.buffer, 0, abi.HEADER_END / 4);

export class ModuleExecutor implements Executor {
  readonly counters: number;
  private readonly counting: Harness;
  private comparing: Harness | undefined;
  private readonly target: ModuleTarget;

  constructor(target: ModuleTarget) {
    this.target = target;
    this.counting = new Harness(target, target.counting);
    this.counting.open();
    this.counters = this.counting.header(abi.HEADER_COVERAGE_COUNT);
  }

  run(input: Uint8Array): Finding | undefined {
    return this.counting.run(input);
  }

  current(): Uint8Array {
    return this.counting.counters();
  }

  compares(input: Uint8Array): Compare[] {
    this.comparing ??= new Harness(this.target, this.target.comparing());
    this.comparing.open();
    this.comparing.clearCompares();
    this.comparing.run(input);
    return readCompares(new Uint8Array(this.comparing.memory1.buffer));
  }
}

type Entry = (pointer: number, length: number) => unknown;

interface Exports {
  readonly __wasan_input_alloc: (size: number) => number;
  readonly __wasan_input_free: (pointer: number) => void;
  readonly _initialize?: () => void;
  readonly _start?: () => void;
  readonly LLVMFuzzerInitialize?: (argc: number, argv: number) => number;
  readonly [name: string]: unknown;
}

/** One build of the target and its instance, which is replaced after a finding. */
class Harness {
  memory1!: WebAssembly.Memory;
  private readonly target: ModuleTarget;
  private readonly module: WebAssembly.Module;
  private readonly instrumented: Uint8Array;
  private instance: WebAssembly.Instance | undefined;
  private exports!: Exports;
  private sanitizer!: Sanitizer;
  private readonly wasi = new FuzzWasi();
  private program: WebAssembly.Memory | undefined;
  private entry: Entry | undefined;
  private view: Uint8Array = new Uint8Array(0);
  private bytes: Uint8Array = new Uint8Array(0);
  private pending: Finding | undefined;
  private deadline = 0;
  private readonly known = new Map<string, Finding>();

  constructor(target: ModuleTarget, instrumented: Uint8Array) {
    this.target = target;
    this.instrumented = instrumented;
    this.module = new WebAssembly.Module(instrumented as BufferSource);
    this.refuseMissing();
  }

  header(field: number): number {
    return U32(this.memory1)[field / 4]!;
  }

  counters(): Uint8Array {
    if (this.view.byteLength === 0) {
      const address = this.header(abi.HEADER_COVERAGE);
      this.view = new Uint8Array(this.memory1.buffer, address, this.header(abi.HEADER_COVERAGE_COUNT));
    }
    return this.view;
  }

  clearCompares(): void {
    const header = U32(this.memory1);
    const uses = header[abi.HEADER_COMPARE_USES / 4]!;
    const log = header[abi.HEADER_COMPARES / 4]!;
    new Uint8Array(this.memory1.buffer, uses, log - uses).fill(0);
    header[abi.HEADER_COMPARES_TOP / 4] = log;
  }

  /** Makes sure there is an instance that has found nothing yet. */
  open(): void {
    if (this.instance) return;
    const { imports } = this.target;
    this.sanitizer = new Sanitizer({
      original: this.target.original,
      instrumented: this.instrumented,
      symbolizer: this.target.symbolizer,
      moduleName: this.target.moduleName,
      scriptFrames: false,
    });
    const instance = new WebAssembly.Instance(this.module, {
      wasi_snapshot_preview1: this.wasi.imports,
      ...imports,
      wasan: { report: () => (this.reported() ? 1 : 0) },
    });
    this.instance = instance;
    this.exports = instance.exports as unknown as Exports;
    this.sanitizer.attach(instance);
    this.memory1 = instance.exports.__wasan_memory as WebAssembly.Memory;
    this.view = new Uint8Array(0);
    this.bytes = new Uint8Array(0);
    this.program = Object.values(instance.exports).find(
      (e): e is WebAssembly.Memory => e instanceof WebAssembly.Memory && e !== this.memory1,
    );
    this.wasi.attach(this.program);
    this.wasi.reset(new Uint8Array(0));
    this.entry = this.findEntry();
    this.deadline = Number.POSITIVE_INFINITY;
    if (this.entry) {
      this.exports._initialize?.();
      this.exports.LLVMFuzzerInitialize?.(0, 0);
    }
    this.counters().fill(0);
  }

  run(input: Uint8Array): Finding | undefined {
    this.open();
    U32(this.memory1)[abi.HEADER_PATIENCE / 4] = PATIENCE;
    this.pending = undefined;
    this.deadline = this.target.now() + this.target.timeout;
    this.wasi.reset(input);
    try {
      if (!this.entry) {
        this.command();
        return undefined;
      }
      const before = this.liveBlocks();
      this.call(this.entry, input);
      if (this.target.detectLeaks && this.liveBlocks() > before) return this.leak(this.entry, input);
    } catch (error) {
      return this.ended(error);
    }
    return this.tooLarge();
  }

  private liveBlocks(): number {
    const header = U32(this.memory1);
    return header[abi.HEADER_STAT_MALLOCS / 4]! - header[abi.HEADER_STAT_FREES / 4]!;
  }

  /** What a target keeps on purpose it keeps once: only if the same run leaves more again is it worth a search. */
  private leak(entry: Entry, input: Uint8Array): Finding | undefined {
    const before = this.liveBlocks();
    this.call(entry, input);
    const { report } = this.liveBlocks() > before ? this.sanitizer.checkLeaks() : {};
    if (!report) return this.tooLarge();
    this.close();
    return reportFinding(report);
  }

  private call(entry: Entry, input: Uint8Array): void {
    const pointer = this.exports.__wasan_input_alloc(input.length) >>> 0;
    const at = pointer === 0 ? this.endOfMemory(input.length) : pointer;
    if (this.bytes.byteLength === 0) this.bytes = new Uint8Array(this.program!.buffer);
    this.bytes.set(input, at);
    entry(at, input.length);
    if (pointer !== 0) this.exports.__wasan_input_free(pointer);
  }

  /** Without an allocator the input ends where the memory does. */
  private endOfMemory(size: number): number {
    const room = Math.max(1, Math.ceil(size / 65536));
    if (this.room < room) {
      this.program!.grow(room - this.room);
      this.room = room;
      this.bytes = new Uint8Array(0);
    }
    return this.program!.buffer.byteLength - size;
  }

  /** Pages at the end of memory that are ours. */
  private room = 0;

  /** A command runs once per instance, and leaves everything to its end. */
  private command(): void {
    try {
      this.exports._start!();
    } catch (error) {
      if (!(error instanceof ProgramExit)) throw error;
    }
    this.close();
  }

  private close(): void {
    this.instance = undefined;
    this.room = 0;
  }

  // ------------------------------------------------------------------------------------------------- endings

  /** The runtime calls: a finding, or a loop that has been running for a while. True stops the program. */
  private reported(): boolean {
    const header = U32(this.memory1);
    const kind = new DataView(this.memory1.buffer).getUint32(abi.REPORT_KIND, true);
    if (kind === abi.TICK) {
      header[abi.HEADER_PATIENCE / 4] = PATIENCE;
      return this.impatient();
    }
    const key = this.rawKey();
    this.pending = this.known.get(key) ?? reportFinding(this.sanitizer.report(captureStack()));
    this.known.set(key, this.pending);
    return true;
  }

  private impatient(): boolean {
    if (this.target.now() > this.deadline) {
      const sentence = `the run took more than ${this.target.timeout / 1000} s`;
      this.pending = plainFinding('timeout', 'timeout', sentence, this.stackHere());
    } else this.pending = this.tooLarge();
    return this.pending !== undefined;
  }

  /** Enough to recognise a finding that was seen before without describing it again. */
  private rawKey(): string {
    const view = new DataView(this.memory1.buffer);
    const fields = [abi.REPORT_KIND, abi.REPORT_SITE, abi.REPORT_STACK, abi.REPORT_SHADOW_BYTE];
    return fields.map((at) => view.getUint32(at, true)).join();
  }

  private tooLarge(): Finding | undefined {
    if (!this.program || this.program.buffer.byteLength <= this.target.memoryLimit) return undefined;
    const sentence = `the program's memory grew to ${this.program.buffer.byteLength >> 20} MiB`;
    const finding = plainFinding('oom', 'out-of-memory', sentence, this.stackHere());
    this.close();
    return finding;
  }

  private stackHere(): ReturnType<Sanitizer['symbolizeStack']> {
    return this.sanitizer.symbolizeStack(stackText());
  }

  /** What a run that threw was about. The instance is not used again. */
  private ended(error: unknown): Finding {
    const { pending } = this;
    this.close();
    if (pending) return pending;
    if (!(error instanceof Error)) return plainFinding('crash', 'uncaught-exception', 'the program threw', []);
    const stack = this.sanitizer.symbolizeStack(error.stack ?? '');
    if (error instanceof RangeError)
      return plainFinding('crash', 'stack-overflow', 'the call stack is exhausted', stack);
    if (error instanceof ProgramExit) return plainFinding('crash', 'exit', error.message, stack);
    const title = error instanceof WebAssembly.RuntimeError ? error.message.replaceAll(' ', '-') : 'uncaught-exception';
    return plainFinding('crash', title, error.message, stack);
  }

  // ------------------------------------------------------------------------------------------------- set-up

  private findEntry(): Entry | undefined {
    const name = this.target.entry ?? DEFAULT_ENTRY;
    const found = this.exports[name];
    if (typeof found === 'function') {
      if (!this.program) throw new SanitizerError('E_NO_ENTRY', 'it does not export its memory');
      return found as Entry;
    }
    if (this.target.entry !== undefined) throw new SanitizerError('E_NO_ENTRY', `it exports no function "${name}"`);
    if (typeof this.exports._start === 'function') return undefined;
    throw new SanitizerError('E_NO_ENTRY', `it exports neither "${name}" nor "_start"; --entry names a function`);
  }

  private refuseMissing(): void {
    const provided = new Set(['wasi_snapshot_preview1', 'wasan', ...Object.keys(this.target.imports ?? {})]);
    const missing = WebAssembly.Module.imports(this.module).find((i) => !provided.has(i.module));
    if (missing)
      throw new SanitizerError('E_NO_ENTRY', `it imports "${missing.module}.${missing.name}", which nobody provides`);
  }
}
