// The shadow of a small frame, written by the function itself: a few wide stores of constants instead of a call. What is
// unusual is left to the runtime: a frame near either end of the stack or on another one, and all of them before reports
// are on or where returned frames are poisoned (`stack_span` is 0 then).
//
//   local.get $frame  i32.const <up to its end>  i32.add
//   global.get $stack_floor  i32.sub  global.get $stack_span  i32.gt_u  if  <call the runtime>
//   else
//     shadow of [$frame - LEFT, end of the right redzone) = constants, eight granules a store
//     stack_map[$frame >> 4] = number of the frame
//   end

import {
  ASAN_STACK_LEFT,
  ASAN_STACK_RIGHT,
  GRANULE,
  SHADOW_BASE,
  STACK_INLINE_BYTES,
  STACK_LEFT_REDZONE,
} from '../../runtime/abi.ts';
import type { Emitter } from '../plan.ts';
import { OP, TYPE } from '../wasm/opcodes.ts';

const WORD = 8; // granules a store writes
const LEFT_GRANULES = STACK_LEFT_REDZONE / GRANULE;

/** Codes of a frame whose inside is all valid. */
export function plainCodes(size: number, right: number): Uint8Array {
  const codes = new Uint8Array(LEFT_GRANULES + (size + right) / GRANULE);
  codes.fill(ASAN_STACK_LEFT, 0, LEFT_GRANULES);
  codes.fill(ASAN_STACK_RIGHT, LEFT_GRANULES + size / GRANULE);
  return codes;
}

/** Whether a frame with these codes, aligned so, may be drawn in place. */
export function fitsInline(codes: Uint8Array, align: number): boolean {
  return align === 16 && codes.length >= WORD && codes.length * GRANULE <= STACK_INLINE_BYTES;
}

/** `frame` puts the base on the stack. */
export function drawInline(emit: Emitter, codes: Uint8Array, id: number, frame: () => void, call: () => void): void {
  guarded(emit, codes.length, frame, call, () => {
    storeCodes(emit, codes.length, frame, (at) => emit.constant64(half(codes, at), half(codes, at + 4)));
    frame();
    emit.constant(2); // four bytes per 16, to which it is aligned
    emit.byte(OP.I32_SHR_U);
    emit.runtimeGlobal('stack_map');
    emit.byte(OP.I32_ADD);
    emit.frameConstant(id);
    emit.runtimeAccess(OP.I32_STORE, 2, 0);
  });
}

/** The frame is given back: nothing of it is poisoned any more. */
export function eraseInline(emit: Emitter, granules: number, frame: () => void, call: () => void): void {
  guarded(emit, granules, frame, call, () => storeCodes(emit, granules, frame, () => emit.constant64(0)));
}

/** By the frame's end, so that frames right below the upper end of the stack are drawn in place as well. */
function guarded(emit: Emitter, granules: number, frame: () => void, call: () => void, inline: () => void): void {
  frame();
  emit.constant(granules * GRANULE - STACK_LEFT_REDZONE);
  emit.byte(OP.I32_ADD);
  emit.runtimeGlobal('stack_floor');
  emit.byte(OP.I32_SUB);
  emit.runtimeGlobal('stack_span');
  emit.byte(OP.I32_GT_U);
  emit.rarely();
  call();
  emit.byte(OP.ELSE);
  inline();
  emit.byte(OP.END);
}

function half(codes: Uint8Array, at: number): number {
  return codes[at]! | (codes[at + 1]! << 8) | (codes[at + 2]! << 16) | (codes[at + 3]! << 24);
}

/** Words of eight codes, of which `word` writes the one that begins at a granule; the last may overlap the one before. */
function storeCodes(emit: Emitter, granules: number, frame: () => void, word: (at: number) => void): void {
  frame();
  emit.constant(3);
  emit.byte(OP.I32_SHR_U);
  emit.scratch(OP.LOCAL_SET, 'frame shadow', TYPE.I32);
  for (let from = 0; from < granules; from += WORD) {
    const at = Math.min(from, granules - WORD);
    emit.scratch(OP.LOCAL_GET, 'frame shadow', TYPE.I32);
    word(at);
    emit.runtimeAccess(OP.I64_STORE, 0, SHADOW_BASE - LEFT_GRANULES + at);
  }
}
