// Library functions whose operands a fuzzer learns from: what memcmp and strcmp compare and memmem looks for. They are known by
// the function called, and behind a function pointer by their places in the table.

import { COMPARE_FLAG } from './coverage-flags.ts';
import type { Libc } from './libc.ts';
import { type Module, pointerType, signatureOf } from './wasm/module.ts';

/** How a call is shown to the runtime. */
export interface TracedCall {
  /** Export of the runtime. */
  readonly trace: 'trace_memory' | 'trace_search' | 'trace_string';
  /** The function's parameters, as value types. */
  readonly types: readonly number[];
  readonly flags: number;
}

/** One that is called through the first table. */
export interface TracedSlot extends TracedCall {
  readonly slot: number;
}

export class TracedCalls {
  private readonly module: Module;
  private readonly libc: Libc;
  private readonly slots: readonly (TracedSlot & { readonly type: string })[];

  constructor(module: Module, libc: Libc) {
    this.module = module;
    this.libc = libc;
    this.slots = module.elements.flatMap(({ functions, slot, table }) =>
      slot === undefined || table !== 0
        ? []
        : functions.flatMap((func, i) => {
            const call = func < 0 ? undefined : this.direct(func);
            return call ? [{ ...call, slot: slot + i, type: signatureOf(module.types[module.functions[func]!]!) }] : [];
          }),
    );
  }

  direct(func: number): TracedCall | undefined {
    const pointer = pointerType(this.module);
    const call = (trace: TracedCall['trace'], count: number, flags: number): TracedCall => ({
      trace,
      types: new Array<number>(count).fill(pointer),
      flags,
    });
    switch (this.libc.byIndex.get(func)?.role.check) {
      case 'libc_memcmp':
        return call('trace_memory', 3, COMPARE_FLAG.MEMORY);
      case 'libc_memmem':
        return call('trace_search', 4, COMPARE_FLAG.MEMORY);
      case 'libc_strncmp':
      case 'libc_strncasecmp':
        return call('trace_string', 3, COMPARE_FLAG.STRING);
      case 'libc_strcmp':
      case 'libc_strcasecmp':
      case 'libc_strstr':
      case 'libc_strcasestr':
        return call('trace_string', 2, COMPARE_FLAG.STRING);
      default:
        return undefined;
    }
  }

  /** Those that an indirect call of this type may reach. A program may fill the table anew: of what it puts there nothing is told. */
  indirect(type: number): readonly TracedSlot[] {
    if (this.slots.length === 0) return this.slots;
    const wanted = signatureOf(this.module.types[type]!);
    return this.slots.filter((slot) => slot.type === wanted);
  }
}
