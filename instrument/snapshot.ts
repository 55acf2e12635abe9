// For fuzzing: what makes a run undoable. Every store of the program, in whatever function, marks the page it writes to before
// it writes; memory.size and memory.grow ask the runtime, because the real memory cannot shrink again (runtime/snapshot.ts).
//
//   store a, v:    if (!mark[(a + offset + size - 1) >> 10]) snapshot_mark(that page); store a, v

import * as abi from '../runtime/abi.ts';
import { type Access, accessOf, OPERAND_TYPE } from './access-table.ts';
import type { Edit, Emitter, FunctionPlan } from './plan.ts';
import { Decoder } from './wasm/decoder.ts';
import type { Module } from './wasm/module.ts';
import { OP, PREFIX_MISC, TYPE } from './wasm/opcodes.ts';

const NUMBERS: ReadonlySet<number> = new Set([TYPE.I32, TYPE.I64, TYPE.F32, TYPE.F64, TYPE.V128]);
const misc = (sub: number) => (PREFIX_MISC << 12) | sub;
/** What changes state that is neither memory nor a number. */
const UNDONE: ReadonlyMap<number, string> = new Map([
  [0x26, 'table.set'],
  [misc(9), 'data.drop'],
  [misc(12), 'table.init'],
  [misc(13), 'elem.drop'],
  [misc(14), 'table.copy'],
  [misc(15), 'table.grow'],
  [misc(17), 'table.fill'],
]);

/** Why runs of this module cannot be undone; undefined if they can. */
export function snapshotObstacle(module: Module): string | undefined {
  const memory = module.memories[0];
  if (module.memories.length !== 1 || !memory || memory.is64 || memory.shared)
    return 'it does not have one unshared 32-bit memory';
  if (memory.imported) return 'its memory is imported';
  if (module.globals.some((g) => g.mutable && !NUMBERS.has(g.type)))
    return 'it has a mutable global that holds a reference';
  if (module.globals.filter((g) => g.mutable).length > abi.SNAPSHOT_GLOBAL_BYTES / 32) return 'it has too many globals';
  for (const body of module.bodies) {
    const d = new Decoder(module.bytes, body.start, body.end);
    d.skipLocals();
    while (d.pos < d.end) {
      d.next();
      const name = UNDONE.get(d.op);
      if (name !== undefined) return `it uses ${name}`;
    }
  }
  return undefined;
}

/** Contents of the header for tables that begin at `base`. */
export function snapshotFields(module: Module, base: number): { readonly address: number; readonly bytes: Uint8Array } {
  const fields = [base, 0, 0, module.memories[0]!.min, base + abi.SNAPSHOT_DEPOT, base + abi.SNAPSHOT_END];
  return { address: abi.HEADER_SNAPSHOT, bytes: new Uint8Array(Uint32Array.from(fields).buffer) };
}

/** The marks of one function, in code order. */
export function snapshotEdits(module: Module, index: number, plan: FunctionPlan, base: number): Edit[] {
  const body = module.bodies[index]!;
  const d = new Decoder(module.bytes, body.start, body.end);
  d.skipLocals();
  const edits: Edit[] = [];
  const add = (at: number, removes: number, write: (emit: Emitter) => void) =>
    edits.push({ at, removes, isSite: false, repeatable: true, write });
  while (d.pos < d.end) {
    d.next();
    const access = accessOf(d.op);
    if (access?.write) {
      const offset = plan.movedOffsets?.get(d.start) ?? d.offset;
      if (access.size === 0) add(d.start, 0, markRange);
      else add(d.start, 0, (emit) => mark(emit, access, offset, base));
    } else if (d.op === OP.MEMORY_SIZE) {
      add(d.start, d.pos - d.start, (emit) => emit.runtimeLoad(abi.HEADER_PROGRAM_PAGES));
    } else if (d.op === OP.MEMORY_GROW) {
      add(d.start, d.pos - d.start, (emit) => emit.callRuntime('snapshot_grow'));
    }
  }
  return edits;
}

function mark(emit: Emitter, access: Access, offset: number, base: number): void {
  const operand = (op: number, i: number) => emit.scratch(op, `stored ${i}`, OPERAND_TYPE[access.operands[i]!]);
  const address = (op: number) => emit.scratch(op, 'store address', TYPE.I32);
  const page = (op: number) => emit.scratch(op, 'store page', TYPE.I32);
  for (let i = access.operands.length - 1; i >= 0; i--) operand(OP.LOCAL_SET, i);
  address(OP.LOCAL_TEE);
  emit.constant((offset + access.size - 1) | 0);
  emit.byte(OP.I32_ADD);
  emit.constant(abi.SNAPSHOT_PAGE_SHIFT);
  emit.byte(OP.I32_SHR_U);
  page(OP.LOCAL_TEE);
  emit.runtimeByte(base + abi.SNAPSHOT_MAP);
  emit.byte(OP.I32_EQZ);
  emit.byte(OP.IF);
  emit.byte(TYPE.VOID);
  page(OP.LOCAL_GET);
  emit.callRuntime('snapshot_mark');
  emit.byte(OP.END);
  address(OP.LOCAL_GET);
  access.operands.forEach((_, i) => operand(OP.LOCAL_GET, i));
}

/** memory.fill, memory.copy, memory.init: the address is the lowest of three operands. */
function markRange(emit: Emitter): void {
  const operand = (op: number, i: number) => emit.scratch(op, `range ${i}`, TYPE.I32);
  operand(OP.LOCAL_SET, 2);
  operand(OP.LOCAL_SET, 1);
  operand(OP.LOCAL_TEE, 0);
  operand(OP.LOCAL_GET, 2);
  emit.callRuntime('snapshot_range');
  for (const i of [0, 1, 2]) operand(OP.LOCAL_GET, i);
}
