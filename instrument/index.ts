// instrument(bytes, options): a wasm module in, the same module with AddressSanitizer inside out.
// Pure: no file system, no clock, nothing printed. The runtime image to link is an argument (runtime-images.ts loads it).

import { FRAME_OWN_SHIFT } from '../runtime/abi.ts';
import { type AllocatorOptions, findAllocator } from './allocator.ts';
import type { Allocator } from './allocator-found.ts';
import { allocatorWords } from './allocator-words.ts';
import { type BodyFacts, BodyPlanner } from './bodies.ts';
import { allocatorClosure, buildCallGraph, type CallGraph, reaching } from './call-graph.ts';
import { type CountedCode, type CoverageMode, planCoverage } from './coverage.ts';
import type { DebugInfo } from './debug-info.ts';
import { ignoresTraps } from './discarded-loads.ts';
import type { Removed } from './elide/elision.ts';
import { findPoisoners } from './elide/poisoners.ts';
import type { KillRule } from './elide/rules.ts';
import { InstrumentError } from './errors.ts';
import { type FramePart, frameSection } from './frames/frame-section.ts';
import { type Frames, knowsVariables, NO_SHADOWS } from './frames/index.ts';
import { Globals } from './globals/index.ts';
import { encodeHeader, type RuntimeOptions } from './header.ts';
import { calledHooks, isAbi, isHook, recordedImports } from './interface.ts';
import { nullLimit, runtimePages, SHARED_PAGES, type StackBounds, stackBounds } from './layout.ts';
import { findLibcByBody, type LibraryProbe } from './libc/by-body.ts';
import { findOverReaders } from './libc/over-reads.ts';
import { findLibc, type Libc } from './libc.ts';
import { findMappings, type Mappings } from './mappings.ts';
import type { Plan, SkipReason } from './plan.ts';
import { type PlanOptions, planFacts, skipOf } from './plan-functions.ts';
import type { Probe } from './probe-module.ts';
import { spareStack } from './spare-stack.ts';
import { aloneOn, crewOf, type Team, type TeamMaker } from './split/team.ts';
import { findStackPointer, type StackPointer } from './stack-pointer.ts';
import type { InitialBytes } from './stream/data-section.ts';
import { type Engine, rewriteModule } from './stream/engine.ts';
import { type Module, parseModule } from './wasm/module.ts';
import { functionNames } from './wasm/names.ts';

export type { Allocator, AllocatorFunction } from './allocator-found.ts';
export { ALLOCATOR_ROLES } from './allocator-roles.ts';
export type { DebugInfo } from './debug-info.ts';
export { INSTRUMENT_ERRORS, InstrumentError, type InstrumentErrorCode } from './errors.ts';
export { glueNames } from './glue-names.ts';
export type { RuntimeOptions } from './header.ts';
export type { LibraryProbe, LibraryQuestion } from './libc/by-body.ts';
export type { Probe, ProbeQuestion, ProbeResult } from './probe-module.ts';
export type { StackPointer } from './stack-pointer.ts';
export type { Engine } from './stream/engine.ts';

export interface InstrumentOptions extends PlanOptions {
  /** What inserts the checks: the streaming engine (default) or `binaryenEngine` of binaryen/index.ts. */
  engine?: Engine;
  /** Shadow mapping: flat (default) reserves 1/8 of the address space, paged allocates what is used. */
  mapping?: 'flat' | 'paged';
  /** Import the report hook `wasan.report`, to be loaded by wasan's host. Without it a finding traps by itself. */
  host?: boolean;
  /**
   * For engines that give a module one memory only: memory 1 lies in a second instance, which the host makes. Slower: each
   * look at the shadow is a call. Needs `host`, and the default engine.
   */
  singleMemory?: boolean;
  /** `role=function` overrides for the allocator (see ALLOCATOR_ROLES). */
  allocator?: AllocatorOptions;
  /** Export -> its name in the program's JavaScript, where that names what the module does not (glue-names.ts). */
  glueNames?: Readonly<Record<string, string>>;
  /** The global that is the stack pointer, where it is not found or found wrongly. */
  stackPointer?: number;
  /** Tries out an allocator found in a stripped module; without it bodies and names must do. */
  probe?: Probe;
  /** Tries out what may be a function of the C library in a stripped module; without it none is told there. */
  libraryProbe?: LibraryProbe;
  /** Baked into the module: what ASAN_OPTIONS would set. */
  runtime?: RuntimeOptions;
  /** Redzones for stack frames; on by default. */
  stack?: boolean;
  /**
   * Report the use of a variable after the block it belongs to (builds with -O0 -g). Off by default: block ranges of
   * DWARF do not tell every way into a block, so correct C++ can be reported.
   */
  useAfterScope?: boolean;
  /** Variables of frames and globals, where the module has debug information. */
  debugInfo?: DebugInfo;
  /** For fuzzing: counts blocks and, with 'compares', records comparisons (coverage.ts). Flat mapping alone. */
  coverage?: CoverageMode;
  /** A program whose memory is shared runs as one instance per thread, and imports memory 1 (`wasan.memory`). */
  threads?: boolean;
  progress?: (done: number, total: number) => void;
  /** Shares the work on a large module among threads (split/node-team.ts). The output is the same. */
  team?: TeamMaker;
  /** Carry the original along in the section "wasan.original", for reports where it is not at hand any more. */
  embedOriginal?: boolean;
  /** Leave out checks that can find nothing new. Default true; -O0 is false. */
  elide?: boolean;
  /** For tests alone: rules of the elimination to switch off (elide/rules.ts). */
  disabledRules?: ReadonlySet<KillRule>;
}

/** The runtime, compiled, for a mapping and a pointer width; 'shared' is flat, for memory 1 shared by threads. */
export type RuntimeImages = (mapping: 'flat' | 'paged' | 'shared', bits: 32 | 64) => Uint8Array;

/** What is known about a module before it is changed; `wasan inspect` prints it. */
export interface Inspection {
  readonly module: Module;
  readonly allocator: Allocator;
  /** Functions left unchecked because they are the allocator's own. */
  readonly allocatorClosure: ReadonlySet<number>;
  /** Memory and string functions, checked at their calls. */
  readonly libc: Libc;
  /** mmap and its family. */
  readonly mappings: Mappings;
  readonly stackPointer: StackPointer | undefined;
  /** Undefined where its bounds are not known, or frames get no redzones. */
  readonly stack: StackBounds | undefined;
  readonly graph: CallGraph;
  readonly nullLimit: number;
  /** Objects with static storage. */
  readonly globals: Globals;
  /** By body: why it carries no checks, or 'checked'. */
  readonly skips: readonly SkipReason[];
  readonly facts: BodyFacts;
  /** Made when asked for. */
  readonly frames: Frames;
  readonly plan: Plan;
  /** Every access whose check was removed, and why (a key of SKIP_REASONS): --explain-checks. */
  readonly explainChecks: () => Removed[];
}

export interface Instrumented {
  readonly bytes: Uint8Array;
  readonly inspection: Inspection;
  /** With `coverage`: what each counter counts. */
  readonly counted?: readonly CountedCode[];
  readonly summary: {
    readonly functions: number;
    readonly checkedFunctions: number;
    /** Checks and recorded calls. */
    readonly sites: number;
    readonly bytesBefore: number;
    readonly bytesAfter: number;
  };
}

/** Numbers of frames share a word with other things (FRAME_OWN_SHIFT). */
const MOST_FRAMES = 2 ** FRAME_OWN_SHIFT;

/** Version of the custom section "wasan.info" (JSON). */
const INFO_VERSION = 1;

/** Reads a module and decides what to do with it. Throws InstrumentError for what cannot be instrumented. */
export function inspect(bytes: Uint8Array, options: InstrumentOptions = {}): Inspection {
  return inspectModule(readable(bytes, options), options);
}

function readable(bytes: Uint8Array, options: InstrumentOptions): Module {
  const module = parseModule(bytes);
  refuseUnsupported(module, options);
  return module;
}

function inspectModule(module: Module, options: InstrumentOptions): Inspection {
  const graph = buildCallGraph(module);
  const allocator = findAllocator(module, graph, options);
  const mappings = findMappings(module);
  const members = [...allocator.functions, ...allocator.kept].map((f) => f.func);
  const roots = [...members, ...mappings.functions];
  const closure = allocatorClosure(graph, roots);
  const reaches = reaching(module, graph, [...roots, ...recordedImports(module)]);
  const stackPointer = findStackPointer(module, options.stackPointer);
  const overReaders = findOverReaders(module);
  const byBody = findLibcByBody(module, graph, overReaders, closure, options.libraryProbe);
  const libc = findLibc(module, new Set(roots), byBody);
  const limit = nullLimit(module, stackPointer);
  const globals = new Globals(module, options.debugInfo, limit, stackPointer?.global);
  const malloc = allocator.functions.find((f) => f.role.role === 'malloc')?.func;
  const sparing = new Set(allocator.sparing);
  const disabled = options.disabledRules ?? new Set<KillRule>();
  const facts: BodyFacts = {
    plan: planFacts({ module, options, graph, closure, reaches, libc, overReaders, malloc, sparing }),
    poisons: findPoisoners({ module, graph, allocator: roots, stackPointer: stackPointer?.global, disabled }),
    nullLimit: limit,
    // Stacks of threads have no bounds that the binary tells: their frames stay as they are.
    framePointer: options.stack === false || isShared(module) ? undefined : stackPointer?.global,
    useAfterScope: options.useAfterScope ?? false,
    ignoresTraps: ignoresTraps(module),
    elide: options.elide !== false,
    disabled,
  };
  const bodies = lazily(() => {
    const planner = new BodyPlanner(module, facts, globals, options.debugInfo);
    return { frames: planner.planAll(), plan: planner.plan, elision: planner.elision };
  });
  return {
    ...{ module, allocator, allocatorClosure: closure, libc, mappings, stackPointer, facts },
    stack: options.stack === false ? undefined : stackBounds(module, stackPointer, options.debugInfo),
    graph,
    nullLimit: limit,
    globals,
    skips: module.bodies.map((_, i) => skipOf(module.importedFunctions + i, facts.plan)),
    get frames() {
      return bodies().frames;
    },
    get plan() {
      return bodies().plan;
    },
    explainChecks: () => (facts.elide ? bodies().elision.explain() : []),
  };
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Instruments a module. */
export function instrument(bytes: Uint8Array, images: RuntimeImages, options: InstrumentOptions = {}): Instrumented {
  const module = readable(bytes, options);
  const team = isDivisible(module, options) ? (options.team?.(module) ?? aloneOn(module)) : undefined;
  try {
    return instrumentModule(module, images, options, team);
  } finally {
    team?.end();
  }
}

/** Objects and frames of which debug information tells get numbers and places one after the other, in one thread. */
function isDivisible(module: Module, { engine, coverage, singleMemory, debugInfo }: InstrumentOptions): boolean {
  if (engine || coverage || singleMemory || module.bodies.length >= MOST_FRAMES) return false;
  return !debugInfo || !knowsVariables(module, debugInfo);
}

function instrumentModule(
  module: Module,
  images: RuntimeImages,
  options: InstrumentOptions,
  team: Team | undefined,
): Instrumented {
  const inspection = inspectModule(module, options);
  const { allocator, globals, facts } = inspection;
  const { bytes } = module;
  const parts: FramePart[] = [];
  const crew = team && !globals.hasObjects && crewOf({ module, facts, team, progress: options.progress }, parts);
  const coverage = options.coverage && planCoverage(inspection, options.coverage);
  const is64 = module.memories[0]!.is64;
  const mapping = options.mapping ?? 'flat';
  if (coverage && mapping !== 'flat') throw new InstrumentError('E_UNSUPPORTED', 'coverage needs the flat mapping');
  const shared = isShared(module);
  const runtime = parseModule(images(shared ? 'shared' : mapping, is64 ? 64 : 32));
  const memoryPages = runtimePages(mapping === 'paged') + (coverage?.pages ?? 0);
  const rewrite = options.engine ?? rewriteModule;
  const output = rewrite({
    program: module,
    runtime,
    get plan(): Plan {
      return coverage ? { ...inspection.plan, functions: coverage.functions } : inspection.plan;
    },
    ...(crew && { crew }),
    host: options.host ?? false,
    paged: mapping === 'paged',
    ...(shared && { sharedPages: SHARED_PAGES }),
    ...(options.singleMemory && { neighbour: true }),
    ...(globals.readOnly && { readOnly: globals.readOnly }),
    bound: inspection.mappings.bound,
    redirects: redirects(inspection),
    originals: new Map([...inspection.mappings.originals, ...originals(allocator), ...calledHooks(module)]),
    memoryPages,
    snapshot: coverage?.snapshot,
    header: headerOf(inspection, options, !coverage),
    segments: [crew ? NO_SHADOWS : inspection.frames.shadows, ...globals.presets(), ...(coverage?.segments ?? [])],
    sections: () => [
      frameSection(crew ? parts : [inspection.frames.part]),
      ...(options.embedOriginal ? [{ name: 'wasan.original', bytes }] : []),
    ],
    info: infoSection(inspection, memoryPages),
    ...(options.progress ? { progress: options.progress } : {}),
  });
  return {
    bytes: output.bytes,
    inspection,
    ...(coverage && { counted: coverage.counted }),
    summary: {
      functions: module.bodies.length,
      checkedFunctions: inspection.skips.filter((skip) => skip === 'checked').length,
      sites: output.sites,
      bytesBefore: bytes.length,
      bytesAfter: output.bytes.length,
    },
  };
}

/** What the runtime is told of the program. */
function headerOf(inspection: Inspection, { runtime }: InstrumentOptions, growsMemory: boolean): InitialBytes {
  const { module, allocator, stack } = inspection;
  return encodeHeader({
    ...runtime,
    nullLimit: inspection.nullLimit,
    is64: module.memories[0]!.is64,
    tailRedzones: allocator.layout === 'behind' && allocator.functions.some((f) => /^(malloc|free)$/.test(f.role.role)),
    noSizeWord: !allocator.sizeWord,
    dlmallocHeads: allocator.dlmallocHeads,
    releasesSeen: allocator.releasesSeen,
    sharedHeap: isHeapShared(inspection),
    largestRedzone: allocator.largestRedzone,
    hooks: [...calledHooks(module).keys()].some((name) => name.endsWith('_hook')),
    stack,
    spare: spareStack(module, stack, allocator, inspection.graph, growsMemory),
  });
}

function redirects({ mappings, allocator }: Inspection): Map<number, string> {
  return new Map([...mappings.redirects, ...allocator.functions.map((f) => [f.func, f.role.wrapper] as const)]);
}

/**
 * Whether the program calls functions of the allocator that nothing stands in for, while redzones lie around blocks. Where they
 * lie behind, forgetTail (runtime/tail.ts) opens what is given back, and knows which part of it others have by then.
 */
function isHeapShared({ allocator, allocatorClosure, graph }: Inspection): boolean {
  if (allocator.layout === 'behind') return false;
  return allocator.kept.some((f) => graph.callers[f.func]!.some((caller) => !allocatorClosure.has(caller)));
}

/** The first function found for a role is the original behind the runtime's import. */
function originals(allocator: Allocator): Map<string, number> {
  const map = new Map<string, number>();
  for (const { role, func } of allocator.functions) {
    if (role.original !== '' && !map.has(role.original)) map.set(role.original, func);
  }
  return map;
}

function infoSection(inspection: Inspection, memoryPages: number): Uint8Array {
  const { module, allocator, stackPointer } = inspection;
  const info = {
    version: INFO_VERSION,
    functions: module.functions.length,
    importedFunctions: module.importedFunctions,
    allocator: allocator.functions.map((f) => ({ role: f.role.role, func: f.func, how: f.how, name: f.name })),
    stackPointer: stackPointer?.global ?? null,
    allocatorWords: allocatorWords(module, inspection.allocatorClosure, inspection.nullLimit),
    stackPointerHow: stackPointer?.how ?? null,
    nullLimit: inspection.nullLimit,
    ...(allocator.functions.length > 0 && { layout: allocator.layout, confidence: allocator.confidence }),
    ...(allocator.probeFailed && { notice: `heap checks are off: ${allocator.refused}` }),
    ...(isShared(module) && { sharedMemory: { initial: memoryPages, maximum: SHARED_PAGES } }),
  };
  return new TextEncoder().encode(JSON.stringify(info));
}

function isShared(module: Module): boolean {
  return module.memories.some((m) => m.shared);
}

function refuseSingle(module: Module, options: InstrumentOptions): void {
  const reason = !options.host
    ? "a single memory without wasan's host"
    : options.engine
      ? 'a single memory with this engine'
      : isShared(module)
        ? 'a single memory with threads'
        : options.coverage
          ? 'a single memory with coverage'
          : undefined;
  if (reason) throw new InstrumentError('E_UNSUPPORTED', reason);
}

function refuseThreads(module: Module, options: InstrumentOptions): void {
  const refuse = (what: string) => {
    throw new InstrumentError('E_UNSUPPORTED', what);
  };
  if (!options.threads) throw new InstrumentError('E_SHARED_MEMORY');
  if (module.memories.some((m) => m.is64)) refuse('a shared 64-bit memory');
  if (module.memories.some((m) => !m.imported)) refuse('a shared memory beside one that the module defines itself');
  if (options.mapping === 'paged') refuse('--mapping paged with a shared memory');
  if (options.engine) refuse('this engine with a shared memory');
}

function refuseUnsupported(module: Module, options: InstrumentOptions): void {
  if (module.sections.some((s) => s.name === 'wasan.info')) throw new InstrumentError('E_ALREADY_INSTRUMENTED');
  const memory = module.memories[0];
  if (!memory) throw new InstrumentError('E_NO_MEMORY');
  if (options.singleMemory) refuseSingle(module, options);
  if (module.memories.some((m) => m.shared)) refuseThreads(module, options);
  const clash = module.exports.find((e) => (isAbi(e.name) && !isHook(e.name)) || e.name.startsWith('__wasan_'));
  if (clash) throw new InstrumentError('E_NAME_CLASH', clash.name);
  for (const [index, name] of functionNames(module)) {
    if (index >= module.importedFunctions && /^__(asan|wasan)_/.test(name) && !isHook(name))
      throw new InstrumentError('E_NAME_CLASH', name);
  }
}
