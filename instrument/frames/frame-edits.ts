// The changes to a function's instructions that give its frame redzones.
//
//   global.get $sp                      local.tee $entry
//   i32.const N  i32.sub                i32.const N'  i32.sub  call $stack_enter(it, entry, ...)  local.tee $frame
//   local.tee $c  global.set $sp   ==>  i32.const LEFT  i32.sub  global.set $sp
//   ...                                 ...
//   global.set $sp  (back at entry)     drop  call $stack_leave(sp, entry)  local.get $entry  global.set $sp
//
// Between the two, the real stack pointer is LEFT below what the function believes it to be. The runtime may answer another
// place for the frame, on its spare stack: nothing in a function depends on how far its frame is from its caller's.

import {
  FRAME_OWN_E_SHIFT,
  FRAME_OWN_M,
  FRAME_OWN_SHIFT,
  STACK_ALLOCA_REDZONE,
  STACK_LEFT_REDZONE,
} from '../../runtime/abi.ts';
import type { Edit, Emitter } from '../plan.ts';
import { OP, TYPE } from '../wasm/opcodes.ts';
import type { Analysis, PointerWrite } from './analysis.ts';
import { type FrameLayout, place, shadowCodes } from './frame-layout.ts';
import { drawInline, eraseInline, fitsInline, plainCodes } from './inline-shadow.ts';
import type { ScopeEdge } from './scopes.ts';
import type { Room } from './values.ts';

const I32_LT_U = 0x49;
const I64_LT_U = 0x54;

export interface FrameTarget {
  readonly stackPointer: number;
  readonly is64: boolean;
}

/** What the runtime is told of a frame: the number it is remembered by, and where its shadow is described (0 = plainly). */
export interface FrameIdentity {
  readonly id: number;
  readonly shadow: number;
}

/** What the map of frames holds of a frame: its number, and its own size, rounded down to what seven bits can say. */
function mapEntry(id: number, bytes: number): number {
  let exponent = 0;
  let mantissa = bytes >> 4;
  for (; mantissa > FRAME_OWN_M && exponent < 7; exponent++) mantissa >>= 2;
  return id | (Math.min(mantissa, FRAME_OWN_M) << FRAME_OWN_SHIFT) | (exponent << FRAME_OWN_E_SHIFT);
}

/** Writes instructions of the program's pointer width. */
class Emit {
  private readonly emit: Emitter;
  private readonly target: FrameTarget;

  constructor(emit: Emitter, target: FrameTarget) {
    this.emit = emit;
    this.target = target;
  }

  private get type(): number {
    return this.target.is64 ? TYPE.I64 : TYPE.I32;
  }

  get(role: string): void {
    this.emit.scratch(OP.LOCAL_GET, role, this.type);
  }

  set(role: string): void {
    this.emit.scratch(OP.LOCAL_SET, role, this.type);
  }

  tee(role: string): void {
    this.emit.scratch(OP.LOCAL_TEE, role, this.type);
  }

  plus(value: number): void {
    if (value === 0) return;
    this.emit.pointerConstant(value);
    this.emit.byte(this.target.is64 ? OP.I64_ADD : OP.I32_ADD);
  }

  pointer(op: number): void {
    this.emit.byte(op);
    this.emit.u32(this.target.stackPointer);
  }
}

export function frameEdits(
  analysis: Analysis,
  layout: FrameLayout,
  identity: FrameIdentity,
  scopes: readonly ScopeEdge[],
  unseenRooms: readonly number[],
  target: FrameTarget,
): Edit[] {
  const edits: Edit[] = [];
  const insert = (at: number, removes: number, write: (e: Emit, emit: Emitter) => void) =>
    edits.push({ at, removes, isSite: false, write: (emit) => write(new Emit(emit, target), emit) });
  insert(analysis.entryRead, 0, (e) => e.tee('stack at entry'));
  const codes = inlineCodes(analysis, layout);
  if (analysis.size) enterEdits(analysis, layout, identity, codes, insert);
  for (const write of analysis.writes) pointerEdits(write, codes, insert);
  for (const at of analysis.rereads) insert(at, 0, (e) => e.plus(STACK_LEFT_REDZONE));
  for (const { at, bytes } of analysis.borrows) {
    insert(at, 0, (e, emit) => {
      e.pointer(OP.GLOBAL_GET);
      emit.constant(bytes);
      emit.callRuntime('stack_borrowed');
    });
  }
  const rooms = new Map(analysis.rooms.map((room) => [room.end, room]));
  for (const room of rooms.values()) roomEdits(room, identity.id, target.is64, insert);
  for (const at of unseenRooms) {
    insert(at, 0, (e, emit) => roomBelow(emit, target, () => e.get(analysis.size ? 'stack frame' : 'stack at entry')));
  }
  for (const { at, begins, moved, size } of scopes) {
    insert(at, 0, (e, emit) => {
      e.get('stack frame');
      e.plus(moved);
      emit.constant(size);
      emit.callRuntime(begins ? 'stack_scope_begin' : 'stack_scope_end');
    });
  }
  if (layout.moved) {
    for (const { at, end, offset } of analysis.addresses) {
      const moved = place(layout, offset) ?? offset;
      if (moved !== offset) insert(at, end - at, (_, emit) => emit.pointerConstant(moved));
    }
  }
  return edits
    .map((edit, i) => ({ edit, i }))
    .sort((a, b) => a.edit.at - b.edit.at || a.edit.removes - b.edit.removes || a.i - b.i)
    .map(({ edit }) => edit);
}

type Insert = (at: number, removes: number, write: (e: Emit, emit: Emitter) => void) => void;

/** The shadow of a frame that its function may write by itself. */
function inlineCodes({ size, align, writes, rooms }: Analysis, layout: FrameLayout): Uint8Array | undefined {
  if (!size || rooms.length > 0 || writes.some(({ to }) => to !== 'entry' && to !== 'base')) return undefined;
  const codes = layout.drawn ? shadowCodes(layout) : plainCodes(layout.size, layout.right);
  return fitsInline(codes, align) ? codes : undefined;
}

function enterEdits(
  analysis: Analysis,
  layout: FrameLayout,
  { id, shadow }: FrameIdentity,
  codes: Uint8Array | undefined,
  insert: Insert,
): void {
  const { at, end, bytes } = analysis.size!;
  const entry = mapEntry(id, bytes);
  insert(at, end - at, (_, emit) => emit.pointerConstant(layout.size + layout.right));
  insert(analysis.baseEnd, 0, (e, emit) => {
    e.set('stack frame');
    const call = () => {
      e.get('stack frame');
      e.get('stack at entry');
      emit.frameConstant(entry);
      emit.constant(shadow === 0 ? layout.size : shadow);
      emit.callRuntime(shadow === 0 ? 'stack_enter' : 'stack_enter_drawn');
      e.set('stack frame');
    };
    if (codes && emit.writesShadow) drawInline(emit, codes, entry, () => e.get('stack frame'), call);
    else call();
    e.get('stack frame');
  });
}

function pointerEdits({ at, end, to, takes }: PointerWrite, codes: Uint8Array | undefined, insert: Insert): void {
  if (to === 'entry') {
    insert(at, end - at, (e, emit) => {
      emit.byte(OP.DROP);
      const call = () => {
        e.pointer(OP.GLOBAL_GET);
        e.get('stack at entry');
        emit.callRuntime('stack_leave');
      };
      if (codes && emit.writesShadow) eraseInline(emit, codes.length, () => e.get('stack frame'), call);
      else call();
      e.get('stack at entry');
      e.pointer(OP.GLOBAL_SET);
    });
    return;
  }
  insert(at, 0, (e, emit) => {
    e.plus(-STACK_LEFT_REDZONE);
    if (takes) return;
    e.set('stack pointer');
    if (to === 'other') {
      e.get('stack pointer');
      e.pointer(OP.GLOBAL_GET);
      emit.callRuntime('stack_moved');
    } else {
      e.pointer(OP.GLOBAL_GET);
      e.get('stack pointer');
      emit.callRuntime('stack_leave');
    }
    e.get('stack pointer');
  });
}

/**
 * A dynamic allocation takes a redzone more. Its size is known to the byte where it is rounded up in the usual way; the
 * value before the rounding is kept.
 */
function roomEdits({ at, end, size, align }: Room, id: number, is64: boolean, insert: Insert): void {
  const kept = `stack allocation at ${at}`;
  const redzone = Math.max(STACK_ALLOCA_REDZONE, align);
  if (size.kind === 'rounded') insert(size.sum, 0, (e) => e.tee(kept));
  else if (size.kind !== 'constant') insert(at, 0, (e) => e.tee(kept));
  insert(end, 0, (e, emit) => {
    const taken = () => (size.kind === 'constant' ? emit.pointerConstant(Math.abs(size.value)) : e.get(kept));
    e.plus(-redzone);
    e.tee('stack allocation');
    taken();
    if (size.kind === 'rounded') e.plus(1 - size.align);
    // All up to where the function takes the stack to have been before.
    e.get('stack allocation');
    taken();
    if (size.kind === 'rounded') roundDown(emit, size.align, is64);
    e.plus(redzone);
    emit.byte(is64 ? OP.I64_ADD : OP.I32_ADD);
    emit.frameConstant(id);
    emit.callRuntime('stack_alloca');
  });
}

/** The address on the stack may be that of room below `end`, which was taken without moving the stack pointer. */
export function roomBelow(emit: Emitter, target: FrameTarget, end: (emit: Emitter) => void): void {
  const type = target.is64 ? TYPE.I64 : TYPE.I32;
  emit.scratch(OP.LOCAL_TEE, 'stack room', type);
  emit.scratch(OP.LOCAL_GET, 'stack room', type);
  end(emit);
  emit.byte(target.is64 ? I64_LT_U : I32_LT_U);
  emit.rarely();
  emit.scratch(OP.LOCAL_GET, 'stack room', type);
  end(emit);
  emit.callRuntime('stack_room_below');
  emit.byte(OP.END);
}

function roundDown(emit: Emitter, align: number, is64: boolean): void {
  emit.pointerConstant(-align);
  emit.byte(is64 ? 0x83 : OP.I32_AND);
}
