// What a block takes and leaves, by its type as Decoder.value has it: the index of a function type or, as a negative number,
// a value type or nothing.

import type { FuncType, Module } from './module.ts';
import { VOID_BLOCK } from './opcodes.ts';

const NOTHING: FuncType = { params: [], results: [] };
/** By the byte of the value type. */
const ONE_RESULT: readonly FuncType[] = Array.from({ length: 128 }, (_, type) => ({ params: [], results: [type] }));

export function blockType({ types }: Module, block: number): FuncType {
  if (block === VOID_BLOCK) return NOTHING;
  return (block >= 0 ? types[block] : undefined) ?? ONE_RESULT[block & 0x7f]!;
}
