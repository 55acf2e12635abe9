// Recognises, by what their code does, functions that read the whole aligned word or vector in which an object ends: the
// word-wise and SIMD forms of strlen and its relatives, where a module has lost its names or inlined them, and Rust's memcpy,
// which puts words together from two aligned ones where source and target are not aligned alike.

import { Decoder } from '../wasm/decoder.ts';
import type { Module } from '../wasm/module.ts';
import { IMM, OP, PREFIX_SIMD, TYPE } from '../wasm/opcodes.ts';

/** The number in i32.const 0x80808080, half of the test whether a word has a zero byte; that of an i64 begins alike. */
const HIGH_BITS = [0x80, 0x81, 0x82, 0x84, 0x78] as const;
const I32_CONST: number = OP.I32_CONST;
const I64_CONST: number = OP.I64_CONST;
const I32_AND: number = OP.I32_AND;
const SIMD = {
  LOAD: PREFIX_SIMD * 4096,
  I8X16_EQ: PREFIX_SIMD * 4096 + 0x23,
  ANY_TRUE: PREFIX_SIMD * 4096 + 0x53,
  ALL_TRUE: PREFIX_SIMD * 4096 + 0x63,
  BITMASK: PREFIX_SIMD * 4096 + 0x64,
} as const;

type Body = Module['bodies'][number];

/** Function indices. Most bodies are passed over without being decoded. */
export function findOverReaders(module: Module): Set<number> {
  const found = new Set<number>();
  module.bodies.forEach((body, i) => {
    if (!hintIn(module.bytes, body.start, body.end)) return;
    const func = module.importedFunctions + i;
    if (readsWholeWords(module, body) || (isCopy(module, func) && shiftsWords(module, body))) found.add(func);
  });
  return found;
}

/** Whether the bytes of a body can hold one of the telling instructions at all. Constants abound: no call for each of them. */
function hintIn(bytes: Uint8Array, from: number, to: number): boolean {
  const last = to - 1 - HIGH_BITS.length;
  for (let at = from; at <= last; at++) {
    const b = bytes[at];
    if (b === I32_CONST || b === I64_CONST) {
      if (bytes[at + 1] === HIGH_BITS[0] && isHighBits(bytes, at + 1)) return true;
      // i32.const 24, i32.and: the distance between two alignments, in bits.
      if (b === I32_CONST && bytes[at + 1] === 24 && bytes[at + 2] === I32_AND) return true;
    } else if (b === PREFIX_SIMD && bytes[at + 1] === 0x23) return true;
  }
  return false;
}

function isHighBits(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 1] === HIGH_BITS[1] && bytes[at + 2] === HIGH_BITS[2] && bytes[at + 3] === HIGH_BITS[3];
}

/** memcpy(target, source, size), and memmove; wasm-opt drops a result that nobody uses. */
function isCopy(module: Module, func: number): boolean {
  const type = module.types[module.functions[func]!];
  const returns = type?.results.join();
  return type?.params.join() === [TYPE.I32, TYPE.I32, TYPE.I32].join() && (returns === '' || returns === `${TYPE.I32}`);
}

/** `(before >> shift) | (next << (-shift & 24))`, and nothing that would be no copy. */
function shiftsWords(module: Module, { start, end }: Body): boolean {
  const d = new Decoder(module.bytes, start, end);
  d.skipLocals();
  const seen = new Set<number>();
  let masks = 0;
  let constant: number | undefined;
  while (d.pos < d.end) {
    d.next();
    if (d.immediates === IMM.FUNC || d.op === OP.CALL_INDIRECT) return false;
    if (d.op === OP.I32_AND && constant === 24) masks++;
    constant = d.op === OP.I32_CONST ? d.value : undefined;
    seen.add(d.op);
  }
  const parts = [OP.I32_SHL, OP.I32_SHR_U, OP.I32_OR, OP.I32_LOAD, OP.I32_STORE, OP.I32_STORE8];
  return masks >= 2 && parts.every((op) => seen.has(op));
}

function readsWholeWords(module: Module, { start, end }: Body): boolean {
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
