// A module that is no command: one of its exports is called with the numbers the user wrote.

import { SanitizerError } from '../host/errors.ts';
import { makeWasi, type Streams, wasiImports } from './command.ts';
import type { Job } from './messages.ts';

export type Exported = (...args: (number | bigint)[]) => unknown;

/** Answers what the export returned. */
export async function callExport(module: WebAssembly.Module, job: Job, streams: Streams): Promise<string> {
  const functions = WebAssembly.Module.exports(module).flatMap((e) => (e.kind === 'function' ? [e.name] : []));
  const { name, args } = parseCall(job.call, functions);
  const system = makeWasi(job, streams);
  const instance = await WebAssembly.instantiate(module, wasiImports(module, system));
  system.initialize(instance as Parameters<typeof system.initialize>[0]);
  if (name === undefined) return 'The module was instantiated. It exports no function to call.';
  return callOne(name, instance.exports[name] as Exported, args);
}

/** The same for functions that a module's JavaScript gives it. */
export async function callAmong(functions: Readonly<Record<string, Exported>>, call: string): Promise<string> {
  const { name, args } = parseCall(call, Object.keys(functions));
  return name === undefined ? 'There is no function to call.' : callOne(name, functions[name]!, args);
}

async function callOne(name: string, func: Exported, args: (number | bigint)[]): Promise<string> {
  const result = await func(...args);
  return `${name}(${args.join(', ')}) returned ${result === undefined ? 'nothing' : String(result)}.`;
}

/** "name", "name(1, 2n)"; without either, "main" or the only function there is. */
export function parseCall(
  call: string,
  functions: readonly string[],
): { name: string | undefined; args: (number | bigint)[] } {
  const match = /^\s*([^()]*?)\s*(?:\(([^()]*)\)\s*)?$/.exec(call);
  if (!match) throw new SanitizerError('E_USAGE', `"${call}" is not a call such as run(1, 2)`);
  const wanted = match[1] || (functions.includes('main') ? 'main' : functions.length === 1 ? functions[0] : undefined);
  if (wanted === undefined) {
    if (functions.length === 0) return { name: undefined, args: [] };
    throw new SanitizerError('E_NO_ENTRY', `say which function to call: ${list(functions)}`);
  }
  if (!functions.includes(wanted)) {
    throw new SanitizerError('E_NO_ENTRY', `it exports no function "${wanted}", but ${list(functions)}`);
  }
  const texts = (match[2] ?? '').split(',').map((text) => text.trim());
  return { name: wanted, args: texts.filter((text) => text !== '').map(numberOf) };
}

function numberOf(text: string): number | bigint {
  const isBig = /^-?\d+n$/.test(text);
  const value = isBig ? BigInt(text.slice(0, -1)) : Number(text);
  if (typeof value === 'number' && Number.isNaN(value))
    throw new SanitizerError('E_USAGE', `"${text}" is not a number`);
  return value;
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 12).join(', ');
  return names.length > 12 ? `${shown} and ${names.length - 12} more` : shown || 'none';
}
