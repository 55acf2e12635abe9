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
  /** Output index of the original behind a runtime import of module "program" ("malloc"), if the program has one. */
  readonly originals: ReadonlyMap<string, number>;
}

export interface Linked {
  /** Output function index of every runtime export that is a function. */
  readonly functions: ReadonlyMap<string, number>;
  /** Output global index of every runtime export that is a global. */
  readonly globals: ReadonlyMap<string, number>;
  readonly glue: readonly Glue[];
  /** Output indices of the runtime's own functions, imports included. */
  readonly functionMap: Int32Array;
  readonly memory: RuntimeMemory;
  readonly firstGlobal: number;
}

/** Decides every index; writes no section yet. */
export function linkRuntime(input: LinkInput): Linked {
  const { runtime, firstFunction } = input;
  const functionMap = new Int32Array(runtime.functions.length);
  const glue: Glue[] = [];
  const defined = runtime.functions.length - runtime.importedFunctions;
  for (let i = 0; i < defined; i++) functionMap[runtime.importedFunctions + i] = firstFunction + i;
  for (const entry of runtime.imports) {
    const type = runtime.types[runtime.functions[entry.index]!]!;
    const bound = entry.module === 'program' ? input.originals.get(entry.name) : undefined;
    if (bound !== undefined) functionMap[entry.index] = bound;
    else if (entry.module === 'host' && input.host) functionMap[entry.index] = input.reportImport;
    else {
      functionMap[entry.index] = firstFunction + defined + glue.length;
      const body = entry.module === 'host' ? undefined : programGlue(entry.name, type, input.program.memories[0]!.is64);
      if (body) glue.push({ name: `__wasan_${entry.name}`, type, body });
      else glue.push(...trapGlue(type, firstFunction + defined + glue.length, input.memory));
    }
  }
  const functions = new Map<string, number>();
  const globals = new Map<string, number>();
  for (const e of runtime.exports) {
    if (e.kind === 0) functions.set(e.name, functionMap[e.index]!);
    if (e.kind === 3) globals.set(e.name, input.firstGlobal + e.index);
  }
  return { functions, globals, glue, functionMap, memory: input.memory, firstGlobal: input.firstGlobal };
}

/** Access to the program's memory for the runtime, whose own instructions all mean its own memory. */
function programGlue(name: string, type: FuncType, is64: boolean): Writer {
  const w = new Writer(32);
  w.byte(0); // no locals
  const get = (i: number) => {
    w.byte(OP.LOCAL_GET);
    w.byte(i);
  };
  const access = (op: number, align: number) => {
    w.byte(op);
    w.byte(align);
    w.byte(0);
  };
  for (let i = 0; i < type.params.length && name in PROGRAM_ACCESS; i++) get(i);
  switch (name) {
    case 'load8':
      access(OP.I32_LOAD8_U, 0);
      break;
    case 'load32':
      access(OP.I32_LOAD, 0);
      break;
    case 'load64':
      access(OP.I64_LOAD, 0);
      break;
    case 'store8':
      access(OP.I32_STORE8, 0);
      break;
    case 'store32':
      access(OP.I32_STORE, 0);
      break;
    case 'load_ptr':
      access(is64 ? OP.I64_LOAD : OP.I32_LOAD, 0);
      break;
    case 'store_ptr':
      access(is64 ? OP.I64_STORE : OP.I32_STORE, 0);
      break;
    case 'fill':
      for (const b of [0xfc, 11, 0]) w.byte(b);
      break;
    case 'copy':
      for (const b of [0xfc, 10, 0, 0]) w.byte(b);
      break;
    case 'pages':
      w.byte(OP.MEMORY_SIZE);
      w.byte(0);
      break;
    default: // an allocator entry point the program does not have: fails as an allocator out of memory does
      if (type.results.length > 0) zero(w, type.results[0]!);
  }
  w.byte(OP.END);
  return w;
}

const PROGRAM_ACCESS = {
  load8: 1,
  load32: 1,
  load64: 1,
  store8: 1,
  store32: 1,
  load_ptr: 1,
  store_ptr: 1,
  fill: 1,
  copy: 1,
  pages: 1,
} as const;

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
export function copyRuntimeBody(runtime: Module, body: Body, linked: Linked, out: Writer): void {
  const w = new Writer(body.end - body.start + 64);
  relocate(runtime, body, linked, w);
  out.u32(w.length);
  out.append(w.bytes, 0, w.length);
}

function relocate(runtime: Module, body: Body, linked: Linked, w: Writer): void {
  const d = new Decoder(runtime.bytes, body.start, body.end);
  d.skipLocals();
  w.append(runtime.bytes, body.start, d.pos);
  while (d.pos < d.end) {
    d.next();
    switch (d.immediates) {
      case IMM.FUNC:
        w.byte(d.op);
        w.u32(linked.functionMap[d.index]!);
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
