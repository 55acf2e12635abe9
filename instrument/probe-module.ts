// A copy of a module in which its allocator can be tried out: the functions under test exported, everything that they do
// not reach trapping, the start function gone. Small, so that an engine compiles it at once; whoever runs it is the host.
//
// What only looks like a part of an allocator may go round forever. So each round of a loop takes one from a counter, and
// traps where that was the last one:
//
//   loop  global.get F  i32.const 1  i32.sub  global.set F  global.get F  i32.eqz  if  unreachable  end  ...
//
// A function that was left out says so before it traps: it sets the counter to -1, which no loop leaves there.

import { Reader, Writer } from './wasm/bytes.ts';
import { Decoder, stopTable } from './wasm/decoder.ts';
import { KIND, type Module, SECTION, SECTION_ORDER } from './wasm/module.ts';
import { OP, TYPE } from './wasm/opcodes.ts';

/** What is to be tried out. */
export interface ProbeQuestion {
  readonly bytes: Uint8Array;
  /** Role of allocator-roles.ts -> name of the export in `bytes`. */
  readonly exports: Readonly<Record<string, string>>;
  /** Export of the memory. */
  readonly memory: string;
  /** Export of the global with the rounds of loops that are left. */
  readonly fuel: string;
  /** Export of the global with the root of the lists, for an allocator that deals in blocks. */
  readonly root: string | undefined;
  /** What a collected heap says of itself. */
  readonly heap: CollectedHeap | undefined;
  /** Where the module imports its memory from, and what it must be like. */
  readonly importedMemory: ImportedMemory | undefined;
}

/** Where the words of a heap lie that tell its extents, and constants among which its beginning is, if it is none of them. */
export interface CollectedHeap {
  readonly words: readonly number[];
  readonly starts: readonly number[];
}

interface ImportedMemory {
  readonly module: string;
  readonly name: string;
  readonly initial: number;
  readonly maximum: number | undefined;
  readonly shared: boolean;
}

export interface ProbeResult {
  /** 'unknown': it could not be tried, which speaks for nothing. */
  readonly outcome: 'confirmed' | 'failed' | 'unknown';
  readonly reason: string;
  /** Roles whose functions do something else: malloc and free are right all the same. */
  readonly wrong: readonly string[];
  /** The word in front of every block tells its size. */
  readonly sizeWord: boolean;
  /** Sentences for `wasan inspect`. */
  readonly facts: readonly string[];
  /** It came to a function that the copy has not got: with it, the answer may be another. */
  readonly isCut: boolean;
}

export type Probe = (question: ProbeQuestion) => ProbeResult;

/** Beside the roles: what is called once, before them. It may go wrong later, in parts that are none of the allocator. */
export const INITIALISE = 'initialise';

const PREFIX = 'wasan.probe.';
const MEMORY = `${PREFIX}memory`;
const ROOT = `${PREFIX}root`;
const FUEL = `${PREFIX}fuel`;

/**
 * Undefined for a module that cannot be tried on its own: its data comes with its start function, or it is a library.
 * Functions that are not `reached` trap.
 */
export function buildProbe(
  module: Module,
  roles: ReadonlyMap<string, number>,
  reached: ReadonlySet<number>,
  { root, heap }: { readonly root?: number | undefined; readonly heap?: CollectedHeap | undefined } = {},
): ProbeQuestion | undefined {
  const memory = module.memories[0];
  if (!memory || memory.is64 || module.data.some((d) => d.passive || d.address === undefined)) return undefined;
  if (module.imports.some((i) => i.kind !== KIND.FUNC && i.kind !== KIND.MEMORY)) return undefined;
  const exported = [...roles].map(([role, func]) => ({ name: PREFIX + role, role, func }));
  const imported = module.imports.find((i) => i.kind === KIND.MEMORY);
  const { min: initial, max: maximum, shared } = memory;
  return {
    bytes: probeBytes(module, exported, reached, root),
    exports: Object.fromEntries(exported.map(({ role, name }) => [role, name])),
    memory: MEMORY,
    fuel: FUEL,
    root: root === undefined ? undefined : ROOT,
    heap,
    importedMemory: imported && { module: imported.module, name: imported.name, initial, maximum, shared },
  };
}

interface Exported {
  readonly name: string;
  readonly func: number;
}

/** Sections that may stand in front of the globals, which the exports follow. */
const BEFORE_GLOBALS: ReadonlySet<number> = new Set(SECTION_ORDER.slice(0, SECTION_ORDER.indexOf(SECTION.GLOBAL)));

function probeBytes(
  module: Module,
  exported: readonly Exported[],
  reached: ReadonlySet<number>,
  root: number | undefined,
): Uint8Array {
  const w = new Writer(1 << 16);
  w.append(module.bytes, 0, 8);
  const copy = (id: number, from: number, to: number) => {
    w.byte(id);
    w.u32(to - from);
    w.append(module.bytes, from, to);
  };
  const kept = module.sections.filter((s) => s.id !== SECTION.CUSTOM);
  for (const { id, start, end } of kept.filter((s) => BEFORE_GLOBALS.has(s.id))) copy(id, start, end);
  w.section(SECTION.GLOBAL, globalSection(module));
  w.section(SECTION.EXPORT, exportSection(module, exported, root));
  for (const { id, start, end } of kept.filter((s) => !BEFORE_GLOBALS.has(s.id) && s.id !== SECTION.GLOBAL)) {
    if (id === SECTION.CODE) w.section(id, codeSection(module, reached));
    else if (id !== SECTION.EXPORT && id !== SECTION.START) copy(id, start, end);
  }
  return w.view().slice();
}

/** The module's own globals, and the counter. */
function globalSection(module: Module): Writer {
  const w = new Writer();
  w.u32(module.globals.length + 1);
  const own = module.sections.find((s) => s.id === SECTION.GLOBAL);
  if (own) {
    const r = new Reader(module.bytes, own.start, own.end);
    r.u32();
    w.append(module.bytes, r.pos, own.end);
  }
  for (const byte of [TYPE.I32, MUTABLE, OP.I32_CONST, 0, OP.END]) w.byte(byte);
  return w;
}

const MUTABLE = 1;

function exportSection(module: Module, exported: readonly Exported[], root: number | undefined): Writer {
  const w = new Writer();
  const entry = (name: string, kind: number, index: number) => {
    w.name(name);
    w.byte(kind);
    w.u32(index);
  };
  w.u32(exported.length + (root === undefined ? 2 : 3));
  for (const { name, func } of exported) entry(name, KIND.FUNC, func);
  entry(MEMORY, KIND.MEMORY, 0);
  entry(FUEL, KIND.GLOBAL, module.globals.length);
  if (root !== undefined) entry(ROOT, KIND.GLOBAL, root);
  return w;
}

function codeSection(module: Module, alive: ReadonlySet<number>): Writer {
  const w = new Writer(1 << 16);
  const leftOut = new Writer();
  for (const byte of [0, OP.I32_CONST, LEFT_OUT, OP.GLOBAL_SET]) leftOut.byte(byte); // no locals
  leftOut.u32(module.globals.length);
  for (const byte of [OP.UNREACHABLE, OP.END]) leftOut.byte(byte);
  w.u32(module.bodies.length);
  module.bodies.forEach(({ start, end }, i) => {
    if (alive.has(module.importedFunctions + i)) {
      const body = countedBody(module, start, end);
      w.u32(body.length);
      w.append(body, 0, body.length);
    } else {
      w.u32(leftOut.length);
      w.append(leftOut.bytes, 0, leftOut.length);
    }
  });
  return w;
}

/** -1, as i32.const has it. */
const LEFT_OUT = 0x7f;
const LOOPS = stopTable(OP.LOOP);

/** The body, with the counter at the head of each loop. */
function countedBody(module: Module, start: number, end: number): Uint8Array {
  const w = new Writer(end - start);
  const d = new Decoder(module.bytes, start, end);
  d.skipLocals();
  let copied = start;
  while (d.nextOf(LOOPS)) {
    w.append(module.bytes, copied, d.pos);
    copied = d.pos;
    countRound(w, module.globals.length);
  }
  w.append(module.bytes, copied, end);
  return w.view();
}

/** Takes one from the counter, a global, and traps where that was the last. */
export function countRound(w: Writer, counter: number): void {
  w.byte(OP.GLOBAL_GET);
  w.u32(counter);
  for (const byte of [OP.I32_CONST, 1, OP.I32_SUB, OP.GLOBAL_SET]) w.byte(byte);
  w.u32(counter);
  w.byte(OP.GLOBAL_GET);
  w.u32(counter);
  for (const byte of [OP.I32_EQZ, OP.IF, TYPE.VOID, OP.UNREACHABLE, OP.END]) w.byte(byte);
}
