// Flags that say how to instrument, shared by every command that does.

import { SanitizerError } from '../host/errors.ts';
import type { InstrumentOptions } from '../instrument/index.ts';
import { readAllocatorMap } from './allocator-map.ts';
import type { Flag } from './command.ts';

const ALLOCATOR_FLAG: Flag = {
  name: '--allocator',
  value: 'role=function',
  repeat: true,
  sentence: 'a function of the allocator, by name or index (roles: see `wasan inspect`)',
};

export const SINGLE_MEMORY_FLAG: Flag = {
  name: '--single-memory',
  sentence: 'for engines without multiple memories: the shadow lies in a second instance (slower)',
};

export const ALLOCATOR_FLAGS: readonly Flag[] = [
  ALLOCATOR_FLAG,
  {
    name: '--allocator-map',
    value: 'file.json',
    sentence: 'the same from a file: {"malloc": 12, "free": "dlfree", "stack pointer": 0}',
  },
  {
    name: '--glue',
    value: 'file.js',
    sentence: 'JavaScript that names minified exports (default: a file beside the module, of its name)',
  },
];

export const INSTRUMENT_FLAGS: readonly Flag[] = [
  { name: '--mode', value: 'inline|outline', sentence: 'inline checks (default), or call them: smaller and slower' },
  {
    name: '--mapping',
    value: 'flat|paged',
    sentence: 'shadow memory: flat (default), or paged for little address space',
  },
  { name: '-O0', sentence: 'check every access where it stands, also where nothing new can be found' },
  {
    name: '--use-after-scope',
    sentence: 'report variables used after their block (-O0 -g builds; may report correct C++)',
  },
  { name: '--threads', sentence: 'a program with shared memory: one instance per worker, which share `wasan.memory`' },
  ...ALLOCATOR_FLAGS,
];

type Values = ReadonlyMap<string, readonly string[]>;

export function instrumentOptions(
  values: Values,
): Pick<
  InstrumentOptions,
  'mode' | 'mapping' | 'singleMemory' | 'allocator' | 'stackPointer' | 'elide' | 'threads' | 'useAfterScope'
> {
  return {
    mode: choice(values, '--mode', ['inline', 'outline'] as const),
    mapping: choice(values, '--mapping', ['flat', 'paged'] as const),
    singleMemory: values.has(SINGLE_MEMORY_FLAG.name),
    ...allocatorOptions(values),
    elide: !values.has('-O0'),
    threads: values.has('--threads'),
    useAfterScope: values.has('--use-after-scope'),
  };
}

/** Where the allocator and the stack pointer are, as far as the user says. */
export function allocatorOptions(values: Values): Pick<InstrumentOptions, 'allocator' | 'stackPointer'> {
  const path = values.get('--allocator-map')?.[0];
  const { allocator, stackPointer } = path === undefined ? { allocator: {} } : readAllocatorMap(path);
  const map: Record<string, string> = { ...allocator };
  for (const item of values.get('--allocator') ?? []) {
    const at = item.indexOf('=');
    if (at < 1) throw new SanitizerError('E_USAGE', `--allocator takes role=function, not "${item}"`);
    map[item.slice(0, at)] = item.slice(at + 1);
  }
  return { allocator: map, ...(stackPointer === undefined ? {} : { stackPointer }) };
}

/** The first of `choices` is the default. */
function choice<T extends string>(values: Values, flag: string, choices: readonly T[]): T {
  const given = values.get(flag)?.[0];
  if (given === undefined) return choices[0]!;
  const match = choices.find((c) => c === given);
  if (match === undefined)
    throw new SanitizerError('E_USAGE', `${flag} is one of ${choices.join(', ')}, not "${given}"`);
  return match;
}
