// The streaming engine: writes the instrumented module in one pass over the original's bytes. Everything the plan does not
// touch is copied as it is; function indices are renumbered where the linker's additions moved them.

import { interfaceImports } from '../interface.ts';
import type { Plan, Target } from '../plan.ts';
import { joined, Writer } from '../wasm/bytes.ts';
import type { FuncType, Module } from '../wasm/module.ts';
import { KIND, SECTION, SECTION_ORDER, type Section } from '../wasm/module.ts';
import { TYPE } from '../wasm/opcodes.ts';
import { BranchHints, HINT_SECTION } from './branch-hints.ts';
import { copyElements, copyGlobals, copyTables } from './constants.ts';
import { addedSegments, type InitialBytes, initialBytes, pastCount, writeData } from './data-section.ts';
import { runtimeExports, writeExports } from './export-section.ts';
import { writeNames } from './name-section.ts';
import { copyRuntimeBody, type Linked, linkRuntime } from './runtime-linker.ts';
import {
  NEIGHBOUR_FUNCTIONS,
  NEIGHBOUR_SECTION,
  neighbourMemory,
  neighbourModule,
  ownMemory,
  type RuntimeMemory,
  WASAN_MODULE,
} from './runtime-memory.ts';
import { DEAD_BODY, reachedBodies } from './runtime-reach.ts';
import { SITE_SECTION, SiteMap } from './site-map.ts';
import { startCalls, writeStart } from './start-function.ts';
import { TypeTable } from './type-table.ts';
import { writeBodies } from './write-bodies.ts';

/** Custom sections that would be stale, or wrong, in the output. */
const STALE = /^(\.debug_|reloc\.|linking$|name$|sourceMappingURL$|external_debug_info$|metadata\.code\.)/;

/** By how much checks make code larger, mostly; where it is more, the buffer grows. */
const CODE_GROWTH = 2.7;
/** Limits with a maximum, of a shared memory. */
const SHARED_LIMITS = 3;

export interface EngineInput {
  readonly program: Module;
  readonly runtime: Module;
  readonly plan: Plan;
  readonly host: boolean;
  readonly paged: boolean;
  /** Instances share the runtime's memory: it is imported, with this many pages at most, and filled by the first. */
  readonly sharedPages?: number;
  /** The runtime's memory lies in a module of its own, for engines without multiple memories. Needs `host`. */
  readonly neighbour?: boolean;
  /** Program addresses that no store may touch. */
  readonly readOnly?: { readonly begin: number; readonly end: number };
  /** Function redirects, original index -> runtime export. */
  readonly redirects: ReadonlyMap<number, string>;
  /** Imported functions that the runtime stands in for: import's function index -> runtime export. */
  readonly bound?: ReadonlyMap<number, string>;
  /** Runtime import of module "program" -> original function index. */
  readonly originals: ReadonlyMap<string, number>;
  /** Pages of the runtime's memory at the start. */
  readonly memoryPages: number;
  /** Initial contents of the runtime's header: address and bytes. */
  readonly header: InitialBytes;
  /** Contents of the custom section "wasan.info". */
  readonly info: Uint8Array;
  /** More initial contents of the runtime's memory. */
  readonly segments?: readonly InitialBytes[];
  /** More custom sections, for the host: asked for when the code is written. */
  readonly sections?: () => readonly { readonly name: string; readonly bytes: Uint8Array }[];
  /** Address of the snapshot's tables in the runtime's memory, where runs are to be undone. */
  readonly snapshot?: number | undefined;
  /** Sites to announce in the header; those written, by default. An engine that adds its own afterwards knows better. */
  readonly siteCount?: number;
  /** Keep functions of the runtime that nothing calls: an engine adds calls afterwards. */
  readonly wholeRuntime?: boolean;
  /** Writes the program's bodies in place of this engine, several at a time. */
  readonly crew?: Crew;
  readonly progress?: (done: number, total: number) => void;
}

/** The program's bodies as others have written them. */
export interface CrewOutput {
  /** In order of the bodies. */
  readonly code: readonly Uint8Array[];
  readonly called: ReadonlySet<string>;
}
/** Fills the site map and the hints. */
export type Crew = (target: Target, sites: SiteMap, hints: BranchHints) => CrewOutput;

export interface EngineOutput {
  readonly bytes: Uint8Array;
  readonly sites: number;
  /** Where the linker put things. */
  readonly target: Target;
}

/** An engine: follows the plan. The streaming engine is the default; binaryen/ has another. */
export type Engine = (input: EngineInput) => EngineOutput;

export function rewriteModule(input: EngineInput): EngineOutput {
  return new ModuleWriter(input).write();
}

class ModuleWriter {
  private readonly input: EngineInput;
  /** The output, piece by piece: sections stay where they were written until all are known. */
  private readonly parts: Uint8Array[] = [];
  private readonly types: TypeTable;
  private readonly sites = new SiteMap();
  private readonly hints = new BranchHints();
  /** Imports that the runtime itself satisfies (`__asan_load4`): they disappear from the import section. */
  private readonly boundImports: ReadonlyMap<number, string>;
  private readonly linked: Linked;
  private readonly runtimeMemory: RuntimeMemory;
  private readonly functionMap: Int32Array;
  private readonly callMap: Int32Array;
  private readonly startFunction: number;
  /** By index of the runtime's body: 1 if the output needs it. Known once the program's code is written. */
  private needed: Uint8Array = new Uint8Array();

  constructor(input: EngineInput) {
    this.input = input;
    const { program, runtime } = input;
    this.types = new TypeTable(program.types);
    const abi = interfaceImports(program).map((i) => [i.index, i.name] as const);
    this.boundImports = new Map([...abi, ...(input.bound ?? [])]);
    const keptImports = program.importedFunctions - this.boundImports.size;
    const hostImports = input.host ? 1 : 0;
    const definedBase = keptImports + hostImports + (input.neighbour ? NEIGHBOUR_FUNCTIONS.length : 0);
    this.runtimeMemory = input.neighbour
      ? neighbourMemory(keptImports + hostImports)
      : ownMemory(program.memories.length);
    this.functionMap = this.renumber(definedBase);
    const definedCount = program.functions.length - program.importedFunctions;
    this.linked = linkRuntime({
      program,
      runtime,
      host: input.host,
      firstFunction: definedBase + definedCount,
      reportImport: keptImports,
      firstGlobal: program.globals.length,
      memory: this.runtimeMemory,
      snapshot: input.snapshot === undefined ? undefined : { base: input.snapshot, memory: program.memories.length },
      originals: new Map([...input.originals].map(([name, f]) => [name, this.functionMap[f]!])),
      intern: (type) => this.types.intern(type),
    });
    for (const [index, name] of this.boundImports) this.functionMap[index] = this.linked.functions.get(name)!;
    this.callMap = Int32Array.from(this.functionMap);
    for (const [index, wrapper] of input.redirects) {
      const target = this.linked.functions.get(wrapper);
      if (target === undefined) throw new Error(`the runtime has no ${wrapper}`);
      this.callMap[index] = target;
    }
    this.startFunction =
      definedBase + definedCount + (runtime.functions.length - runtime.importedFunctions) + this.linked.glue.length;
  }

  private renumber(definedBase: number): Int32Array {
    const { program } = this.input;
    const map = new Int32Array(program.functions.length);
    let next = 0;
    for (let i = 0; i < program.importedFunctions; i++) if (!this.boundImports.has(i)) map[i] = next++;
    for (let i = program.importedFunctions; i < map.length; i++) map[i] = definedBase + i - program.importedFunctions;
    return map;
  }

  write(): EngineOutput {
    const { program } = this.input;
    this.internTypes();
    this.parts.push(program.bytes.subarray(0, 8));
    const customs = this.customSections();
    for (const section of customs.get(0) ?? []) this.copySection(section);
    for (const id of SECTION_ORDER) {
      this.writeSection(id);
      for (const section of customs.get(id) ?? []) this.copySection(section);
    }
    this.writeCustom(
      'name',
      writeNames({
        program,
        runtime: this.input.runtime,
        linked: this.linked,
        functionMap: this.functionMap,
        startFunction: this.startFunction,
        needed: this.needed,
      }),
    );
    this.writeCustom(SITE_SECTION, ...this.sites.encode());
    this.writeCustom('wasan.info', this.input.info);
    if (this.input.neighbour) {
      this.writeCustom(NEIGHBOUR_SECTION, neighbourModule(this.input.memoryPages, this.segments()));
    }
    for (const { name, bytes } of this.input.sections?.() ?? []) this.writeCustom(name, bytes);
    return { bytes: joined(this.parts), sites: this.sites.count, target: this.target() };
  }

  /** Custom sections to keep, by the id of the section they follow (0 = before all). */
  private customSections(): Map<number, Section[]> {
    const groups = new Map<number, Section[]>();
    let after = 0;
    for (const section of this.input.program.sections) {
      if (section.id !== SECTION.CUSTOM) after = section.id;
      else if (!STALE.test(section.name)) groups.set(after, [...(groups.get(after) ?? []), section]);
    }
    return groups;
  }

  private copySection(section: Section): void {
    this.append(section.id, this.input.program.bytes.subarray(section.start, section.end));
  }

  private writeCustom(name: string, ...contents: readonly Uint8Array[]): void {
    const w = new Writer(32);
    w.name(name);
    this.append(SECTION.CUSTOM, w.view(), ...contents);
  }

  private original(id: number): Section | undefined {
    return this.input.program.sections.find((s) => s.id === id);
  }

  private writeSection(id: number): void {
    const section = this.original(id);
    if (id === SECTION.CODE) return this.writeCode(section);
    const write = this.writers[id];
    if (!write) {
      if (section) this.copySection(section);
      return;
    }
    const size = section ? section.end - section.start : 0;
    const w = new Writer(size + 4096);
    write(w, section);
    if (w.length > 0) this.append(id, w.view());
  }

  private append(id: number, ...contents: readonly Uint8Array[]): void {
    const head = new Writer(8);
    head.byte(id);
    head.u32(contents.reduce((sum, part) => sum + part.length, 0));
    this.parts.push(head.view(), ...contents);
  }

  private readonly writers: Readonly<Record<number, (w: Writer, s: Section | undefined) => void>> = {
    [SECTION.TYPE]: (w, s) => this.types.write(w, this.input.program.bytes, s),
    [SECTION.IMPORT]: (w) => this.writeImports(w),
    [SECTION.FUNCTION]: (w) => this.writeFunctions(w),
    [SECTION.TABLE]: (w, s) => s && copyTables(this.input.program.bytes, s, this.callMap, w),
    [SECTION.MEMORY]: (w) => this.writeMemories(w),
    [SECTION.GLOBAL]: (w, s) => this.writeGlobals(w, s),
    [SECTION.EXPORT]: (w) => writeExports(w, this.input, this.linked, this.callMap),
    [SECTION.START]: (w) => w.u32(this.startFunction),
    [SECTION.ELEMENT]: (w, s) => s && copyElements(this.input.program.bytes, s, this.callMap, w),
    [SECTION.DATA_COUNT]: (w, s) =>
      (s || this.input.sharedPages !== undefined) && w.u32(this.input.program.data.length + addedSegments(this.input)),
    [SECTION.DATA]: (w, s) => writeData(w, s, this.input, this.segments()),
  };

  private internTypes(): void {
    for (const f of this.runtimeFunctions()) this.types.intern(f);
    for (const g of this.linked.glue) this.types.intern(g.type);
    for (const f of this.neighbourFunctions) this.types.intern(f.type);
    this.types.intern({ params: [], results: [] });
    this.types.intern({ params: [], results: [TYPE.I32] });
  }

  private get neighbourFunctions() {
    return this.input.neighbour ? NEIGHBOUR_FUNCTIONS : [];
  }

  private runtimeFunctions() {
    const { runtime } = this.input;
    return runtime.functions.slice(runtime.importedFunctions).map((type) => runtime.types[type]!);
  }

  private writeImports(w: Writer): void {
    const { program, host, sharedPages } = this.input;
    const kept = program.imports.filter((i) => i.kind !== KIND.FUNC || !this.boundImports.has(i.index));
    const added = (host ? 1 : 0) + this.neighbourFunctions.length;
    w.u32(kept.length + added + (sharedPages === undefined ? 0 : 1));
    for (const entry of kept) w.append(program.bytes, entry.start, entry.end);
    if (sharedPages !== undefined) {
      w.name(WASAN_MODULE);
      w.name('memory');
      w.byte(KIND.MEMORY);
      w.byte(SHARED_LIMITS);
      w.u32(this.input.memoryPages);
      w.u32(sharedPages);
    }
    if (host) this.functionImport(w, 'report', { params: [], results: [TYPE.I32] });
    for (const { name, type } of this.neighbourFunctions) this.functionImport(w, name, type);
  }

  private functionImport(w: Writer, name: string, type: FuncType): void {
    w.name(WASAN_MODULE);
    w.name(name);
    w.byte(KIND.FUNC);
    w.u32(this.types.intern(type));
  }

  private writeFunctions(w: Writer): void {
    const { program } = this.input;
    const own = program.functions.slice(program.importedFunctions);
    const added = [...this.runtimeFunctions(), ...this.linked.glue.map((g) => g.type), { params: [], results: [] }];
    w.u32(own.length + added.length);
    for (const type of own) w.u32(type);
    for (const type of added) w.u32(this.types.intern(type));
  }

  private writeMemories(w: Writer): void {
    const section = this.original(SECTION.MEMORY);
    const own = this.input.program.memories.filter((m) => !m.imported).length;
    if (this.input.sharedPages !== undefined) return; // all are imported
    if (own === 0 && this.input.neighbour) return;
    w.u32(own + (this.input.neighbour ? 0 : 1));
    if (section) w.append(this.input.program.bytes, pastCount(this.input.program.bytes, section), section.end);
    if (this.input.neighbour) return;
    w.byte(0);
    w.u32(this.input.memoryPages);
  }

  private writeGlobals(w: Writer, section: Section | undefined): void {
    const { program, runtime } = this.input;
    const own = program.globals.filter((g) => !g.imported).length;
    w.u32(own + runtime.globals.length);
    if (section) copyGlobals(program.bytes, section, own, this.callMap, w);
    const theirs = runtime.sections.find((s) => s.id === SECTION.GLOBAL);
    if (theirs) w.append(runtime.bytes, pastCount(runtime.bytes, theirs), theirs.end);
  }

  private writeCode(section: Section | undefined): void {
    const { program, runtime, crew, progress } = this.input;
    const count = new Writer(8);
    count.u32(program.bodies.length + runtime.bodies.length + this.linked.glue.length + 1);
    const target = this.target();
    const { code, called } = crew ? crew(target, this.sites, this.hints) : this.ownBodies(target, section);
    progress?.(program.bodies.length, program.bodies.length);
    const last = new Writer(1 << 16);
    this.writeRuntime(last, called);
    const hints = this.hints.encode();
    if (hints) this.writeCustom(HINT_SECTION, ...hints);
    this.append(SECTION.CODE, count.view(), ...code, last.view());
  }

  private ownBodies(target: Target, section: Section | undefined): CrewOutput {
    const { program, plan, progress } = this.input;
    const { sites, hints } = this;
    const out = new Writer(Math.ceil((section ? section.end - section.start : 0) * CODE_GROWTH) + 4096);
    const called = writeBodies(program, plan, target, {
      tables: { sites, hints },
      out,
      range: [0, program.bodies.length],
      after: (i) => (i & 1023) === 0 && progress?.(i, program.bodies.length),
    });
    return { code: [out.view()], called };
  }

  private writeRuntime(w: Writer, called: ReadonlySet<string>): void {
    const { runtime, redirects, bound } = this.input;
    const names = [...called, ...redirects.values(), ...(bound?.values() ?? []), ...this.boundImports.values()];
    this.needed = this.neededBodies(names);
    runtime.bodies.forEach((_, i) => {
      if (this.needed[i]) return copyRuntimeBody(runtime, i, this.linked, w);
      w.u32(DEAD_BODY.length);
      for (const byte of DEAD_BODY) w.byte(byte);
    });
    for (const glue of this.linked.glue) {
      w.u32(glue.body.length);
      w.append(glue.body.bytes, 0, glue.body.length);
    }
    writeStart(w, this.input, this.linked, this.functionMap, this.segments());
  }

  /** Which of the runtime's bodies the output needs, given the exports of the runtime that its code calls. */
  private neededBodies(called: readonly string[]): Uint8Array {
    const { runtime, snapshot, wholeRuntime } = this.input;
    if (snapshot !== undefined || wholeRuntime) return new Uint8Array(runtime.bodies.length).fill(1);
    return reachedBodies(runtime, [
      ...called,
      ...startCalls(this.input),
      ...runtimeExports(this.linked, this.input.host).map(([name]) => name),
    ]);
  }

  private target(): Target {
    const { functions } = this.linked;
    return {
      memory: this.input.program.memories.length,
      runtimeMemory: this.runtimeMemory,
      callStackGlobal: this.linked.globals.get('__wasan_cs')!,
      is64: this.input.program.memories[0]!.is64,
      paged: this.input.paged,
      shared: this.input.sharedPages !== undefined,
      ...(this.input.readOnly && { readOnly: this.input.readOnly }),
      functionMap: this.functionMap,
      callMap: this.callMap,
      globals: this.linked.globals,
      checks: functions,
    };
  }

  private segments(): InitialBytes[] {
    return initialBytes(this.input, this.input.siteCount ?? this.sites.count);
  }
}
