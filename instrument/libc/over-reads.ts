// Recognises, by what their code does, functions that read the whole aligned word or vector in which a string ends: the
// word-wise and SIMD forms of strlen and its relatives, where a module has lost its names or inlined them.

import { Decoder } from '../wasm/decoder.ts';
import type { Module } from '../wasm/module.ts';
import { IMM, OP, PREFIX_SIMD } from '../wasm/opcodes.ts';

/** i32.const 0x80808080, half of the test whether a word has a zero byte. */
const HIGH_BITS = [0x41, 0x80, 0x81, 0x82, 0x84, 0x78];
const HIGH_BITS_64 = 0x42;
const SIMD = {
  LOAD: PREFIX_SIMD * 4096,
  I8X16_EQ: PREFIX_SIMD * 4096 + 0x23,
  ANY_TRUE: PREFIX_SIMD * 4096 + 0x53,
  ALL_TRUE: PREFIX_SIMD * 4096 + 0x63,
  BITMASK: PREFIX_SIMD * 4096 + 0x64,
} as const;

/** Function indices. Most bodies are passed over without being decoded. */
export function findOverReaders(module: Module): Set<number> {
  const found = new Set<number>();
  module.bodies.forEach((body, i) => {
    const hint = hintIn(module.bytes, body.start, body.end);
    if (hint && looksLikeOverReader(module, body.start, body.end)) found.add(module.importedFunctions + i);
  });
  return found;
}

/** Whether the bytes of a body can hold one of the telling instructions at all. */
function hintIn(bytes: Uint8Array, from: number, to: number): boolean {
  const last = to - HIGH_BITS.length;
  for (let at = from; at <= last; at++) {
    const b = bytes[at];
    if (b === 0x41 || b === HIGH_BITS_64) {
      let k = 1;
      while (k < 5 && bytes[at + k] === HIGH_BITS[k]) k++;
      if (k === 5) return true;
    } else if (b === PREFIX_SIMD && bytes[at + 1] === 0x23) return true;
  }
  return false;
}

function looksLikeOverReader(module: Module, start: number, end: number): boolean {
  const d = new Decoder(module.bytes, start, end);
  d.skipLocals();
  const seen = new Set<number>();
  let highBits = false;
  while (d.pos < d.end) {
    d.next();
    if (d.op === OP.I32_CONST && d.value >>> 0 === 0x80808080) highBits = true;
    else if (d.op === OP.I64_CONST && isHighBits64(module.bytes, d.immediateStart)) highBits = true;
    else if (d.op > 0xff || d.immediates === IMM.MEMARG) seen.add(d.op);
  }
  if (highBits) return seen.has(OP.I32_LOAD) || seen.has(OP.I64_LOAD);
  const decides = seen.has(SIMD.ANY_TRUE) || seen.has(SIMD.ALL_TRUE) || seen.has(SIMD.BITMASK);
  return decides && seen.has(SIMD.LOAD) && seen.has(SIMD.I8X16_EQ);
}

function isHighBits64(bytes: Uint8Array, at: number): boolean {
  return [0x80, 0x81, 0x82, 0x84, 0x88, 0x90, 0xa0, 0xc0, 0x80, 0x7f].every((b, i) => bytes[at + i] === b);
}
