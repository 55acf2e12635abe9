// Checks what the program hands to imported functions before they run: the host reads and writes the program's memory
// without executing any of its instructions, so nothing else would notice.

import { BOUNDARY, type BoundaryTable, type Touch, WIDE } from './boundary-table.ts';
import { unguarded } from './guard.ts';
import { isObject } from './is-object.ts';
import { bytesWritten, listBefore } from './written-strings.ts';

/** What the boundary needs of the running module. */
export interface BoundaryTarget {
  /** The program's memory, once it runs. */
  memory(): Uint8Array | undefined;
  /** Judges a range for the function named, and reports it if it is bad. */
  check(call: HostCall, address: number, size: number, write: boolean): void;
  /** Told of memory that the program leaves to the host. */
  keep(address: number): void;
}

/** An imported function that is about to run. */
export interface HostCall {
  readonly module: string;
  readonly name: string;
}

type HostFunction = (...args: unknown[]) => unknown;

/** Bytes of an {address, bytes} pair. */
const VECTOR = 8;

export class Boundary {
  private readonly table: BoundaryTable;
  private readonly target: BoundaryTarget;
  /** What the last call of a function left at its out-pointers: "args_sizes_get 0" -> 3. */
  private readonly left = new Map<string, number>();
  /** By what they touch: one stub may stand in for many functions. */
  private readonly wrapped = new WeakMap<HostFunction, Map<readonly Touch[], HostFunction>>();

  constructor(target: BoundaryTarget, more: BoundaryTable = {}) {
    this.target = target;
    this.table = merge(BOUNDARY, more);
  }

  /** The import object with checks in front of the functions in the table. It is looked through, never copied. */
  wrap(imports: WebAssembly.Imports): WebAssembly.Imports {
    return new Proxy(imports, {
      get: (target, key, receiver) => {
        const module: WebAssembly.ModuleImports = Reflect.get(target, key, receiver);
        return typeof key === 'string' && isObject(module) ? this.wrapModule(key, module) : module;
      },
    });
  }

  private wrapModule(module: string, functions: WebAssembly.ModuleImports): WebAssembly.ModuleImports {
    return new Proxy(functions, {
      get: (target, key, receiver) => {
        const value: unknown = Reflect.get(target, key, receiver);
        const rows = typeof key === 'string' ? this.rows(module, key) : undefined;
        if (!rows?.length || typeof value !== 'function') return value;
        return this.wrapFunction(value as HostFunction, { module, name: key as string }, rows);
      },
    });
  }

  private rows(module: string, name: string): readonly Touch[] | undefined {
    return own(own(this.table, module), name) ?? own(own(this.table, '*'), name);
  }

  private wrapFunction(original: HostFunction, call: HostCall, rows: readonly Touch[]): HostFunction {
    const wrappers = this.wrapped.get(original) ?? new Map<readonly Touch[], HostFunction>();
    const known = wrappers.get(rows);
    if (known) return known;
    const wide = call.module.startsWith('wasi_') ? own(WIDE, call.name) : undefined;
    const wrapper: HostFunction = (...given) => {
      const args = wide ? joined(given, wide) : given;
      // What the function touches is judged here, so its own views need not be.
      return unguarded(() => {
        for (const row of rows) this.judge(call, row, args);
        const judgeList = this.unsizedList(call, rows, args);
        const result = Reflect.apply(original, undefined, given);
        judgeList?.();
        for (const row of rows) if (row.bytes === 4) this.remember(call, row, args);
        return result;
      });
    };
    this.wrapped.set(original, wrappers.set(rows, wrapper));
    return wrapper;
  }

  private judge(call: HostCall, row: Touch, args: readonly unknown[]): void {
    const memory = this.target.memory();
    if (!memory) return;
    const address = unsigned(args[row.pointer]);
    const write = row.access === 'writes';
    const size = this.sizeOf(row, args, memory, address);
    if (row.kept) this.target.keep(address);
    if (!row.vectors) return this.target.check(call, address, size, write);
    this.target.check(call, address, size, false);
    const view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
    for (let at = address; at + VECTOR <= Math.min(address + size, memory.length); at += VECTOR) {
      this.target.check(call, view.getUint32(at, true), view.getUint32(at + 4, true), write);
    }
  }

  private sizeOf(row: Touch, args: readonly unknown[], memory: Uint8Array, address: number): number {
    if (row.bytes !== undefined) return row.bytes;
    const each = row.vectors ? VECTOR : (row.each ?? 1);
    if (row.length !== undefined) return unsigned(args[row.length]) * each;
    if (row.lengthFrom) return (this.left.get(row.lengthFrom.join(' ')) ?? 0) * each;
    const end = memory.indexOf(0, address);
    return (end < 0 ? memory.length : end) - address + 1;
  }

  /** Two rows whose sizes nobody has asked for, a list and its texts, are judged by what the host has written. */
  private unsizedList(
    call: HostCall,
    [list, text]: readonly Touch[],
    args: readonly unknown[],
  ): (() => void) | undefined {
    const before = this.target.memory();
    if (!list?.lengthFrom || !text?.lengthFrom || !before || this.left.has(list.lengthFrom.join(' '))) return undefined;
    const addresses = [unsigned(args[list.pointer]), unsigned(args[text.pointer])] as const;
    const old = listBefore(before, addresses[0]);
    return () => {
      const sizes = bytesWritten(this.target.memory()!, old, addresses);
      for (const [i, size] of sizes.entries()) this.target.check(call, addresses[i]!, size, true);
    };
  }

  private remember({ name }: HostCall, row: Touch, args: readonly unknown[]): void {
    const memory = this.target.memory();
    const address = unsigned(args[row.pointer]);
    if (!memory || address + 4 > memory.length) return;
    const view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
    this.left.set(`${name} ${row.pointer}`, view.getUint32(address, true));
  }
}

function merge(one: BoundaryTable, other: BoundaryTable): BoundaryTable {
  const modules = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...modules].map((module) => [module, { ...one[module], ...other[module] }]));
}

function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record && Object.hasOwn(record, key) ? record[key] : undefined;
}

/** Parameters without the upper halves of those of 64 bits, where these came in two. */
function joined(args: readonly unknown[], wide: readonly number[]): unknown[] {
  const whole = [...args];
  for (const i of wide) if (typeof whole[i] === 'number') whole.splice(i + 1, 1);
  return whole;
}

/** A parameter as an address or a size. */
function unsigned(value: unknown): number {
  if (typeof value === 'bigint') return Number(BigInt.asUintN(64, value));
  return typeof value === 'number' ? value >>> 0 : 0;
}
