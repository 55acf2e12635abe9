// The tests in front of accesses, as instructions: each leaves an i32 that is 0 only if the shadow calls every byte valid.

import { GRANULE, SHADOW_BASE } from '../../runtime/abi.ts';
import type { NeighbourGroup } from '../plan.ts';
import { OP, TYPE } from '../wasm/opcodes.ts';
import type { CodeWriter } from './code-writer.ts';

/** Where and how an instruction accesses memory 0. */
export interface Place {
  /** Constant offset. */
  readonly offset: number;
  /** Alignment hint, as a power of two. */
  readonly align: number;
}

/**
 * With the address on the stack, and in the local `address`. An access whose alignment hint is natural lies in one granule
 * (two if 16 bytes) as long as it keeps that promise, so one look at the shadow will do; where it does not, the exact check
 * is called. Without the hint, both ends are looked at.
 */
export function writeTest(w: CodeWriter, { offset, align }: Place, size: number, address: number): void {
  if (size === 1) return writeByteTest(w, offset);
  const aligned = Math.min(size, GRANULE);
  shadowLoad(w, offset, size === 16 ? OP.I32_LOAD16_U : OP.I32_LOAD8_U);
  w.local(OP.LOCAL_GET, address);
  if (1 << align < aligned) {
    shadowLoad(w, offset + size - 1, OP.I32_LOAD8_U);
  } else {
    w.addToAddress(offset % aligned);
    w.wrap();
    w.constant(aligned - 1);
    w.byte(OP.I32_AND);
  }
  w.byte(OP.I32_OR);
}

/**
 * A lone shadow byte, compared as 64 bits: V8 folds a comparison of an i32 load with 0 into a second load, beside the first,
 * which must stay because it may trap.
 */
function writeByteTest(w: CodeWriter, offset: number): void {
  shadowLoad(w, offset, OP.I64_LOAD8_U);
  w.byte(OP.I64_CONST);
  w.byte(0);
  w.byte(OP.I64_NE);
}

/** For a store, behind its test: constants are found by address, since poison would send every load of a table through the slow path. */
export function writeReadOnlyTest(w: CodeWriter, offset: number, address: number): void {
  writeReadOnlyRangeTest(w, offset, 1, address);
}

/** The same for several bytes. */
function writeReadOnlyRangeTest(w: CodeWriter, offset: number, bytes: number, address: number): void {
  const { readOnly, is64 } = w.target;
  if (!readOnly) return;
  w.local(OP.LOCAL_GET, address);
  w.addToAddress(offset + (bytes - 1) - readOnly.begin);
  w.pointerConstant(readOnly.end - readOnly.begin + (bytes - 1));
  w.byte(is64 ? OP.I64_LT_U : OP.I32_LT_U);
  w.byte(OP.I32_OR);
}

// ------------------------------------------------------------------------------------------------- single looks

/** Turns the address on the stack into the shadow byte (or two) of address + offset. */
function shadowLoad(w: CodeWriter, offset: number, load: number): void {
  if (w.target.paged) pagedShadowLoad(w, offset, load);
  else flatShadowLoad(w, offset, load);
}

function flatShadowLoad(w: CodeWriter, offset: number, load: number): void {
  // The whole granules of the offset go into the shadow load's own offset, which cannot overflow; only the
  // remainder is added, and address + remainder wraps for the last 7 bytes of the address space alone.
  w.addToAddress(offset % 8);
  w.shiftRight(3);
  w.wrap();
  w.runtimeAccess(load, 0, SHADOW_BASE + Math.floor(offset / 8));
}

function pagedShadowLoad(w: CodeWriter, offset: number, load: number): void {
  const at = w.scratchLocal('shadow address', w.pointerType);
  w.addToAddress(offset);
  w.local(OP.LOCAL_TEE, at);
  w.shiftRight(16);
  w.wrap();
  w.constant(2);
  w.byte(OP.I32_SHL);
  w.runtimeAccess(OP.I32_LOAD, 2, SHADOW_BASE); // directory entry: where the chunk of this 64 KiB page is
  w.local(OP.LOCAL_GET, at);
  w.shiftRight(3);
  w.wrap();
  w.constant(8191);
  w.byte(OP.I32_AND);
  w.byte(OP.I32_ADD);
  w.runtimeAccess(load, 0, 0);
}

// ------------------------------------------------------------------------------------------------- neighbours

const slowRoles: string[] = [];

/** Made once: this is asked for at every member. */
function slowRole(slot: number): string {
  slowRoles[slot] ??= `slow${slot}`;
  return slowRoles[slot];
}

/** The access that looks for its group. */
export interface Leader {
  readonly place: Place;
  readonly size: number;
}

/**
 * Leaves an i32 that is 0 only if the bytes of all members are valid, and none of them constant if one stores. The first
 * member looks.
 */
export function writeGroupTest(
  w: CodeWriter,
  group: NeighbourGroup,
  leader: Leader | undefined,
  address: number,
): void {
  const slow = w.scratchLocal(slowRole(group.slot), TYPE.I32);
  if (leader) {
    writeLooks(w, group, leader, address);
    if (group.writes) writeReadOnlyRangeTest(w, group.from, group.to - group.from, address);
    w.local(OP.LOCAL_TEE, slow);
    w.rarely();
    w.local(OP.LOCAL_GET, address);
    for (const value of [group.from, group.to, 0, 1, 0, group.writes ? 1 : 0]) w.constant(value);
    w.callRuntime('check_span');
    w.byte(OP.I32_EQZ);
    w.local(OP.LOCAL_SET, slow);
    w.byte(OP.END);
  }
  w.local(OP.LOCAL_GET, slow);
}

/** The members often are one value, read and written: its first look is all, as where it stands alone. */
function writeLooks(w: CodeWriter, group: NeighbourGroup, { place, size }: Leader, address: number): void {
  const { from, to } = group;
  w.local(OP.LOCAL_GET, address);
  if (from === place.offset && to === from + size) return writeTest(w, place, size, address);
  const [first, last, back] = looks(to - from);
  shadowLook(w, from, first, 0);
  w.local(OP.LOCAL_GET, address);
  shadowLook(w, to - 1, last, back);
  w.byte(OP.I32_OR);
}

/** Shadow bytes at an offset, which may be negative, from the address on the stack; `back` granules further down. */
function shadowLook(w: CodeWriter, offset: number, load: number, back: number): void {
  const granules = offset < 0 ? 0 : Math.floor(offset / GRANULE);
  w.addToAddress(offset - granules * GRANULE);
  w.shiftRight(3);
  w.runtimeAccess(load, 0, SHADOW_BASE + granules - back);
}

/**
 * Two loads that see every granule of `bytes` bytes and no other, whatever their alignment: one from the first granule up,
 * one from the last down, which begins `back` granules before it.
 */
function looks(bytes: number): readonly [first: number, last: number, back: number] {
  if (bytes <= 8) return [OP.I32_LOAD8_U, OP.I32_LOAD8_U, 0];
  if (bytes <= 16) return [OP.I32_LOAD16_U, OP.I32_LOAD8_U, 0];
  if (bytes <= 24) return [OP.I32_LOAD16_U, OP.I32_LOAD16_U, 1];
  if (bytes <= 32) return [OP.I32_LOAD, OP.I32_LOAD8_U, 0];
  if (bytes <= 40) return [OP.I32_LOAD, OP.I32_LOAD16_U, 1];
  return [OP.I32_LOAD, OP.I32_LOAD, 3]; // up to 56
}
