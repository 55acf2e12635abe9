// A map file: which functions are a module's allocator and which global is its stack pointer, for a module in which wasan
// finds them not at all or wrongly. JSON: {"malloc": 12, "free": "dlfree", "stack pointer": 0}; roles as `wasan inspect` has them.

import { SanitizerError } from '../host/errors.ts';
import { readText } from './module-file.ts';

const STACK_POINTER = 'stack pointer';

export interface AllocatorMap {
  readonly allocator: Record<string, string>;
  readonly stackPointer?: number;
}

export function readAllocatorMap(path: string): AllocatorMap {
  const refuse = (what: string): never => {
    throw new SanitizerError('E_USAGE', `${path}: ${what}`);
  };
  const map = parse(readText(path), refuse);
  const allocator: Record<string, string> = {};
  for (const [key, value] of Object.entries(map)) {
    const isIndex = Number.isInteger(value) && (value as number) >= 0;
    if (key === STACK_POINTER && !isIndex) refuse(`"${key}" is not the index of a global`);
    if (!isIndex && typeof value !== 'string') refuse(`"${key}" is neither a name nor an index`);
    if (key !== STACK_POINTER) allocator[key] = String(value);
  }
  const stackPointer = map[STACK_POINTER] as number | undefined;
  return { allocator, ...(stackPointer === undefined ? {} : { stackPointer }) };
}

function parse(text: string, refuse: (what: string) => never): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    refuse((error as Error).message);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse('it is not a JSON object');
  return value as Record<string, unknown>;
}
