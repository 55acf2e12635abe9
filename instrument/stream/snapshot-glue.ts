// What runtime/snapshot.ts asks of the program, as functions the linker writes: pages between the two memories, and the values
// of the mutable globals. The runtime's own accesses to the program's memory are marked here.

import { HEADER_PROGRAM_PAGES } from '../../runtime/abi.ts';
import { Writer } from '../wasm/bytes.ts';
import type { FuncType, Module } from '../wasm/module.ts';
import { OP, TYPE } from '../wasm/opcodes.ts';

export interface SnapshotGlueInput {
  readonly program: Module;
  readonly runtime: Module;
  readonly functionMap: Int32Array;
  readonly memory: number;
  readonly firstGlobal: number;
}

/** Bytes that the runtime's own stores to the program's memory write. */
const STORES: Readonly<Record<string, { readonly op: number; readonly size: number }>> = {
  store8: { op: OP.I32_STORE8, size: 1 },
  store_ptr: { op: OP.I32_STORE, size: 4 },
};
const MEMORY_COPY = [0xfc, 10];
const MEMORY_FILL = [0xfc, 11];
const VALUE_BYTES = 16;

/** The body of a function that differs where there are snapshots; undefined for any other. */
export function snapshotGlue(name: string, type: FuncType, input: SnapshotGlueInput): Writer | undefined {
  const w = new Writer(64);
  w.byte(0); // no locals
  const code = (...bytes: number[]) => bytes.forEach((b) => w.byte(b));
  const get = (...locals: number[]) => locals.forEach((i) => code(OP.LOCAL_GET, i));
  const store = STORES[name];
  if (store) {
    get(0);
    constant(w, store.size);
    callRuntime(w, input, 'snapshot_range');
    get(0, 1);
    code(store.op, 0, 0);
  } else if (name === 'fill' || name === 'copy') {
    get(0, 2);
    callRuntime(w, input, 'snapshot_range');
    get(0, 1, 2);
    code(...(name === 'fill' ? [...MEMORY_FILL, 0] : [...MEMORY_COPY, 0, 0]));
  } else if (!special(name, type, input, w, code, get)) return undefined;
  w.byte(OP.END);
  return w;
}

function special(
  name: string,
  type: FuncType,
  input: SnapshotGlueInput,
  w: Writer,
  code: (...bytes: number[]) => void,
  get: (...locals: number[]) => void,
): boolean {
  switch (name) {
    case 'pages':
      constant(w, 0);
      code(OP.I32_LOAD, 2 | 0x40);
      w.u32(input.memory);
      w.u32(HEADER_PROGRAM_PAGES);
      return true;
    case 'real_pages':
      code(OP.MEMORY_SIZE, 0);
      return true;
    case 'real_grow':
      get(0);
      code(OP.MEMORY_GROW, 0);
      return true;
    case 'save':
    case 'restore':
      get(...type.params.keys());
      code(...MEMORY_COPY);
      for (const memory of name === 'save' ? [input.memory, 0] : [0, input.memory]) w.u32(memory);
      return true;
    case 'clear':
      get(0);
      constant(w, 0);
      get(1);
      code(...MEMORY_FILL, 0);
      return true;
    case 'globals_save':
    case 'globals_restore':
      globals(name === 'globals_save', input, w);
      return true;
    default:
      return false;
  }
}

/** Loads and stores by value type. */
const VALUES: Readonly<Record<number, { readonly load: readonly number[]; readonly store: readonly number[] }>> = {
  [TYPE.I32]: { load: [0x28], store: [0x36] },
  [TYPE.I64]: { load: [0x29], store: [0x37] },
  [TYPE.F32]: { load: [0x2a], store: [0x38] },
  [TYPE.F64]: { load: [0x2b], store: [0x39] },
  [TYPE.V128]: { load: [0xfd, 0], store: [0xfd, 11] },
};

function globals(save: boolean, { program, runtime, memory, firstGlobal }: SnapshotGlueInput, w: Writer): void {
  const own = program.globals.map((g, i) => ({ ...g, index: i }));
  const theirs = runtime.globals.map((g, i) => ({ ...g, index: firstGlobal + i }));
  [...own, ...theirs]
    .filter((g) => g.mutable)
    .forEach(({ type, index }, slot) => {
      const { load, store } = VALUES[type]!;
      const memarg = () => {
        w.byte(0x40);
        w.u32(memory);
        w.u32(slot * VALUE_BYTES);
      };
      w.byte(OP.LOCAL_GET);
      w.byte(0);
      if (save) {
        w.byte(OP.GLOBAL_GET);
        w.u32(index);
      }
      for (const b of save ? store : load) w.byte(b);
      memarg();
      if (!save) {
        w.byte(OP.GLOBAL_SET);
        w.u32(index);
      }
    });
}

/** Whether the values of so many globals have room. */
export function globalsFit(program: Module, runtime: Module, bytes: number): boolean {
  return [...program.globals, ...runtime.globals].filter((g) => g.mutable).length * VALUE_BYTES <= bytes;
}

function constant(w: Writer, value: number): void {
  w.byte(OP.I32_CONST);
  w.s32(value);
}

function callRuntime(w: Writer, { runtime, functionMap }: SnapshotGlueInput, name: string): void {
  w.byte(OP.CALL);
  w.u32(functionMap[runtime.exports.find((e) => e.name === name)!.index]!);
}
