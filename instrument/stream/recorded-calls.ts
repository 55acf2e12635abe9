// What a function that records its calls does with the shadow call stack, as instructions: at its entry, in front of each
// recorded call, and at its exits.

import { CALL_STACK_BASE, CALL_STACK_BYTES, CALL_STACK_SHARE } from '../../runtime/abi.ts';
import type { FunctionPlan } from '../plan.ts';
import type { FuncType } from '../wasm/module.ts';
import { OP, TYPE } from '../wasm/opcodes.ts';
import type { CodeWriter } from './code-writer.ts';

/**
 * Entry: the function's frame is the top of the shadow call stack. The body becomes a block, where that is possible, so that
 * a branch out of it comes past the restore at the end; answers whether it does. A top beyond the stack's room (an exception
 * that left to the host puts nothing back) starts over at the base.
 */
export function writeEntry(w: CodeWriter, plan: FunctionPlan, type: FuncType): boolean {
  const { shared } = w.target;
  const frame = w.scratchLocal('frame', TYPE.I32);
  w.byte(OP.GLOBAL_GET);
  w.u32(w.target.callStackGlobal);
  w.local(OP.LOCAL_TEE, frame);
  if (shared) {
    w.constant(CALL_STACK_SHARE - 1); // a thread's share is aligned to its size
    w.byte(OP.I32_AND);
  }
  w.constant((shared ? CALL_STACK_SHARE : CALL_STACK_BASE + CALL_STACK_BYTES) - 8);
  w.byte(OP.I32_GT_U);
  w.rarely();
  if (shared) w.local(OP.LOCAL_GET, frame);
  w.constant(shared ? -CALL_STACK_SHARE : CALL_STACK_BASE);
  if (shared) w.byte(OP.I32_AND);
  w.local(OP.LOCAL_SET, frame);
  w.byte(OP.END);
  w.local(OP.LOCAL_GET, frame);
  w.constant(4);
  w.byte(OP.I32_ADD);
  if (plan.resetsTop) w.scratch(OP.LOCAL_SET, 'callee frame', TYPE.I32);
  else setTop(w);
  if (!isPlainBlock(type)) return false;
  w.byte(OP.BLOCK);
  w.byte(type.results[0] ?? TYPE.VOID);
  return true;
}

/** The top goes back to where this function found it. */
export function writeExit(w: CodeWriter): void {
  w.scratch(OP.LOCAL_GET, 'frame', TYPE.I32);
  setTop(w);
}

/** In front of a call: its site. */
export function writeRecord(w: CodeWriter, plan: FunctionPlan): void {
  w.scratch(OP.LOCAL_GET, 'frame', TYPE.I32);
  w.siteConstant(w.site());
  w.runtimeAccess(OP.I32_STORE, 2, 0);
  if (!plan.resetsTop) return;
  w.scratch(OP.LOCAL_GET, 'callee frame', TYPE.I32);
  setTop(w);
}

function setTop(w: CodeWriter): void {
  w.byte(OP.GLOBAL_SET);
  w.u32(w.target.callStackGlobal);
}

/** Results a block type of one byte can say. */
function isPlainBlock({ results }: FuncType): boolean {
  return results.length === 0 || (results.length === 1 && results[0]! !== 0x63 && results[0]! !== 0x64);
}
