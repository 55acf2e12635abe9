// Calls through function pointers. The engine itself refuses a null, stale or wrong-typed index; what it does not tell is
// the index, so that is left where a report finds it. Where table slot 0 is certain to stay empty, a call through it is
// reported before the engine traps, which is all that a module without a host can say.

import { HEADER_CALLED_INDEX } from '../runtime/abi.ts';
import { InstrumentError } from './errors.ts';
import type { Edit } from './plan.ts';
import { Decoder, stopTable } from './wasm/decoder.ts';
import { type Body, KIND, type Module } from './wasm/module.ts';
import { OP, TYPE } from './wasm/opcodes.ts';

/** Whether function pointer 0 is null: no segment fills slot 0, and all segments say where they go. */
export function hasNullSlot(module: Module): boolean {
  if (module.imports.some((i) => i.kind === KIND.TABLE)) return false;
  return module.elements.every((e) => e.slot !== undefined && (e.slot > 0 || e.table !== 0));
}

const INDIRECT = stopTable(OP.CALL_INDIRECT, OP.RETURN_CALL_INDIRECT);

/** Notes in front of a body's indirect calls. */
export function indirectCallEdits(module: Module, body: Body, nullSlot: boolean): Edit[] {
  const edits: Edit[] = [];
  const d = new Decoder(module.bytes, body.start, body.end);
  d.skipLocals();
  while (d.nextOf(INDIRECT)) {
    const table = module.tables[d.index2];
    if (!table) throw new InstrumentError('E_INVALID_WASM', `table ${d.index2} does not exist`);
    edits.push(noteInFront(d.start, table.is64, nullSlot && d.index2 === 0));
  }
  return edits;
}

/** Reports tell the lower half of an index of 64 bits: no engine's table holds as many entries. */
function noteInFront(at: number, is64: boolean, nullSlot: boolean): Edit {
  return {
    at,
    removes: 0,
    isSite: nullSlot,
    write(emit) {
      const index = (op: number) => emit.scratch(op, 'callee', is64 ? TYPE.I64 : TYPE.I32);
      index(OP.LOCAL_SET);
      emit.runtimeStore(HEADER_CALLED_INDEX, () => {
        index(OP.LOCAL_GET);
        if (is64) emit.byte(OP.I32_WRAP_I64);
      });
      index(OP.LOCAL_GET);
      if (!nullSlot) return;
      emit.byte(is64 ? OP.I64_EQZ : OP.I32_EQZ);
      emit.byte(OP.IF);
      emit.byte(TYPE.VOID);
      emit.siteConstant(emit.site());
      emit.callRuntime('null_call');
      emit.byte(OP.END);
      index(OP.LOCAL_GET);
    },
  };
}
