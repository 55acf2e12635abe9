// The checks in front of memory.copy, memory.fill and memory.init, as instructions: both ranges whole, source first as KASAN
// does.

import type { Decoder } from '../wasm/decoder.ts';
import { OP, TYPE } from '../wasm/opcodes.ts';
import type { CodeWriter } from './code-writer.ts';

interface Ranges {
  readonly reads: boolean;
  /** Of source and length: memory.init's are i32. */
  readonly small: number;
}

/** What a bulk instruction touches of memory 0, or undefined. */
export function bulkRanges(d: Decoder, pointer: number): Ranges | undefined {
  const copies = d.op === OP.MEMORY_COPY;
  const destination = copies ? d.index : d.op === OP.MEMORY_INIT ? d.index2 : d.memory;
  const reads = copies && d.index2 === 0;
  if (destination !== 0 && !reads) return undefined;
  if (copies && d.index !== d.index2) return undefined; // copies between memories: the program has several, leave them alone
  return { reads, small: d.op === OP.MEMORY_INIT ? TYPE.I32 : pointer };
}

/** The operands are on the stack, and are so again afterwards. */
export function writeBulkCheck(w: CodeWriter, op: number, { reads, small }: Ranges): void {
  const pointer = w.pointerType;
  const length = w.scratchLocal('length', small);
  const source = w.scratchLocal('source', op === OP.MEMORY_FILL ? TYPE.I32 : small);
  const to = w.scratchLocal('destination', pointer);
  w.local(OP.LOCAL_SET, length);
  w.local(OP.LOCAL_SET, source);
  w.local(OP.LOCAL_SET, to);
  const site = w.site();
  if (reads) rangeCheck(w, 'check_range_load', source, length, false, site);
  rangeCheck(w, 'check_range_store', to, length, small !== pointer, site);
  for (const local of [to, source, length]) w.local(OP.LOCAL_GET, local);
}

function rangeCheck(w: CodeWriter, name: string, address: number, length: number, extend: boolean, site: number): void {
  w.local(OP.LOCAL_GET, address);
  w.local(OP.LOCAL_GET, length);
  if (extend) w.byte(OP.I64_EXTEND_I32_U);
  w.siteConstant(site);
  w.callRuntime(name);
}
