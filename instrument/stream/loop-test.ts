// The test in front of a versioned loop, as instructions: 1 if all its rounds are known to touch valid bytes only.

import type { Emitter, Expression, LoopSpan, VersionedLoop } from '../plan.ts';
import { OP, TYPE } from '../wasm/opcodes.ts';

/** Asking about fewer rounds than this costs more than the checks of the loop. */
const WORTH = 8;

export function writeLoopTest(loop: VersionedLoop, emit: Emitter): void {
  emit.constant(loop.test);
  writeExpression(loop.tested, emit);
  writeExpression(loop.bound, emit);
  emit.constant(loop.step);
  emit.callRuntime('check_rounds');
  emit.scratch(OP.LOCAL_TEE, 'rounds', TYPE.I32);
  emit.constant(WORTH);
  emit.byte(OP.I32_GE_U);
  emit.byte(OP.IF);
  emit.byte(TYPE.I32);
  loop.spans.forEach((s, i) => {
    if (hasWindows(loop, emit)) windowed(s, `${loop.at} ${i}`, emit);
    else span(s, emit);
    if (i > 0) emit.byte(OP.I32_AND);
  });
  emit.byte(OP.ELSE);
  emit.constant(0);
  emit.byte(OP.END);
}

/** Whether the loop remembers what it found valid. */
export function hasWindows(loop: VersionedLoop, emit: Emitter): boolean {
  return emit.writesShadow && loop.scope >= 0;
}

/** Nothing is known yet of a loop's windows. */
export function closeWindows(loop: VersionedLoop, emit: Emitter): void {
  loop.spans.forEach((_, i) => {
    emit.constant64(0);
    emit.scratch(OP.LOCAL_SET, `window end ${loop.at} ${i}`, TYPE.I64);
  });
}

/**
 * The bytes of all rounds lie inside the window, or the runtime looks and answers how far it could be moved or stretched:
 * inner loops mostly walk where they have been before, or on from there.
 */
function windowed(s: LoopSpan, name: string, emit: Emitter): void {
  const low = (op: number) => emit.scratch(op, 'span begin', TYPE.I64);
  const high = (op: number) => emit.scratch(op, 'span end', TYPE.I64);
  const from = (op: number) => emit.scratch(op, `window begin ${name}`, TYPE.I64);
  const to = (op: number) => emit.scratch(op, `window end ${name}`, TYPE.I64);
  writeExpression(s.address, emit);
  emit.byte(OP.I64_EXTEND_I32_U);
  plus(s.from, emit);
  low(OP.LOCAL_TEE);
  plus(s.to - s.from, emit);
  high(OP.LOCAL_SET);
  if (s.stride !== 0) {
    const grows = s.stride > 0 ? high : low;
    grows(OP.LOCAL_GET);
    emit.scratch(OP.LOCAL_GET, 'rounds', TYPE.I32);
    emit.byte(OP.I64_EXTEND_I32_U);
    plus(-1, emit);
    emit.constant64(s.stride);
    emit.byte(OP.I64_MUL);
    emit.byte(OP.I64_ADD);
    grows(OP.LOCAL_SET);
  }
  low(OP.LOCAL_GET);
  from(OP.LOCAL_GET);
  emit.byte(OP.I64_GE_S);
  high(OP.LOCAL_GET);
  to(OP.LOCAL_GET);
  emit.byte(OP.I64_LE_S);
  emit.byte(OP.I32_AND);
  emit.byte(OP.IF);
  emit.byte(TYPE.I32);
  emit.constant(1);
  emit.byte(OP.ELSE);
  for (const get of [low, high, from, to]) get(OP.LOCAL_GET);
  emit.constant(s.reach);
  emit.constant(s.write ? 1 : 0);
  emit.callRuntime('check_window');
  emit.runtimeGlobal('window_begin');
  from(OP.LOCAL_SET);
  emit.runtimeGlobal('window_end');
  to(OP.LOCAL_SET);
  emit.byte(OP.END);
}

function plus(value: number, emit: Emitter): void {
  if (value === 0) return;
  emit.constant64(value);
  emit.byte(OP.I64_ADD);
}

function span(s: LoopSpan, emit: Emitter): void {
  writeExpression(s.address, emit);
  emit.constant(s.from);
  emit.constant(s.to);
  emit.constant(s.stride);
  emit.scratch(OP.LOCAL_GET, 'rounds', TYPE.I32);
  emit.constant(s.reach);
  emit.constant(s.write ? 1 : 0);
  emit.callRuntime('check_span');
}

/** Computes a value. */
export function writeExpression(e: Expression, emit: Emitter): void {
  if (e.op === OP.I32_CONST) return emit.constant(e.value);
  if (e.op === OP.I64_CONST) return emit.constant64(e.value);
  if (e.op === OP.LOCAL_GET) {
    emit.byte(OP.LOCAL_GET);
    return emit.u32(e.value);
  }
  writeExpression(e.left!, emit);
  writeExpression(e.right!, emit);
  emit.byte(e.op);
}
