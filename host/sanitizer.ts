// One running instrumented module: provides its `wasan.report` import, and turns each finding into a Report.

import { HEADER_HALT, HEADER_PROGRAM_POINTER, KIND_STACK_OVERFLOW, LEAKS_FOUND, LEAKS_STOP } from '../runtime/abi.ts';
import { accessInstruction } from './access-instruction.ts';
import { Boundary, type BoundaryTarget, type HostCall } from './boundary.ts';
import { captureStack, type EngineFrame, parseStack } from './engine-stack.ts';
import { SanitizerError } from './errors.ts';
import { describeFrame, type FrameRecord, readFrameTable } from './frame-table.ts';
import { globalHolding, globalsNear } from './globals.ts';
import { guardMemory, unguarded } from './guard.ts';
import { checkLeaks, type LeakOptions } from './leak-check.ts';
import { readInfo } from './module-info.ts';
import { makeNeighbour, type Neighbour } from './neighbour.ts';
import { exportedMemory } from './program-memory.ts';
import { answerQuestion } from './questions.ts';
import type { ReportContext } from './report/describe.ts';
import { type Facts, factsAbout, readFacts } from './report/facts.ts';
import type { LeakCheck } from './report/leaks.ts';
import type { MappingDescription, StackFrame, Trace } from './report/place.ts';
import { type ProgramPicture, programPicture } from './report/program-picture.ts';
import { buildReport, type Report } from './report/report.ts';
import { readStats, type Stats } from './report/stats.ts';
import { findSuppression } from './report/suppressions.ts';
import type { SanitizerOptions } from './sanitizer-options.ts';
import { breakLock, createSharedMemory, maySleep } from './shared-memory.ts';
import { StackFrames } from './stack-frames.ts';
import { keepStackTops, stackPointer } from './stack-tops.ts';
import { recordTrap, trapOf } from './trap.ts';
import { mappingAt } from './vma/mapping.ts';

export type { SanitizerOptions } from './sanitizer-options.ts';

/** The "module" of what JavaScript does by itself, in stacks. */
const SCRIPT = 'JavaScript';

/** Exports wasan adds to a module. */
interface WasanExports {
  /** Not where memory 1 lies in the neighbour. */
  readonly __wasan_memory?: WebAssembly.Memory;
  readonly __wasan_cs: WebAssembly.Global;
  readonly __wasan_check_host?: (address: number | bigint, size: number | bigint, write: number) => void;
  /** Where memory is shared: this thread's number, and whether it may sleep while it waits. */
  readonly __wasan_thread?: WebAssembly.Global<'i32'>;
  readonly __wasan_may_wait?: WebAssembly.Global<'i32'>;
}

export class Sanitizer {
  readonly findings: Report[] = [];
  /** True once a finding stopped the program: the trap that follows is ours. */
  stopped = false;
  private readonly options: SanitizerOptions;
  private halts = 1;
  /** The finding that is being told; none if it is one of those that nobody wants to see. */
  told: Report | undefined;
  /** The program has searched for leaks as at its end: there is no search any more. */
  leaksChecked = false;
  /** Where the last finding happened, in the original file. */
  private lastOffset: number | undefined;
  /** Memory 1, where it is shared: for the Sanitizers of other threads. */
  readonly sharedMemory: WebAssembly.Memory | undefined;
  private memory: WebAssembly.Memory | undefined;
  private readonly neighbour: Neighbour | undefined;
  private pointerBytes = 0;
  private threadNumber: WebAssembly.Global<'i32'> | undefined;
  private programMemory: (() => Uint8Array | undefined) | undefined;
  private readonly frames: StackFrames;
  private frameRecords: readonly FrameRecord[] | undefined;
  private exports: WebAssembly.Exports = {};
  /** Addresses the program handed to the host for good (`args_get`). */
  private readonly kept: number[] = [];
  private readonly boundary: Boundary;
  /** The imported function whose parameters are being checked. */
  private hostCall: HostCall | undefined;
  private readonly reportedHostCalls = new Set<string>();

  constructor(options: SanitizerOptions) {
    this.options = options;
    this.frames = new StackFrames(options);
    this.sharedMemory = options.sharedMemory ?? createSharedMemory(options.instrumented);
    this.neighbour = makeNeighbour(options.instrumented);
    this.memory = this.sharedMemory;
    const target: BoundaryTarget = {
      memory: () => (this.memory ? this.programMemory?.() : undefined),
      check: (call, address, size, write) => this.checkHostCall(call, address, size, write),
      keep: (address) => void this.kept.push(address),
    };
    this.boundary = new Boundary(target, options.boundary);
  }

  /** The program's imports, checked where the host touches its memory, and the hook for findings. */
  wrapImports(imports: WebAssembly.Imports): WebAssembly.Imports {
    return withExtra(this.boundary.wrap(imports), this.imports);
  }

  /** The hook alone, for imports that are not to be checked: `{ ...imports, ...sanitizer.imports }`. */
  get imports(): { wasan: WebAssembly.ModuleImports } {
    const { sharedMemory, neighbour } = this;
    const report = () => (unguarded(() => !this.answer() && this.finding()) ? 1 : 0);
    return { wasan: { ...neighbour?.functions, report, ...(sharedMemory && { memory: sharedMemory }) } };
  }

  /** Memory 1: the shadow, and what the runtime keeps beside it. Undefined before `attach`. */
  get shadowMemory(): WebAssembly.Memory | undefined {
    return this.memory;
  }

  /** The number that reports give the thread of this instance: T0 is the program's first. */
  get thread(): number {
    return this.threadNumber?.value ?? 0;
  }

  /** halt_on_error, as baked into the module. */
  get haltsOnError(): boolean {
    return this.halts !== 0;
  }

  /** Remembers where the program's stacks end, while none of its functions runs; the answer puts that back. */
  keepStackTops(): () => void {
    return keepStackTops(this.options.instrumented, this.exports);
  }

  /** Must be called with the instance before any of its exports; findings of its start function are not possible. */
  attach(instance: WebAssembly.Instance, programMemory?: WebAssembly.Memory): void {
    const exports = instance.exports as unknown as WasanExports;
    this.exports = instance.exports;
    this.memory = exports.__wasan_memory ?? this.neighbour?.memory;
    if (!this.memory) throw new SanitizerError('E_NOT_INSTRUMENTED', 'the instance has no shadow memory');
    this.halts = new DataView(this.memory.buffer).getUint32(HEADER_HALT, true);
    this.threadNumber = exports.__wasan_thread;
    if (exports.__wasan_may_wait && maySleep()) exports.__wasan_may_wait.value = 1;
    const memory = programMemory ?? exportedMemory(instance.exports, this.memory);
    this.programMemory = () => memory && unguarded(() => new Uint8Array(memory.buffer));
    if (this.options.guardJs && memory) {
      guardMemory(memory, (address, size, write, name) => {
        this.checkHostCall({ module: SCRIPT, name }, address, size, write);
      });
    }
  }

  /** Facts of the pending report, symbolised and described. Also used after a trap in a module without a host. */
  report(stack: readonly EngineFrame[]): Report {
    if (!this.memory) throw new Error('a finding arrived before attach()');
    const program = this.programMemory?.();
    const memory1 = new Uint8Array(this.memory.buffer);
    const facts = readFacts({ memory1, ...(program ? { memory0: program } : {}) });
    this.told = buildReport(facts, this.context(stack, facts, memory1));
    return this.told;
  }

  /**
   * The report a module without a host left in its memory 1 when it trapped. `memory1` is that memory (see snapshot.ts);
   * `stack` the text of the engine's stack, if there is one.
   */
  explain(memory1: Uint8Array, stack = ''): Report {
    const facts = readFacts({ memory1 });
    return buildReport(facts, this.context(parseStack(stack), facts, memory1));
  }

  /** Maps a stack of the instrumented module, given as Error.stack text, to frames of the original. */
  symbolizeStack(text: string): readonly StackFrame[] {
    return this.frames.ofEngine(parseStack(text));
  }

  /**
   * What the engine threw, as a finding: an access past the end of memory, a bad indirect call, endless recursion.
   * A finding that a check has made there before the engine stopped the program is that finding. Undefined for anything else.
   */
  trapped(error: unknown): Report | undefined {
    return unguarded(() => this.judgeTrap(error));
  }

  private judgeTrap(error: unknown): Report | undefined {
    const trap = trapOf(error);
    if (!trap || !this.memory || this.stopped) return undefined;
    const stack = parseStack((error as Error).stack ?? '');
    const frames = this.frames.ofEngine(stack);
    const at = frames[0]?.offset;
    if (at === undefined) return undefined;
    // What the last finding was about has happened after all: there, or in the function called there.
    if (frames.some((f) => f.offset !== undefined && f.offset === this.lastOffset)) return this.findings.at(-1);
    const instruction = accessInstruction(this.options.original, at);
    if (trap === 'memory' && !instruction) return undefined;
    const end = this.programMemory?.()?.length ?? 0;
    const pointer = stackPointer(readInfo(this.options.instrumented), this.exports) ?? 0;
    const memory1 = new Uint8Array(this.memory.buffer);
    // Below address 0: frames that only their own functions touch are not watched.
    if (trap === 'memory' && pointer >= end && end > 0) recordTrap(memory1, 'stack', instruction, pointer, this.thread);
    else recordTrap(memory1, trap, instruction, trap === 'memory' ? end : 0, this.thread);
    return this.deliver(this.report(stack));
  }

  /**
   * Heap blocks that nothing can reach any more, now: at the end of the program, or at any time while it stands still.
   * Needs the program's memory. The report is returned; it is not among `findings` and stops nothing.
   */
  checkLeaks(options: LeakOptions = {}): LeakCheck {
    return unguarded(() => this.searchLeaks(options));
  }

  private searchLeaks(options: LeakOptions): LeakCheck {
    const memory0 = this.programMemory?.();
    if (!this.memory || !memory0) throw new SanitizerError('E_NO_MEMORY_ACCESS');
    const memory1 = new Uint8Array(this.memory.buffer);
    const running = captureStack().flatMap((f) => this.frames.sites?.toOriginal(f.offset ?? 0)?.functionIndex ?? []);
    const { original, instrumented } = this.options;
    const about = { memory0, memory1, sites: this.frames.sites, running: new Set(running), kept: this.kept };
    return checkLeaks(
      {
        ...about,
        original,
        instrumented,
        exports: this.exports,
        serial: this.findings.length + 1,
        context: this.symbolContext(memory1),
      },
      options,
    );
  }

  /** Answers what the program asks, if the call was not about a finding. */
  answer(): boolean {
    if (!this.memory) return false;
    const memory1 = new Uint8Array(this.memory.buffer);
    return answerQuestion({
      memory1,
      report: this.placeContext(memory1),
      told: this.told,
      stack: () => this.frames.ofEngine(captureStack()),
      framesAt: (offset) => this.frames.at(offset),
      offsetOf: (site) => this.frames.sites?.site(site)?.offset,
      globalAt: (address) => globalHolding(this.frames.symbolizer.globals(), address),
      searchLeaks: (goesOn) => this.leaksAsked(goesOn),
      print: this.options.print ?? ((text) => console.error(text.trimEnd())),
    });
  }

  private leaksAsked(goesOn: boolean): number {
    const { leaks = {}, onLeaks } = this.options;
    if (leaks === false || this.leaksChecked || !this.programMemory?.()) return 0;
    const check = this.checkLeaks(leaks);
    const stops = onLeaks?.(check, !goesOn) ?? true;
    if (goesOn) return check.report ? LEAKS_FOUND : 0;
    this.leaksChecked = true;
    if (!check.report) return 0;
    this.stopped = stops;
    return stops ? LEAKS_FOUND | LEAKS_STOP : LEAKS_FOUND;
  }

  private finding(): boolean {
    this.setHalt(this.halts);
    this.stopped = false;
    this.told = undefined;
    const stack = captureStack();
    try {
      if (!this.hostCall || !this.seenHostCall(this.hostCall, stack)) this.deliver(this.report(stack));
      if (!this.stopped) this.setHalt(0); // until the next finding: the runtime would stop by itself
      return this.stopped;
    } catch (error) {
      if (this.memory) breakLock(this.memory);
      throw error;
    }
  }

  private setHalt(halts: number): void {
    new DataView(this.memory!.buffer).setUint32(HEADER_HALT, halts, true);
  }

  /** Host calls have no sites; they are told apart by their stacks. */
  private seenHostCall({ module, name }: HostCall, stack: readonly EngineFrame[]): boolean {
    const key = [module, name, ...stack.map((f) => f.offset ?? f.text)].join(' ');
    const seen = this.reportedHostCalls.has(key);
    this.reportedHostCalls.add(key);
    return seen;
  }

  private checkHostCall(call: HostCall, address: number, size: number, write: boolean): void {
    const check = (this.exports as unknown as WasanExports).__wasan_check_host;
    if (size === 0 || !check) return;
    this.hostCall = call;
    try {
      if (this.is64) check(BigInt(address), BigInt(size), write ? 1 : 0);
      else check(address, Math.min(size, 0xffffffff), write ? 1 : 0);
    } finally {
      this.hostCall = undefined;
    }
  }

  /** Asked at every host call: read once, as soon as the runtime has written it. */
  private get is64(): boolean {
    this.pointerBytes ||= new DataView(this.memory!.buffer).getUint32(HEADER_PROGRAM_POINTER, true);
    return this.pointerBytes === 8;
  }

  private deliver(report: Report): Report {
    if (findSuppression(report, this.options.suppressions ?? [])) {
      this.told = undefined;
      return report;
    }
    this.findings.push(report);
    this.lastOffset = report.stack.find((f) => f.offset !== undefined && !f.called)?.offset;
    this.stopped = this.options.onFinding?.(report) ?? this.halts !== 0;
    return report;
  }

  /** Counters of the runtime: print_stats. */
  stats(): Stats {
    if (!this.memory) throw new Error('stats() before attach()');
    return readStats({ memory1: new Uint8Array(this.memory.buffer) });
  }

  /** The heap's history and the areas of the program's memory, for a page that draws them. */
  picture(): ProgramPicture {
    if (!this.memory) throw new Error('picture() before attach()');
    return programPicture(new Uint8Array(this.memory.buffer), this.programMemory?.()?.length ?? 0);
  }

  /** The text of a source file named in a report, where the module's debug information carries it. */
  source(file: string): string | undefined {
    return this.frames.symbolizer.source?.(file);
  }

  private context(stack: readonly EngineFrame[], about: Facts, memory1: Uint8Array): ReportContext {
    return {
      ...this.symbolContext(memory1),
      accessStack: (facts) => this.accessStack(facts, stack),
      globals: (address, size) => globalsNear(this.frames.symbolizer.globals(), about, address, size),
      mapping: (address) => this.mapping(memory1, address, about.thread),
    };
  }

  /** For a place that no finding is about. */
  private placeContext(memory1: Uint8Array): ReportContext {
    return {
      ...this.symbolContext(memory1),
      globals: (address, size) =>
        globalsNear(this.frames.symbolizer.globals(), factsAbout({ memory1 }, address), address, size),
      mapping: (address) => this.mapping(memory1, address, this.thread),
    };
  }

  /** What can be told without a finding. */
  private symbolContext(memory1: Uint8Array): ReportContext {
    return {
      pid: this.options.pid ?? 0,
      moduleName: this.frames.moduleName,
      frames: (sites) => this.frames.withAllocator(this.frames.ofSites(sites)),
      accessStack: () => [],
      stackFrame: (address) =>
        describeFrame(this.frameTable, memory1, this.frames.symbolizer, address, (func) => this.frames.entryOf(func)),
      globals: () => [],
    };
  }

  private mapping(memory1: Uint8Array, address: number, thread: number): MappingDescription | undefined {
    const found = mappingAt(memory1, address);
    if (!found) return undefined;
    const { mapStack, unmapStack, ...mapping } = found;
    const trace = (sites: readonly number[]): Trace => ({
      thread: `T${thread}`,
      frames: this.frames.ofSites(sites),
    });
    return {
      ...mapping,
      ...(mapStack.length > 0 && { mappedBy: trace(mapStack) }),
      ...(unmapStack.length > 0 && { unmappedBy: trace(unmapStack) }),
    };
  }

  private accessStack(facts: Facts, stack: readonly EngineFrame[]): readonly StackFrame[] {
    const { frames, hostCall } = this;
    if (hostCall?.module === SCRIPT) return frames.ofScript(hostCall, stack);
    const found = frames.ofAccess(facts, stack);
    if (hostCall) return frames.ofHostCall(hostCall, found);
    if (facts.kind === KIND_STACK_OVERFLOW) return found;
    return facts.access.free ? frames.withAllocator(found) : frames.withCallee(found, stack);
  }

  private get frameTable(): readonly FrameRecord[] {
    this.frameRecords ??= readFrameTable(this.options.instrumented);
    return this.frameRecords;
  }
}

/** The import object with one more module. Import objects may be Proxies (Emscripten): never copied, only looked through. */
function withExtra(imports: WebAssembly.Imports, extra: WebAssembly.Imports): WebAssembly.Imports {
  return new Proxy(imports, {
    get: (target, key, receiver) => extra[key as string] ?? Reflect.get(target, key, receiver),
    has: (target, key) => (key as string) in extra || Reflect.has(target, key),
  });
}
