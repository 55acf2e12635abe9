// How the code of an instrumented module reaches the runtime's memory. Usually that is a memory of the module itself. For
// engines that give a module one memory only, it lies in a second module, the neighbour, whose only functions are the
// accesses: each instruction on it becomes a call that runs the same instruction there. The program's own memory stays
// exactly as it was in either case: its size, its growth, what JavaScript sees of it.
//
//   i32.load8_u (memory 1) offset=N     ==>     i32.const N  call $neighbour.load8_u      ;; (address, N) -> value
//   i32.store   (memory 1) offset=N     ==>     i32.const N  call $neighbour.store        ;; (address, value, N)

import { Writer } from '../wasm/bytes.ts';
import type { FuncType } from '../wasm/module.ts';
import { KIND, SECTION } from '../wasm/module.ts';
import { OP, TYPE } from '../wasm/opcodes.ts';

/** Writes instructions that work on the runtime's memory. */
export interface RuntimeMemory {
  /** A load or a store; its operands are on the stack. */
  access(w: Writer, op: number, align: number, offset: number): void;
  /** memory.size, memory.grow, memory.fill or memory.copy. */
  whole(w: Writer, op: number): void;
}

/** Import module of wasan's own, and the custom section that holds the neighbour. */
export const WASAN_MODULE = 'wasan';
export const NEIGHBOUR_SECTION = 'wasan.neighbour';

/** A further memory of the output. */
export function ownMemory(index: number): RuntimeMemory {
  return {
    access: (w, op, align, offset) => {
      instruction(w, op);
      w.byte(align | 0x40);
      w.u32(index);
      w.u32(offset);
    },
    whole: (w, op) => {
      instruction(w, op);
      w.u32(index);
      if (op === OP.MEMORY_COPY) w.u32(index);
    },
  };
}

/** The neighbour's memory; `firstImport` is the output index of its first function. */
export function neighbourMemory(firstImport: number): RuntimeMemory {
  const call = (w: Writer, op: number) => {
    const place = NEIGHBOUR_FUNCTIONS.findIndex((f) => f.op === op);
    if (place < 0) throw new Error(`the neighbour has no function for opcode 0x${op.toString(16)}`);
    w.byte(OP.CALL);
    w.u32(firstImport + place);
  };
  return {
    access: (w, op, _align, offset) => {
      w.byte(OP.I32_CONST);
      w.s32(offset);
      call(w, op);
    },
    whole: call,
  };
}

export interface NeighbourFunction {
  readonly op: number;
  readonly name: string;
  readonly type: FuncType;
}

const FUNC_TYPE = 0x60;
const { I32, I64 } = TYPE;
const load = (op: number, name: string, result: number): NeighbourFunction => ({
  op,
  name,
  type: { params: [I32, I32], results: [result] },
});
const store = (op: number, name: string, value: number): NeighbourFunction => ({
  op,
  name,
  type: { params: [I32, value, I32], results: [] },
});

/** Every instruction on the runtime's memory, with the function that stands for it. */
export const NEIGHBOUR_FUNCTIONS: readonly NeighbourFunction[] = [
  load(0x28, 'load32', I32),
  load(0x29, 'load64', I64),
  load(0x2c, 'load8_s', I32),
  load(0x2d, 'load8_u', I32),
  load(0x2e, 'load16_s', I32),
  load(0x2f, 'load16_u', I32),
  load(0x30, 'load64_8_s', I64),
  load(0x31, 'load64_8_u', I64),
  load(0x32, 'load64_16_s', I64),
  load(0x33, 'load64_16_u', I64),
  load(0x34, 'load64_32_s', I64),
  load(0x35, 'load64_32_u', I64),
  store(0x36, 'store32', I32),
  store(0x37, 'store64', I64),
  store(0x3a, 'store8', I32),
  store(0x3b, 'store16', I32),
  store(0x3c, 'store64_8', I64),
  store(0x3d, 'store64_16', I64),
  store(0x3e, 'store64_32', I64),
  { op: OP.MEMORY_SIZE, name: 'size', type: { params: [], results: [I32] } },
  { op: OP.MEMORY_GROW, name: 'grow', type: { params: [I32], results: [I32] } },
  { op: OP.MEMORY_COPY, name: 'copy', type: { params: [I32, I32, I32], results: [] } },
  { op: OP.MEMORY_FILL, name: 'fill', type: { params: [I32, I32, I32], results: [] } },
];

/** The neighbour as a module: one memory with its first contents, exported as `memory`, and the functions. */
export function neighbourModule(
  pages: number,
  segments: readonly { readonly address: number; readonly bytes: Uint8Array }[],
): Uint8Array {
  const out = new Writer(segments.reduce((sum, s) => sum + s.bytes.length + 16, 4096));
  out.append(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  section(out, SECTION.TYPE, NEIGHBOUR_FUNCTIONS, (w, { type }) => {
    w.byte(FUNC_TYPE);
    for (const list of [type.params, type.results]) {
      w.u32(list.length);
      for (const t of list) w.byte(t);
    }
  });
  section(out, SECTION.FUNCTION, NEIGHBOUR_FUNCTIONS, (w, _, i) => w.u32(i));
  section(out, SECTION.MEMORY, [pages], (w, initial) => {
    w.byte(0);
    w.u32(initial);
  });
  const exports = [
    { name: 'memory', kind: KIND.MEMORY },
    ...NEIGHBOUR_FUNCTIONS.map((f) => ({ ...f, kind: KIND.FUNC })),
  ];
  section(out, SECTION.EXPORT, exports, (w, { name, kind }, i) => {
    w.name(name);
    w.byte(kind);
    w.u32(kind === KIND.MEMORY ? 0 : i - 1);
  });
  section(out, SECTION.CODE, NEIGHBOUR_FUNCTIONS, (w, f) => {
    const body = functionBody(f);
    w.u32(body.length);
    w.append(body.bytes, 0, body.length);
  });
  section(out, SECTION.DATA, segments, (w, { address, bytes }) => {
    w.byte(0);
    w.byte(OP.I32_CONST);
    w.s32(address);
    w.byte(OP.END);
    w.u32(bytes.length);
    w.append(bytes);
  });
  return out.view().slice();
}

/** address + offset cannot wrap: both come from wasan, and memory 1 is far smaller than 4 GiB. */
function functionBody({ op, type }: NeighbourFunction): Writer {
  const w = new Writer(24);
  w.byte(0); // no locals
  const get = (i: number) => {
    w.byte(OP.LOCAL_GET);
    w.byte(i);
  };
  const isAccess = op < OP.MEMORY_SIZE;
  const offset = type.params.length - 1;
  for (let i = 0; i < (isAccess ? offset : type.params.length); i++) {
    get(i);
    if (!isAccess || i > 0) continue;
    get(offset);
    w.byte(OP.I32_ADD);
  }
  instruction(w, op);
  w.byte(0);
  if (isAccess || op === OP.MEMORY_COPY) w.byte(0);
  w.byte(OP.END);
  return w;
}

function section<T>(
  out: Writer,
  id: number,
  items: readonly T[],
  write: (w: Writer, item: T, i: number) => void,
): void {
  const w = new Writer(1024);
  w.u32(items.length);
  items.forEach((item, i) => write(w, item, i));
  out.section(id, w);
}

/** Opcodes of more than one byte are numbered `prefix << 12 | sub-opcode`. */
function instruction(w: Writer, op: number): void {
  if (op <= 0xff) return w.byte(op);
  w.byte(op >> 12);
  w.u32(op & 0xfff);
}
