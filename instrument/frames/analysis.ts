// What is known of one function's stack frame: how it is taken and given back, every place that depends on where its objects
// lie, and whether a pointer to it leaves. frame-walk.ts fills this in.

import type { Room } from './values.ts';

/** Why a function's frame was left alone. `wasan inspect` counts these. */
export const FRAME_TROUBLES = {
  'no prologue': 'its first instructions do not take a frame from the stack pointer',
  'not at the top': 'its frame is taken inside a block',
  'several prologues': 'it takes a frame more than once (functions were inlined after compilation)',
  'pointer kept': 'the stack pointer is not provably back at its value at entry wherever the function returns',
  'grows up': "it counts up from the stack pointer at entry, where its callers' frames should lie",
  'odd size': 'the size of its frame is not a multiple of 16',
  'folded allocation': 'offsets into a dynamic allocation of constant size may count from the stack pointer before it',
  instruction: 'it uses an instruction whose operands are not followed',
  loops: 'its loops need too many passes to follow',
} as const;
export type FrameTrouble = keyof typeof FRAME_TROUBLES;

/** A read of the stack pointer, just past it, by a function that uses so many bytes below without moving it. */
export interface Borrow {
  readonly at: number;
  readonly bytes: number;
}

/** A write of the stack pointer. */
export interface PointerWrite {
  readonly at: number;
  readonly end: number;
  readonly to: 'entry' | 'base' | 'below' | 'other';
  /** It takes the frame, or room below it; otherwise room may be given back, or whatever a throw left below. */
  readonly takes: boolean;
}

/** `base + offset` is computed here: the constant's instruction. */
export interface Address {
  readonly at: number;
  readonly end: number;
  readonly offset: number;
  /** Basic block, counted in code order. */
  readonly block: number;
}

/** A load or store whose address is the base itself, plus a constant. */
export interface DirectAccess {
  readonly at: number;
  readonly offset: number;
  readonly size: number;
}

/** A load or store through a pointer made as base + `origin`, at a constant distance from it. */
export interface ReachedAccess {
  readonly at: number;
  readonly origin: number;
  /** From the base. */
  readonly offset: number;
  readonly size: number;
}

export interface Analysis {
  readonly trouble: FrameTrouble | undefined;
  /** Just past the instruction that reads the stack pointer at entry. */
  readonly entryRead: number;
  /** Bytes of the frame, and the instruction that says so; undefined for a function with dynamic allocations only. */
  readonly size: { readonly at: number; readonly end: number; readonly bytes: number } | undefined;
  /** Just past the instruction that leaves the base. */
  readonly baseEnd: number;
  /** 16, or what the frame is aligned to. */
  readonly align: number;
  readonly baseLocals: ReadonlySet<number>;
  readonly writes: readonly PointerWrite[];
  /** Dynamic allocations, by the write that takes them. */
  readonly rooms: readonly Room[];
  /** Further reads of the stack pointer: just past each. */
  readonly rereads: readonly number[];
  /** Those after which the function uses what lies below the stack pointer: below its own left redzone, too. */
  readonly borrows: readonly Borrow[];
  /** Whose room it may take below without moving the stack pointer (rooms-below.ts). */
  readonly unseenRoom: 'own' | 'inlined' | undefined;
  readonly addresses: readonly Address[];
  readonly accesses: readonly DirectAccess[];
  readonly reached: readonly ReachedAccess[];
  /** Offsets of objects to which a pointer goes out of sight. */
  readonly escapes: ReadonlySet<number>;
  /** Of those: to which one goes otherwise than as the last operand of a call. */
  readonly loose: ReadonlySet<number>;
  /** Offsets of objects to which a pointer meets another value, so that what is done with it is not followed. */
  readonly merged: ReadonlySet<number>;
  /** Blocks in which the compiler may have folded an offset within an object into the object's own. */
  readonly folded: ReadonlySet<number>;
  /** The function catches exceptions: its calls end blocks, which are then compiled like folded ones. */
  readonly catches: boolean;
  /** It has a local.tee, which LLVM writes only when it optimises: offsets may then be folded anywhere. */
  readonly optimised: boolean;
  /** Constants in addresses that are not followed: an offset of such an access, or what is added to such a value. */
  readonly hints: ReadonlySet<number>;
  /** The base itself is used where it cannot be told what for. */
  readonly baseUnclear: boolean;
  /** Instructions that load a constant used for more than one thing. */
  readonly sharedConstants: ReadonlySet<number>;
}
