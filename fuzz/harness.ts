// One build of a target and its instance: sets it up once, runs inputs in it, and puts it back to where it was after each.

import { captureStack, stackText, withDeepStacks } from '../host/engine-stack.ts';
import { SanitizerError } from '../host/errors.ts';
import type { LeakOptions } from '../host/leak-check.ts';
import { exportedMemory } from '../host/program-memory.ts';
import { Sanitizer } from '../host/sanitizer.ts';
import * as abi from '../runtime/abi.ts';
import { assemblyScriptImports, Lowering } from './assemblyscript.ts';
import { DEFAULT_ENTRY, type Entry, type Exports, findEntry, refuseMissing, refuseUntyped } from './entry.ts';
import type { ModuleTarget } from './executor.ts';
import { type Finding, plainFinding, reportFinding, withOutput } from './finding.ts';
import type { Hits } from './hits.ts';
import { InitializeError, initialize } from './initialize.ts';
import { InputMemory } from './input-memory.ts';
import { type Outcome, outputOf } from './outcome.ts';
import { OverwrittenInput, thrownFinding } from './thrown.ts';
import { commandLine, FuzzWasi, ProgramExit } from './wasi.ts';

/** Full loop counters between two looks at the clock: some 128 rounds each. */
const PATIENCE = 2048;
const NOTHING = new Uint8Array(0);
const MIB = 1 << 20;
const WASM_PAGE = 65536;
/** libFuzzer's word for "keep this input out of the corpus". */
const REJECTED = -1;
/** Searches for leaks that found none, one after the other: then there is no looking any more. */
const MAX_LEAK_SEARCHES = 1000;

/** What a target's own mutator made, or the finding that it ended in. */
export type Mutated = { readonly bytes: Uint8Array } | { readonly finding: Finding };

export class Harness {
  memory1!: WebAssembly.Memory;
  private readonly target: ModuleTarget;
  private readonly module: WebAssembly.Module;
  private readonly instrumented: Uint8Array;
  private instance: WebAssembly.Instance | undefined;
  private exports!: Exports;
  private sanitizer!: Sanitizer;
  private readonly wasi: FuzzWasi;
  /** Makes inputs into objects, where the entry takes those. */
  private objects: Lowering | undefined;
  private program: WebAssembly.Memory | undefined;
  private entry: Entry | undefined;
  private headerWords = new Uint32Array(0);
  private entries = new Uint32Array(0);
  private pending: Finding | undefined;
  /** What the last run returned or exited with, and put out. */
  private value = 0;
  private output: Uint8Array = new Uint8Array(0);
  /** Set when a run has looped for a while: most never ask for the time. */
  private deadline: number | undefined;
  /** Runs are undone in place; otherwise the instance is replaced after a finding, and keeps its state until then. */
  private undoes = false;
  /** Something has run since the instance was as it began. */
  private used = false;
  private inputs!: InputMemory;
  /** Bytes of the largest input that a target without an allocator had no room for. */
  private largest = 0;
  /** What LLVMFuzzerInitialize was given, or 0. */
  private argumentBlock = 0;
  private leakSearches = 0;
  private readonly known = new Map<string, Finding>();

  /** libFuzzer's entry takes a pointer to const; other functions may work in place. */
  private readonly isInputConst: boolean;

  constructor(target: ModuleTarget, instrumented: Uint8Array) {
    this.target = target;
    this.instrumented = instrumented;
    this.wasi = new FuzzWasi(target.args, target.print);
    this.isInputConst = (target.entry ?? DEFAULT_ENTRY) === DEFAULT_ENTRY;
    this.module = new WebAssembly.Module(instrumented as BufferSource);
    refuseMissing(this.module, target.imports);
  }

  header(field: number): number {
    return this.fields[field / 4]!;
  }

  /** The header of memory 1; when that grows, earlier views of it become empty. */
  private get fields(): Uint32Array {
    if (this.headerWords.byteLength === 0)
      this.headerWords = new Uint32Array(this.memory1.buffer, 0, abi.HEADER_END / 4);
    return this.headerWords;
  }

  /** What was reached since this was last asked. They lie behind the counters, as runtime/coverage.ts draws it. */
  hits(): Hits {
    const count = this.exports.__wasan_hits();
    if (this.entries.byteLength === 0) {
      const counters = this.header(abi.HEADER_COVERAGE_COUNT);
      const address = this.header(abi.HEADER_COVERAGE) + ((counters + abi.COVERAGE_STEP - 1) & -abi.COVERAGE_STEP);
      this.entries = new Uint32Array(this.memory1.buffer, address, counters + 1);
    }
    return { entries: this.entries, count };
  }

  clearCompares(): void {
    const header = this.fields;
    const uses = header[abi.HEADER_COMPARE_USES / 4]!;
    const log = header[abi.HEADER_COMPARES / 4]!;
    new Uint8Array(this.memory1.buffer, uses, log - uses).fill(0);
    header[abi.HEADER_COMPARES_TOP / 4] = log;
  }

  /** Makes sure there is an instance, as it was when it was set up. */
  open(): void {
    if (this.instance && this.used && this.undoes) {
      if (this.header(abi.HEADER_SNAPSHOT_FULL) !== 0) this.instance = undefined;
      else this.exports.__wasan_reset();
    }
    this.used = false;
    if (!this.instance) this.setUp();
  }

  private setUp(): void {
    const { imports } = this.target;
    const leaks = () => this.leakOptions();
    this.sanitizer = new Sanitizer({
      original: this.target.original,
      instrumented: this.instrumented,
      symbolizer: this.target.symbolizer,
      moduleName: this.target.moduleName,
      scriptFrames: false,
      get leaks() {
        return leaks();
      },
      onLeaks: ({ report }, isFinal) => {
        if (report && isFinal) this.pending = reportFinding(report);
        return undefined;
      },
      print: (text) => this.wasi.say(text),
    });
    const instance = new WebAssembly.Instance(this.module, {
      wasi_snapshot_preview1: this.wasi.imports,
      env: {
        ...assemblyScriptImports(() => this.program),
        LLVMFuzzerMutate: (at: number, size: number, max: number) => this.mutateInPlace(at, size, max),
      },
      ...imports,
      wasan: { report: () => (this.reported() ? 1 : 0) },
    });
    this.instance = instance;
    this.exports = instance.exports as unknown as Exports;
    this.sanitizer.attach(instance);
    this.memory1 = instance.exports.__wasan_memory as WebAssembly.Memory;
    this.headerWords = new Uint32Array(0);
    this.entries = new Uint32Array(0);
    this.program = exportedMemory(instance.exports, this.memory1);
    this.inputs = new InputMemory(this.exports, this.program!, (pages) => {
      this.fields[abi.HEADER_PROGRAM_PAGES / 4]! += pages;
    });
    this.wasi.attach(this.program, this.exports.__wasan_touch);
    this.wasi.reset(new Uint8Array(0));
    this.entry = findEntry(this.exports, this.target.entry, this.program !== undefined);
    if (this.entry) {
      this.initialize();
      this.prepare(this.entry);
    }
    this.exports.__wasan_hits();
    this.undoes = imports === undefined && this.exports.__wasan_snapshot() === 1;
  }

  private initialize(): void {
    try {
      this.exports._initialize?.();
      const call = this.exports.LLVMFuzzerInitialize;
      const words = commandLine(this.target.args);
      if (call) this.argumentBlock = initialize(call, this.program!, words, (size) => this.inputs.allocate(size));
    } catch (error) {
      throw new InitializeError(withOutput(this.ended(error), this.wasi.printed()));
    }
  }

  /** What inputs need before the first of them. */
  private prepare(entry: Entry): void {
    const { entryType: type } = this.target;
    refuseUntyped(entry, type);
    this.objects = type && new Lowering(this.instance!.exports, this.program!, type, this.exports.__wasan_touch);
    if (!this.objects) this.inputs.makeRoom(this.largest);
  }

  private begin(input: Uint8Array): void {
    this.open();
    this.used = true;
    this.fields[abi.HEADER_PATIENCE / 4] = PATIENCE;
    this.inputs.begin();
    this.pending = undefined;
    this.deadline = undefined;
    this.wasi.reset(input);
    this.wasi.keepsOutput = this.target.keepsOutcome ?? false;
    this.value = 0;
    this.output = NOTHING;
  }

  run(input: Uint8Array): Finding | undefined {
    const finding = withDeepStacks(() => this.judge(input));
    return finding && withOutput(finding, this.wasi.printed());
  }

  private judge(input: Uint8Array): Finding | undefined {
    this.begin(input);
    try {
      if (!this.entry) this.command();
      else if (this.call(this.entry, input)) return this.leak(this.entry, input);
    } catch (error) {
      return this.ended(error);
    }
    return this.tooLarge();
  }

  outcome(finding: Finding | undefined): Outcome {
    if (finding) return { ending: finding.title, value: 0, printed: new Uint8Array(0), output: new Uint8Array(0) };
    const ending = this.entry ? 'returned' : 'exited';
    return { ending, value: this.value, printed: this.wasi.printed(), output: this.output };
  }

  private liveBlocks(): number {
    const header = this.fields;
    return header[abi.HEADER_STAT_MALLOCS / 4]! - header[abi.HEADER_STAT_FREES / 4]!;
  }

  /**
   * More is left than was there before. What a target keeps on purpose can be reached; where runs are not undone it is kept
   * once, so only if the same run leaves more again is it worth a search.
   */
  private leak(entry: Entry, input: Uint8Array): Finding | undefined {
    if (!this.undoes && !this.call(entry, input)) return this.tooLarge();
    if (++this.leakSearches > MAX_LEAK_SEARCHES) return this.tooLarge();
    const { report } = this.sanitizer.checkLeaks(this.leakOptions() || {});
    if (!report) return this.tooLarge();
    this.leakSearches = 0;
    this.close();
    return reportFinding(report);
  }

  private leakOptions(): LeakOptions | false {
    return this.target.leaks && { ...this.target.leaks, roots: [this.argumentBlock] };
  }

  /** Whether the run left blocks behind, where that matters. */
  private call(entry: Entry, input: Uint8Array): boolean {
    if (this.objects) {
      this.returned(entry(this.objects.lower(input)));
      return false; // what is left is garbage that will be collected
    }
    const before = this.liveBlocks();
    const at = this.inputs.put(input) ?? this.putInMore(input);
    this.returned(this.entry!(at, input.length));
    if (this.isInputConst && this.inputs.isOverwritten(input, at)) throw new OverwrittenInput();
    this.inputs.release(at);
    return this.target.leaks !== false && this.liveBlocks() > before;
  }

  /** In an instance with more room. */
  private putInMore(input: Uint8Array): number {
    this.largest = input.length;
    this.instance = undefined;
    this.open();
    const at = this.inputs.put(input);
    if (at === undefined) throw new Error(`the target has no room for an input of ${input.length} bytes`);
    return at;
  }

  private returned(value: unknown): void {
    this.value = Number(value ?? 0);
    if (this.value === REJECTED) this.exports.__wasan_hits();
    if (this.target.keepsOutcome) this.output = outputOf(this.exports as WebAssembly.Exports, this.program);
  }

  // ------------------------------------------------------------------------------------------------- the target's own mutators

  get mutates(): boolean {
    return this.exports.LLVMFuzzerCustomMutator !== undefined;
  }

  get crosses(): boolean {
    return this.exports.LLVMFuzzerCustomCrossOver !== undefined;
  }

  /** Fuzzers' mutators, for LLVMFuzzerMutate. */
  mutator: (bytes: Uint8Array, maxLength: number) => Uint8Array = (bytes) => bytes;

  mutate(input: Uint8Array, maxLength: number, seed: number): Mutated {
    return this.apart(() => {
      const at = this.inputs.place(input, maxLength);
      return this.inputs.bytesAt(
        at,
        this.exports.LLVMFuzzerCustomMutator!(at, input.length, maxLength, seed),
        maxLength,
      );
    });
  }

  crossOver(a: Uint8Array, b: Uint8Array, maxLength: number, seed: number): Mutated {
    return this.apart(() => {
      const places = [
        this.inputs.place(a, a.length),
        this.inputs.place(b, b.length),
        this.inputs.place(new Uint8Array(0), maxLength),
      ] as const;
      const [first, second, out] = places;
      const size = this.exports.LLVMFuzzerCustomCrossOver!(first, a.length, second, b.length, out, maxLength, seed);
      return this.inputs.bytesAt(out, size, maxLength);
    });
  }

  /** Outside a run: what happens covers nothing. */
  private apart(act: () => Uint8Array): Mutated {
    this.begin(new Uint8Array(0));
    try {
      return { bytes: withDeepStacks(act) };
    } catch (error) {
      if (error instanceof SanitizerError) throw error;
      return { finding: this.ended(error) };
    } finally {
      this.exports.__wasan_hits();
    }
  }

  private mutateInPlace(at: number, size: number, max: number): number {
    const result = this.mutator(this.inputs.bytesAt(at >>> 0, size, size >>> 0), max >>> 0).subarray(0, max >>> 0);
    this.inputs.write(at >>> 0, result);
    return result.length;
  }

  private command(): void {
    try {
      this.exports._start!();
    } catch (error) {
      if (!(error instanceof ProgramExit)) throw error;
      this.value = error.code;
    }
    if (!this.undoes) this.instance = undefined;
  }

  /** The instance has seen a finding: it is undone before the next run, or not used again. */
  private close(): void {
    if (!this.undoes) this.instance = undefined;
  }

  // ------------------------------------------------------------------------------------------------- endings

  /** The runtime calls: a finding, or a loop that has been running for a while. True stops the program. */
  private reported(): boolean {
    if (this.sanitizer.answer()) return false;
    const header = this.fields;
    const kind = new DataView(this.memory1.buffer).getUint32(abi.REPORT_KIND, true);
    if (kind === abi.TICK) return header[abi.HEADER_PATIENCE / 4]! > 1 ? this.grew() : this.impatient();
    const key = this.rawKey();
    this.sanitizer.told = this.known.get(key)?.report;
    this.pending = this.known.get(key) ?? reportFinding(this.sanitizer.report(captureStack()), this.inputs.blocks);
    this.known.set(key, this.pending);
    return true;
  }

  /** Memory grew, while loops have patience left: no reason to ask the kernel for the time, which many runs would. */
  private grew(): boolean {
    this.pending = this.tooLarge();
    return this.pending !== undefined;
  }

  private impatient(): boolean {
    this.fields[abi.HEADER_PATIENCE / 4] = PATIENCE;
    const now = this.target.now();
    this.deadline ??= now + this.target.timeout;
    if (now <= this.deadline) return this.grew();
    const seconds = `${this.target.timeout / 1000} seconds`;
    this.pending = plainFinding('timeout', 'timeout', seconds, this.stackHere(), 'timeout');
    return true;
  }

  /** Enough to recognise a finding that was seen before without describing it again. */
  private rawKey(): string {
    const view = new DataView(this.memory1.buffer);
    const fields = [abi.REPORT_KIND, abi.REPORT_SITE, abi.REPORT_STACK, abi.REPORT_SHADOW_BYTE];
    return fields.map((at) => view.getUint32(at, true)).join();
  }

  private tooLarge(): Finding | undefined {
    const bytes = this.programBytes();
    if (bytes <= this.target.memoryLimit) return undefined;
    const sentence = `the program's memory grew to ${Math.floor(bytes / MIB)} MiB`;
    const finding = plainFinding('oom', 'out-of-memory', sentence, this.stackHere(), 'oom');
    this.instance = undefined; // a new one gives the memory back
    return finding;
  }

  /** Without what earlier runs made it grow to. */
  private programBytes(): number {
    if (this.undoes) return this.header(abi.HEADER_PROGRAM_PAGES) * WASM_PAGE;
    return this.program?.buffer.byteLength ?? 0;
  }

  private stackHere(): ReturnType<Sanitizer['symbolizeStack']> {
    return this.sanitizer.symbolizeStack(stackText());
  }

  /** What a run that threw was about. */
  private ended(error: unknown): Finding {
    const { pending } = this;
    this.close();
    if (pending) return pending;
    if (!(error instanceof Error)) return plainFinding('crash', 'uncaught-exception', 'the program threw', []);
    const thrown = `${error.message}\n${error.stack}`;
    const finding = this.known.get(thrown) ?? this.threw(error);
    this.known.set(thrown, finding);
    return finding;
  }

  private threw(error: Error): Finding {
    const report = this.sanitizer.trapped(error);
    if (report) return reportFinding(report, this.inputs.blocks);
    return thrownFinding(error, this.sanitizer.symbolizeStack(error.stack ?? ''));
  }
}
