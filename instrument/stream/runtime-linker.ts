// Links the runtime (a small wasm module of its own) into a program: its functions, globals and data are appended, its
// memory becomes the program's last memory, or a neighbour's (runtime-memory.ts), and its imports are bound to the program,
// to the host, or to small functions written here.
//
//   function index space of the output:
//   | program imports (minus bound __asan_*) | host.report | neighbour's | program's | runtime's | glue functions |

import { Writer } from '../wasm/bytes.ts';
import { Decoder } from '../wasm/decoder.ts';
import type { Body, FuncType, Module } from '../wasm/module.ts';
import { IMM, OP, TYPE } from '../wasm/opcodes.ts';
import { KIND_NAMES, REPORT_ACCESS, REPORT_KIND } from './report-names.ts';
import type { RuntimeMemory } from './runtime-memory.ts';
import { snapshotGlue } from './snapshot-glue.ts';
import { SnapshotMarks } from './snapshot-marks.ts';

/** A function written by the linker: its signature and its body (locals included, size excluded). */
export interface Glue {
  readonly name: string;
  readonly type: FuncType;
  readonly body: Writer;
}

export interface LinkInput {
  readonly program: Module;
  readonly runtime: Module;
  /** Import the report hook from the host (`wasan.report`), or trap in a function with a telling name. */
  readonly host: boolean;
  /** Output index of the first function the linker may append. */
  readonly firstFunction: number;
  /** Output index of the host's report import, if `host`. */
  readonly reportImport: number;
  readonly firstGlobal: number;
  readonly memory: RuntimeMemory;
  /** The output's index of a type. */
  readonly intern: (type: FuncType) => number;
  /** Output index of the original behind a runtime import of module "program" ("malloc"), if the program has one. */
  readonly originals: ReadonlyMap<string, number>;
  /** Address of the snapshot's tables, where every store of the runtime is marked, and the index of the memory they lie in. */
  readonly snapshot?: { readonly base: number; readonly memory: number } | undefined;
}

export interface Linked {
  /** Output function index of every runtime export that is a function. */
  readonly functions: ReadonlyMap<string, number>;
  /** Output global index of every runtime export that is a global. */
  readonly globals: ReadonlyMap<string, number>;
  readonly glue: readonly Glue[];
  /** Output indices of the runtime's own functions, imports included. */
  readonly functionMap: Int32Array;
  /** Runtime imports whose calls become an instruction on the program's memory. */
  readonly accesses: ReadonlyMap<number, readonly number[]>;
  readonly memory: RuntimeMemory;
  readonly firstGlobal: number;
  readonly marks: SnapshotMarks | undefined;
}

/** Decides every index; writes no section yet. */
export function linkRuntime(input: LinkInput): Linked {
  const { runtime, firstFunction } = input;
  const functionMap = new Int32Array(runtime.functions.length);
  const glue: Glue[] = [];
  const accesses = new Map<number, readonly number[]>();
  const defined = runtime.functions.length - runtime.importedFunctions;
  for (let i = 0; i < defined; i++) functionMap[runtime.importedFunctions + i] = firstFunction + i;
  const snapshot = input.snapshot && { ...input, ...input.snapshot, functionMap };
  for (const entry of runtime.imports) {
    const type = runtime.types[runtime.functions[entry.index]!]!;
    const bound = entry.module === 'program' ? input.originals.get(entry.name) : undefined;
    const access = entry.module === 'program' ? programAccess(entry.name, input.program.memories[0]!.is64) : undefined;
    const undoing = snapshot && entry.module === 'program' ? snapshotGlue(entry.name, type, snapshot) : undefined;
    if (bound !== undefined) functionMap[entry.index] = bound;
    else if (undoing) {
      functionMap[entry.index] = firstFunction + defined + glue.length;
      glue.push({ name: `__wasan_${entry.name}`, type, body: undoing });
    } else if (access) accesses.set(entry.index, access);
    else if (entry.module === 'host' && input.host) functionMap[entry.index] = input.reportImport;
    else {
      functionMap[entry.index] = firstFunction + defined + glue.length;
      const call = entry.module === 'program' ? tableCall(entry.name, type, input) : undefined;
      if (entry.name !== 'report') glue.push({ name: `__wasan_${entry.name}`, type, body: call ?? missingGlue(type) });
      else glue.push(...trapGlue(type, firstFunction + defined + glue.length, input.memory));
    }
  }
  const functions = new Map<string, number>();
  const globals = new Map<string, number>();
  for (const e of runtime.exports) {
    if (e.kind === 0) functions.set(e.name, functionMap[e.index]!);
    if (e.kind === 3) globals.set(e.name, input.firstGlobal + e.index);
  }
  const marks = snapshot && new SnapshotMarks(runtime, functionMap, snapshot.memory, snapshot.base);
  const { memory, firstGlobal } = input;
  return { functions, globals, glue, functionMap, accesses, memory, firstGlobal, marks };
}

/**
 * Access to the program's memory for the runtime, whose own instructions all mean its own memory: the one instruction that
 * takes the place of the call.
 */
function programAccess(name: string, is64: boolean): readonly number[] | undefined {
  switch (name) {
    case 'load8':
      return [OP.I32_LOAD8_U, 0, 0];
    case 'load32':
      return [OP.I32_LOAD, 0, 0];
    case 'load64':
      return [OP.I64_LOAD, 0, 0];
    case 'store8':
      return [OP.I32_STORE8, 0, 0];
    case 'store32':
      return [OP.I32_STORE, 0, 0];
    case 'load_ptr':
      return [is64 ? OP.I64_LOAD : OP.I32_LOAD, 0, 0];
    case 'store_ptr':
      return [is64 ? OP.I64_STORE : OP.I32_STORE, 0, 0];
    case 'fill':
      return [0xfc, 11, 0];
    case 'copy':
      return [0xfc, 10, 0, 0];
    case 'pages':
      return [OP.MEMORY_SIZE, 0];
    case 'grow':
      return [OP.MEMORY_GROW, 0];
  }
  return undefined;
}

/** Calls a function of the program's first table; its index comes first. Undefined for other names, and without a table. */
function tableCall(name: string, type: FuncType, { program, intern }: LinkInput): Writer | undefined {
  const table = program.tables[0];
  if (!/^call\d$/.test(name) || !table) return undefined;
  const w = new Writer(16);
  w.byte(0); // no locals
  const operands = type.params.slice(1);
  for (let i = 1; i <= operands.length; i++) {
    w.byte(OP.LOCAL_GET);
    w.u32(i);
  }
  w.byte(OP.LOCAL_GET);
  w.byte(0);
  if (table.is64) w.byte(OP.I64_EXTEND_I32_U);
  w.byte(OP.CALL_INDIRECT);
  w.u32(intern({ params: operands, results: [] }));
  w.u32(0);
  w.byte(OP.END);
  return w;
}

/** An allocator entry point the program does not have: fails as an allocator out of memory does. */
function missingGlue(type: FuncType): Writer {
  const w = new Writer(8);
  w.byte(0); // no locals
  if (type.results.length > 0) zero(w, type.results[0]!);
  w.byte(OP.END);
  return w;
}

function zero(w: Writer, type: number): void {
  w.byte(type === TYPE.I64 ? OP.I64_CONST : OP.I32_CONST);
  w.byte(0);
}

/**
 * The report hook of a module without a host: branches on kind and direction to one of many functions that do nothing but
 * trap, so that the engine's own stack trace names the bug: `__asan_report_heap_use_after_free_load`.
 */
function trapGlue(type: FuncType, index: number, memory: RuntimeMemory): Glue[] {
  const directions = ['load', 'store', 'free'];
  const leaves: Glue[] = [];
  for (const name of KIND_NAMES) {
    for (const direction of directions) {
      const body = new Writer(8);
      for (const b of [0, OP.UNREACHABLE, OP.END]) body.byte(b);
      leaves.push({ name: `__asan_report_${name}_${direction}`, type: { params: [], results: [] }, body });
    }
  }
  const w = new Writer(1024);
  w.byte(0);
  leaves.forEach((_, i) => {
    // if (kind * 3 + direction == i) call leaf i
    w.byte(OP.I32_CONST);
    w.byte(0);
    loadOwn(w, memory, REPORT_KIND);
    w.byte(OP.I32_CONST);
    w.byte(3);
    w.byte(OP.I32_MUL);
    w.byte(OP.I32_CONST);
    w.byte(0);
    loadOwn(w, memory, REPORT_ACCESS);
    w.byte(OP.I32_CONST);
    w.byte(3);
    w.byte(OP.I32_AND);
    w.byte(OP.I32_ADD);
    w.byte(OP.I32_CONST);
    w.s32(i);
    w.byte(0x46); // i32.eq
    w.byte(OP.IF);
    w.byte(TYPE.VOID);
    w.byte(OP.CALL);
    w.u32(index + 1 + i);
    w.byte(OP.END);
  });
  w.byte(OP.UNREACHABLE);
  w.byte(OP.END);
  return [{ name: '__asan_report', type, body: w }, ...leaves];
}

function loadOwn(w: Writer, memory: RuntimeMemory, offset: number): void {
  memory.access(w, OP.I32_LOAD, 2, offset);
}

/** Appends one runtime function body, size first, with every index moved to where the linker put it. */
export function copyRuntimeBody(runtime: Module, index: number, linked: Linked, out: Writer): void {
  const body = runtime.bodies[index]!;
  const w = new Writer(body.end - body.start + 64);
  const marks = linked.marks?.begin(runtime.importedFunctions + index);
  relocate(runtime, body, linked, w, marks);
  out.u32(w.length);
  out.append(w.bytes, 0, w.length);
}

function relocateCall(d: Decoder, linked: Linked, w: Writer): void {
  const access = linked.accesses.get(d.index);
  if (access) {
    for (const byte of access) w.byte(byte);
    return;
  }
  w.byte(d.op);
  w.u32(linked.functionMap[d.index]!);
}

function relocate(runtime: Module, body: Body, linked: Linked, w: Writer, marks: SnapshotMarks | undefined): void {
  const d = new Decoder(runtime.bytes, body.start, body.end);
  if (marks) marks.locals(d, w);
  else {
    d.skipLocals();
    w.append(runtime.bytes, body.start, d.pos);
  }
  while (d.pos < d.end) {
    d.next();
    marks?.before(d, w);
    switch (d.immediates) {
      case IMM.FUNC:
        relocateCall(d, linked, w);
        break;
      case IMM.GLOBAL:
        w.byte(d.op);
        w.u32(linked.firstGlobal + d.index);
        break;
      case IMM.MEMARG:
        linked.memory.access(w, d.op, d.align, d.offset);
        break;
      case IMM.MEMORY:
      case IMM.MEMORY_COPY:
        linked.memory.whole(w, d.op);
        break;
      case IMM.MEMORY_INIT:
      case IMM.TYPE_TABLE:
      case IMM.REF_FUNC:
      case IMM.DATA:
        throw new Error(`the runtime uses opcode 0x${d.op.toString(16)}, which the linker does not move`);
      default:
        w.append(runtime.bytes, d.start, d.pos);
    }
  }
}
