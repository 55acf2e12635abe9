// Turns what the engine threw into a finding: accesses past the end of memory, bad indirect calls and endless recursion
// cost nothing to find this way, since the engine checks for them anyway. It does not tell the address, though.

import * as abi from '../runtime/abi.ts';
import type { AccessInstruction } from './access-instruction.ts';

export type Trap = 'memory' | 'indirect-call' | 'stack';

/** V8, SpiderMonkey and JavaScriptCore, in this order. */
const MESSAGES: readonly (readonly [RegExp, Trap])[] = [
  [/memory access out of bounds|index out of bounds|out of bounds memory access/i, 'memory'],
  [/table index is out of bounds|null function|function signature mismatch/i, 'indirect-call'],
  [/indirect call (to null|signature mismatch)|call_indirect/i, 'indirect-call'],
  [/maximum call stack|too much recursion/i, 'stack'],
];

/** Which of our classes an engine's error belongs to. The table comes first: "table index is out of bounds". */
export function trapOf(error: unknown): Trap | undefined {
  if (!(error instanceof WebAssembly.RuntimeError || error instanceof RangeError)) return undefined;
  const found = [...MESSAGES].sort(([, a], [, b]) => Number(a === 'memory') - Number(b === 'memory'));
  return found.find(([message]) => message.test(error.message))?.[1];
}

/** Writes the report record as the runtime would have. The memory's end stands for an `address` that nobody knows. */
export function recordTrap(
  memory1: Uint8Array,
  trap: Trap,
  instruction: AccessInstruction | undefined,
  address: number,
  thread = 0,
): void {
  const view = new DataView(memory1.buffer, memory1.byteOffset, memory1.byteLength);
  const u32 = (field: number, value: number) => view.setUint32(field, value, true);
  const u64 = (field: number, value: number) => view.setBigUint64(field, BigInt(value), true);
  const kinds = { memory: abi.KIND_WILD, 'indirect-call': abi.KIND_BAD_INDIRECT_CALL, stack: abi.KIND_STACK_OVERFLOW };
  u32(abi.REPORT_KIND, kinds[trap]);
  u32(abi.REPORT_ACCESS, accessBits(instruction));
  u64(abi.REPORT_ADDR, address);
  u64(abi.REPORT_SIZE, instruction?.size ?? 0);
  u64(abi.REPORT_FIRST_BAD, address);
  for (const field of [abi.REPORT_SITE, abi.REPORT_STACK, abi.REPORT_CHUNK]) u32(field, 0);
  u32(abi.REPORT_THREAD, thread);
  u64(abi.REPORT_EXTRA0, trap === 'indirect-call' ? view.getUint32(abi.HEADER_CALLED_INDEX, true) : 1);
  u64(abi.REPORT_EXTRA1, 0);
  u32(abi.REPORT_SHADOW_BYTE, trap === 'memory' ? abi.WILD : 0);
  const serial = view.getUint32(abi.HEADER_REPORTS, true) + 1;
  u32(abi.HEADER_REPORTS, serial);
  u32(abi.REPORT_COUNT, serial);
}

function accessBits(instruction: AccessInstruction | undefined): number {
  if (!instruction) return 0;
  const range = instruction.size === 0 ? abi.ACCESS_RANGE : 0;
  return (instruction.write ? abi.ACCESS_WRITE : 0) | (instruction.atomic ? abi.ACCESS_ATOMIC : 0) | range;
}
