// Where a variable's block begins and ends, for those that can be entered at their beginning alone: there the variable
// becomes valid, behind the end it is poisoned. Leaving a block otherwise leaves its variables valid, which misses a finding
// and invents none.
//
//   block $outer                        a range [start, end) is entered at its start alone if it closes nothing that was
//     |start ... loop ... end ... end|  opened in front of it, and every loop it opens also ends in it
//   end

import { GRANULE } from '../../runtime/abi.ts';
import type { DebugVariable } from '../debug-info.ts';
import { Decoder } from '../wasm/decoder.ts';
import type { Module } from '../wasm/module.ts';
import { OP } from '../wasm/opcodes.ts';
import { type FrameLayout, place } from './frame-layout.ts';
import type { FrameObject } from './objects.ts';

/** Where a variable comes alive, or dies. `moved` counts from the frame's base. */
export interface ScopeEdge {
  readonly at: number;
  readonly begins: boolean;
  readonly moved: number;
  readonly size: number;
}

export function scopeEdges(
  module: Module,
  body: number,
  variables: readonly DebugVariable[],
  objects: readonly FrameObject[],
  layout: FrameLayout,
): ScopeEdge[] {
  const edges: ScopeEdge[] = [];
  for (const { offset, size, scope } of variables) {
    const [first, ...others] = scope ?? [];
    const alone = objects.find((o) => o.exposed && o.begin === offset && o.end === offset + size);
    if (!first || !alone || variables.filter((v) => v.offset === offset).length !== 1) continue;
    const moved = place(layout, offset);
    if (moved === undefined || moved % GRANULE !== 0 || !isEnteredAtStart(module, body, first, others)) continue;
    edges.push({ at: first.start, begins: true, moved, size }, { at: first.end, begins: false, moved, size });
  }
  return edges;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function isEnteredAtStart(module: Module, body: number, range: Range, others: readonly Range[]): boolean {
  const { start, end } = module.bodies[body]!;
  if (range.start <= start || range.end >= end - 1 || others.some((r) => r.start < range.end)) return false;
  const d = new Decoder(module.bytes, start, end);
  d.skipLocals();
  /** Openers of the blocks that the range has opened and not closed. */
  const open: number[] = [];
  let begun = false;
  while (d.pos < d.end) {
    if (d.pos === range.end && begun) return !open.includes(OP.LOOP) && others.every((r) => isEmpty(d, r));
    begun ||= d.pos === range.start;
    if (d.pos > range.end) return false;
    d.next();
    if (!begun) continue;
    if (opens(d.op)) open.push(d.op);
    else if (open.length === 0 && closes(d.op)) return false;
    else if (d.op === OP.END || d.op === OP.DELEGATE) open.pop();
  }
  return false;
}

function opens(op: number): boolean {
  return op === OP.BLOCK || op === OP.LOOP || op === OP.IF || op === OP.TRY || op === OP.TRY_TABLE;
}

function closes(op: number): boolean {
  return op === OP.END || op === OP.ELSE || op === OP.CATCH || op === OP.CATCH_ALL || op === OP.DELEGATE;
}

/** Nothing in the range touches memory or calls: it does not matter what is poisoned there. */
function isEmpty(outer: Decoder, range: Range): boolean {
  const d = new Decoder(outer.bytes, range.start, Math.min(range.end, outer.end));
  while (d.pos < d.end) {
    d.next();
    if (d.op > 0xff || (d.op >= OP.I32_LOAD && d.op <= OP.MEMORY_GROW) || isCall(d.op)) return false;
  }
  return true;
}

function isCall(op: number): boolean {
  return (op >= OP.CALL && op <= OP.RETURN_CALL_INDIRECT) || op === OP.CALL_REF || op === OP.RETURN_CALL_REF;
}
