// Functions whose result is their first parameter, whatever they do: memset, memcpy, many a constructor. Where nothing fills
// memory in one instruction, LLVM forgets the pointer that it gave them, even the frame's base, and goes on with the result:
//
//   local.get $frame  i32.const 65  i32.const 99  call $memset  local.tee $frame
//
// A function is one if nothing is ever stored in that parameter, and wherever it returns, it reads it just before.

import { Reader } from '../wasm/bytes.ts';
import { Decoder } from '../wasm/decoder.ts';
import type { Module } from '../wasm/module.ts';
import { IMM, OP } from '../wasm/opcodes.ts';

/** Answers so far, by function. */
const answers = new WeakMap<Module, Map<number, boolean>>();

export function returnsFirst(module: Module, func: number): boolean {
  const known = answers.get(module) ?? new Map<number, boolean>();
  if (known.size === 0) answers.set(module, known);
  const answer = known.get(func) ?? find(module, func);
  known.set(func, answer);
  return answer;
}

function find(module: Module, func: number): boolean {
  const body = module.bodies[func - module.importedFunctions];
  const type = module.types[module.functions[func]!];
  if (!body || type?.results.length !== 1 || type.params[0] !== type.results[0]) return false;
  const d = new Decoder(module.bytes, body.start, body.end);
  d.skipLocals();
  let depth = 0;
  let reads = false;
  while (d.pos < d.end) {
    d.next();
    const { op } = d;
    if (op === OP.END && depth === 0) return reads;
    if (op === OP.RETURN ? !reads : spoils(d, depth)) return false;
    if (OPENS.has(op)) depth++;
    else if (op === OP.END || op === OP.DELEGATE) depth--;
    // What follows an `unreachable` returns nothing.
    reads = (op === OP.LOCAL_GET && d.index === 0) || op === OP.UNREACHABLE;
  }
  return false;
}

const OPENS: ReadonlySet<number> = new Set([OP.BLOCK, OP.LOOP, OP.IF, OP.TRY]);

/** A store in the parameter, or another way to return: a branch out of everything, another function's result. */
function spoils(d: Decoder, depth: number): boolean {
  if (d.op === OP.LOCAL_SET || d.op === OP.LOCAL_TEE) return d.index === 0;
  if (d.immediates === IMM.LABEL) return d.index >= depth;
  if (d.immediates === IMM.BR_TABLE) return labels(d).some((label) => label >= depth);
  return RARE.has(d.op) || d.immediates === IMM.BR_ON_CAST;
}

/** Not looked into. */
const RARE: ReadonlySet<number> = new Set([OP.RETURN_CALL, OP.RETURN_CALL_INDIRECT, OP.RETURN_CALL_REF, OP.TRY_TABLE]);

function labels(d: Decoder): number[] {
  const r = new Reader(d.bytes, d.immediateStart, d.end);
  return Array.from({ length: r.u32() + 1 }, () => r.u32());
}
