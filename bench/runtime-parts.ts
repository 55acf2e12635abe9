// What the runtime's functions are for, by the files of runtime/ that hold them: names in a profile, as parts of the cost.

import { readFileSync } from 'node:fs';

/** The files of each part. What is in none of them is the rest of the runtime. */
export const RUNTIME_PARTS: Readonly<Record<string, readonly string[]>> = {
  'malloc and free': ['malloc', 'families', 'heap', 'release', 'chunk-life', 'chunks', 'redzone', 'original', 'tail', 'arena'],
  quarantine: ['quarantine', 'ready'],
  'allocation stacks': ['call-stack'],
  'drawing shadow': ['mapping', 'poison'],
  frames: ['stack', 'spare-stack'],
  'library calls': ['libc', 'strings'],
  'called checks': ['check', 'loops'],
}; // biome-ignore format: a table
export const REST = 'rest of the runtime';

/** How the name section of an instrumented module calls them: by the runtime's own name, or what was added around it. */
const NAME = /^__wasan[._](.+)/;
const DECLARED = /^(?:export )?function (\w+)/gm;

const partOf = new Map(
  Object.entries(RUNTIME_PARTS).flatMap(([part, files]) =>
    files.flatMap((file) => functionsOf(file).map((name) => [name, part] as const)),
  ),
);

/** Functions that a file of the runtime declares. */
export function functionsOf(file: string): string[] {
  const source = readFileSync(new URL(`../runtime/${file}.ts`, import.meta.url), 'utf8');
  return [...source.matchAll(DECLARED)].map((m) => m[1]!);
}

/** The part of a function by its name in the instrumented module; undefined if it is the program's. */
export function runtimePart(name: string): string | undefined {
  const own = NAME.exec(name)?.[1];
  return own === undefined ? undefined : (partOf.get(own) ?? REST);
}
