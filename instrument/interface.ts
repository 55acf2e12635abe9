// The sanitizer interface in a module: what it imports of it, and what it defines for the runtime.

import { InstrumentError } from './errors.ts';
import { HOOKS, type HookRow, interfaceRow, typeOf } from './interface-table.ts';
import { type FuncType, type Import, KIND, type Module } from './wasm/module.ts';
import { functionNames } from './wasm/names.ts';
import { TYPE } from './wasm/opcodes.ts';

/** Names of the sanitizer ABI: a program compiled with -fsanitize=(kernel-)address imports them. */
export function isAbi(name: string): boolean {
  return /^__(asan|lsan|sanitizer)_/.test(name);
}

export function isHook(name: string): boolean {
  return HOOKS.some((hook) => hook.name === name);
}

/** Imports of the interface, from whatever module. Throws for one of another type, which the program would call wrongly. */
export function interfaceImports(module: Module): Import[] {
  return module.imports.filter((entry) => {
    const row = entry.kind === KIND.FUNC ? interfaceRow(entry.name) : undefined;
    if (row) refuseOther(module, entry.index, row.type, `imports "${entry.module}.${entry.name}"`);
    return row !== undefined;
  });
}

/** Those whose callers' stacks are kept. */
export function recordedImports(module: Module): number[] {
  return interfaceImports(module)
    .filter((entry) => interfaceRow(entry.name)?.keepsStack)
    .map((entry) => entry.index);
}

/** The functions that the module defines for the runtime, by export or by name. */
export function findHooks(module: Module): Map<HookRow, number> {
  const byName = new Map(HOOKS.map((hook) => [hook.name, hook]));
  const found = new Map<HookRow, number>();
  const add = (name: string, func: number) => {
    const hook = byName.get(name);
    if (!hook || found.has(hook) || func < module.importedFunctions) return;
    refuseOther(module, func, hook.type, `defines "${name}"`);
    found.set(hook, func);
  };
  for (const entry of module.exports) if (entry.kind === KIND.FUNC) add(entry.name, entry.index);
  for (const [index, name] of functionNames(module)) if (index < module.functions.length) add(name, index);
  return found;
}

/** Runtime import of module "program" -> the program's function. */
export function calledHooks(module: Module): Map<string, number> {
  return new Map([...findHooks(module)].flatMap(([{ called }, func]) => (called ? [[called, func] as const] : [])));
}

function refuseOther(module: Module, func: number, type: string, does: string): void {
  const wanted = typeOf(type, module);
  const given = module.types[module.functions[func]!]!;
  if (text(given) === text(wanted)) return;
  throw new InstrumentError('E_INTERFACE', `it ${does} as ${text(given)}, which is ${text(wanted)}`);
}

const NAMES: Readonly<Record<number, string>> = {
  [TYPE.I32]: 'i32',
  [TYPE.I64]: 'i64',
  [TYPE.F32]: 'f32',
  [TYPE.F64]: 'f64',
};

function text({ params, results }: FuncType): string {
  const list = (types: readonly number[]) => types.map((type) => NAMES[type] ?? 'another type').join(', ');
  return `(${list(params)})${results.length > 0 ? ` -> ${list(results)}` : ''}`;
}
