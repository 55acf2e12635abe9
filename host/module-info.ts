// What the instrumenter wrote down about a module, in its custom section wasan.info.

import { readWasmModule } from './symbols/wasm-module.ts';

/** The parts that are read again. */
export interface ModuleInfo {
  readonly stackPointer: number | null;
  readonly stackPointerHow?: string | null;
  readonly allocatorWords?: readonly number[];
  /** Functions of the original that are hooked. */
  readonly allocator: readonly { readonly role: string; readonly func: number; readonly how: string }[];
  /** Where redzones lie: around blocks, or behind them. */
  readonly layout?: string;
  /** That a probe run failed. */
  readonly notice?: string;
  /** Pages of memory 1, where instances of several threads share it. */
  readonly sharedMemory?: { readonly initial: number; readonly maximum: number };
}

/** Of a module without the section, nothing is known. */
export function readInfo(instrumented: Uint8Array): ModuleInfo {
  const section = readWasmModule(instrumented).custom('wasan.info');
  return section
    ? (JSON.parse(new TextDecoder().decode(section)) as ModuleInfo)
    : { stackPointer: null, allocator: [] };
}
