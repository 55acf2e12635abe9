// The test in front of a versioned loop, as instructions: 1 if all its rounds are known to touch valid bytes only.

import type { Emitter, LoopExpression, LoopSpan, VersionedLoop } from '../plan.ts';
import { OP, TYPE } from '../wasm/opcodes.ts';

/** Asking about fewer rounds than this costs more than the checks of the loop. */
const WORTH = 8;

export function writeLoopTest(loop: VersionedLoop, emit: Emitter): void {
  emit.constant(loop.test);
  expression(loop.tested, emit);
  expression(loop.bound, emit);
  emit.constant(loop.step);
  emit.callRuntime('check_rounds');
  emit.scratch(OP.LOCAL_TEE, 'rounds', TYPE.I32);
  emit.constant(WORTH);
  emit.byte(OP.I32_GE_U);
  emit.byte(OP.IF);
  emit.byte(TYPE.I32);
  loop.spans.forEach((s, i) => {
    span(s, emit);
    if (i > 0) emit.byte(OP.I32_AND);
  });
  emit.byte(OP.ELSE);
  emit.constant(0);
  emit.byte(OP.END);
}

function span(s: LoopSpan, emit: Emitter): void {
  expression(s.address, emit);
  emit.constant(s.from);
  emit.constant(s.to);
  emit.constant(s.stride);
  emit.scratch(OP.LOCAL_GET, 'rounds', TYPE.I32);
  emit.constant(s.reach);
  emit.constant(s.write ? 1 : 0);
  emit.callRuntime('check_span');
}

function expression(e: LoopExpression, emit: Emitter): void {
  if (e.op === OP.I32_CONST) return emit.constant(e.value);
  if (e.op === OP.LOCAL_GET) {
    emit.byte(OP.LOCAL_GET);
    return emit.u32(e.value);
  }
  expression(e.left!, emit);
  expression(e.right!, emit);
  emit.byte(e.op);
}
