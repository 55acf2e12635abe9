// How the shadow fits this engine: in a second memory of the module where it may have one, and flat where the engine can
// reserve the address space for it. Found out by trying, once.

import { hasMultiMemory } from '../host/features.ts';
import type { InstrumentOptions } from '../instrument/index.ts';
import { runtimePages } from '../instrument/layout.ts';

export type EngineLayout = Required<Pick<InstrumentOptions, 'mapping' | 'singleMemory'>>;

let known: EngineLayout | undefined;

export function engineLayout(): EngineLayout {
  known ??= { mapping: canReserve(runtimePages(false)) ? 'flat' : 'paged', singleMemory: !hasMultiMemory() };
  return known;
}

/** Untouched pages cost address space only, but phones and 32-bit engines have little of that. */
function canReserve(pages: number): boolean {
  try {
    return new WebAssembly.Memory({ initial: pages }).buffer.byteLength > 0;
  } catch {
    return false;
  }
}
