// The leak check of a running module: gathers what the scan starts from (the module's globals, the stack pointer, what the
// host keeps, functions that are running) and judges what it found.

import {
  FLAG_RELEASES_SEEN,
  FLAG_TAIL_REDZONES,
  HEADER_CONTEXT_SIZE,
  HEADER_FLAGS,
  HEADER_PROGRAM_POINTER,
} from '../runtime/abi.ts';
import { functionReturns } from './function-results.ts';
import { findLeaks } from './leak-scan.ts';
import { readInfo } from './module-info.ts';
import type { ReportContext } from './report/describe.ts';
import { judgeLeaks, type LeakCheck } from './report/leaks.ts';
import { openImage, readU32, schemeOf } from './report/memory-image.ts';
import type { Suppression } from './report/suppressions.ts';
import type { SiteTable } from './site-table.ts';
import { stackPointer, unsigned } from './stack-tops.ts';
import { readWasmModule } from './symbols/wasm-module.ts';

/** What counts; names and defaults are those of LSAN_OPTIONS. */
export interface LeakOptions {
  readonly suppressions?: readonly Suppression[];
  readonly useGlobals?: boolean;
  readonly useStacks?: boolean;
  readonly useRegisters?: boolean;
  readonly useUnaligned?: boolean;
  readonly usePoisoned?: boolean;
  readonly resolution?: number;
  /** Addresses that the host (JavaScript) still holds. */
  readonly roots?: readonly number[];
}

/** What is known about the module and the moment. */
export interface LeakMoment {
  readonly original: Uint8Array;
  readonly instrumented: Uint8Array;
  readonly exports: WebAssembly.Exports;
  readonly memory0: Uint8Array;
  readonly memory1: Uint8Array;
  readonly sites: SiteTable | undefined;
  /** Functions on the engine's stack, in the original's numbering. */
  readonly running: ReadonlySet<number>;
  /** Addresses given to the host for as long as the program runs. */
  readonly kept: readonly number[];
  readonly serial: number;
  readonly context: ReportContext;
}

export function checkLeaks(moment: LeakMoment, options: LeakOptions): LeakCheck {
  const image = openImage(moment.memory1);
  // Functions that are not known may have freed a block.
  const isCertain = (readU32(image, HEADER_FLAGS) & (FLAG_TAIL_REDZONES | FLAG_RELEASES_SEEN)) !== FLAG_TAIL_REDZONES;
  const info = readInfo(moment.instrumented);
  const pointers = [...moment.kept, ...(options.roots ?? [])];
  const blocks = !isCertain
    ? []
    : findLeaks({
        memory0: moment.memory0,
        memory1: moment.memory1,
        pointers: options.useGlobals === false ? pointers : [...pointers, ...globalValues(moment.exports)],
        stackPointer: stackPointer(info, moment.exports),
        allocatorWords: new Set(info.allocatorWords),
        useGlobals: options.useGlobals ?? true,
        useStacks: options.useStacks ?? true,
        useUnaligned: options.useUnaligned ?? false,
        usePoisoned: options.usePoisoned ?? false,
        maybeInLocal:
          options.useRegisters === false ? () => false : localHolder(moment, readU32(image, HEADER_CONTEXT_SIZE)),
      });
  return judgeLeaks(
    blocks,
    {
      suppressions: options.suppressions ?? [],
      resolution: options.resolution ?? 0,
      scheme: schemeOf(image),
      pointerBytes: readU32(image, HEADER_PROGRAM_POINTER) === 8 ? 8 : 4,
      serial: moment.serial,
      thread: 0,
    },
    moment.context,
  );
}

/** Exports that the instrumenter adds for every number among the module's globals. */
function globalValues(exports: WebAssembly.Exports): number[] {
  return Object.entries(exports)
    .filter(([name, value]) => name.startsWith('__wasan_global_') && value instanceof WebAssembly.Global)
    .map(([, value]) => unsigned((value as WebAssembly.Global).value as number | bigint));
}

/**
 * Locals of WebAssembly functions cannot be read. But an address that is nowhere in memory can only have come to a running
 * function as the result of calls that have returned: from the allocator up, each of them must return a value. The
 * entry point keeps nothing that its callees return, since that is the program's exit code.
 */
function localHolder(moment: LeakMoment, contextSize: number): (sites: readonly number[]) => boolean {
  const { sites, running, original } = moment;
  const returns = functionReturns(original);
  const { exportedFunctions } = readWasmModule(original);
  return (stack) => {
    if (running.size === 0) return false;
    for (const [depth, id] of stack.entries()) {
      const func = sites?.site(id)?.functionIndex;
      if (func === undefined) return true;
      if (running.has(func)) return depth === 0 || exportedFunctions.get(func) !== '_start';
      if (!returns(func)) return false;
    }
    return stack.length >= contextSize; // the rest of the stack was not kept
  };
}
