// Where a program's stacks end: its stack pointer, and the top of the calls that the runtime records. A call leaves both as it
// found them, unless an exception of JavaScript goes through it.

import { type ModuleInfo, readInfo } from './module-info.ts';

function stackPointerOf(
  { stackPointer: index }: ModuleInfo,
  exports: WebAssembly.Exports,
): WebAssembly.Global | undefined {
  const global = index === null ? undefined : exports[`__wasan_global_${index}`];
  return global instanceof WebAssembly.Global ? global : undefined;
}

/** As an address. */
export function stackPointer(info: ModuleInfo, exports: WebAssembly.Exports): number | undefined {
  const global = stackPointerOf(info, exports);
  return global && unsigned(global.value as number | bigint);
}

export function unsigned(value: number | bigint): number {
  return typeof value === 'bigint' ? Number(BigInt.asUintN(64, value)) : value >>> 0;
}

/** As they are now; the function puts them back. */
export function keepStackTops(instrumented: Uint8Array, exports: WebAssembly.Exports): () => void {
  const globals = [stackPointerOf(readInfo(instrumented), exports), exports.__wasan_cs];
  const kept = globals.flatMap((global) =>
    global instanceof WebAssembly.Global ? [{ global, value: global.value as unknown }] : [],
  );
  return () => {
    for (const { global, value } of kept) global.value = value;
  };
}
