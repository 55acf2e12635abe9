// The suite's programs built for WASI, those that can be built here.

import { buildWasi, type Sources, sourcesOf } from './build.ts';
import { PROGRAMS, type Program } from './suite.ts';

export interface BuiltProgram {
  readonly program: Program;
  readonly sources: Sources;
  /** The module's file. */
  readonly path: string;
}

export interface Suite {
  readonly built: readonly BuiltProgram[];
  /** Program and reason. */
  readonly missing: readonly (readonly [name: string, reason: string])[];
}

let suite: Promise<Suite> | undefined;

export function buildSuite(): Promise<Suite> {
  suite ??= build();
  return suite;
}

async function build(): Promise<Suite> {
  const built: BuiltProgram[] = [];
  const missing: (readonly [string, string])[] = [];
  for (const program of PROGRAMS) {
    const sources = sourcesOf(program);
    if ('reason' in sources) missing.push([program.name, sources.reason]);
    else built.push({ program, sources, path: await buildWasi(program, sources) });
  }
  return { built, missing };
}
