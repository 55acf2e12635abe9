// Copies the sections that hold constant expressions and function lists, renumbering functions on the way.

import { Reader, type Writer } from '../wasm/bytes.ts';
import { Decoder } from '../wasm/decoder.ts';
import type { Section } from '../wasm/module.ts';
import { IMM, OP } from '../wasm/opcodes.ts';

/** Copies one constant expression from `r` to `w`. */
function expression(r: Reader, map: Int32Array, w: Writer): void {
  const d = new Decoder(r.bytes, r.pos, r.end);
  do {
    d.next();
    if (d.immediates === IMM.REF_FUNC) {
      w.byte(OP.REF_FUNC);
      w.u32(map[d.index]!);
    } else {
      w.append(r.bytes, d.start, d.pos);
    }
  } while (d.op !== OP.END);
  r.pos = d.pos;
}

function skipValueType(r: Reader): void {
  const b = r.byte();
  if (b === 0x63 || b === 0x64) r.skipLeb();
}

function skipLimits(r: Reader): void {
  const flags = r.byte();
  r.skipLeb();
  if (flags & 1) r.skipLeb();
}

function copied(r: Reader, from: number, w: Writer): void {
  w.append(r.bytes, from, r.pos);
}

/** Global entries without their count (the caller has written the new one). */
export function copyGlobals(bytes: Uint8Array, section: Section, count: number, map: Int32Array, w: Writer): void {
  const r = new Reader(bytes, section.start, section.end);
  r.u32();
  for (let n = count; n > 0; n--) {
    const from = r.pos;
    skipValueType(r);
    r.byte();
    copied(r, from, w);
    expression(r, map, w);
  }
}

export function copyTables(bytes: Uint8Array, section: Section, map: Int32Array, w: Writer): void {
  const r = new Reader(bytes, section.start, section.end);
  const count = r.u32();
  w.u32(count);
  for (let n = count; n > 0; n--) {
    const from = r.pos;
    const initialised = r.bytes[r.pos] === 0x40;
    if (initialised) r.skip(2);
    skipValueType(r);
    skipLimits(r);
    copied(r, from, w);
    if (initialised) expression(r, map, w);
  }
}

export function copyElements(bytes: Uint8Array, section: Section, map: Int32Array, w: Writer): void {
  const r = new Reader(bytes, section.start, section.end);
  const count = r.u32();
  w.u32(count);
  for (let n = count; n > 0; n--) {
    const flags = r.u32();
    w.u32(flags);
    const active = (flags & 1) === 0;
    if (active && flags & 2) w.u32(r.u32());
    if (active) expression(r, map, w);
    if (flags & 3) {
      const from = r.pos;
      if (flags & 4) skipValueType(r);
      else r.byte();
      copied(r, from, w);
    }
    const items = r.u32();
    w.u32(items);
    for (let k = items; k > 0; k--) {
      if (flags & 4) expression(r, map, w);
      else w.u32(map[r.u32()]!);
    }
  }
}
