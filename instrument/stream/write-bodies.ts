// Writes the program's bodies, changed as planned, one after the other: all of them, or a range whose code, sites and hints
// are put together with those of others later.

import type { Plan, Target } from '../plan.ts';
import type { Writer } from '../wasm/bytes.ts';
import type { Module } from '../wasm/module.ts';
import type { CodeTables } from './checked-accesses.ts';
import { BodyRewriter } from './rewrite-body.ts';

/** Appends bodies [from, to) to `out`, sizes first. Answers which exports of the runtime their code calls. */
export function writeBodies(
  program: Module,
  plan: Plan,
  target: Target,
  { tables, out, range, before, after }: BodyOutput,
): ReadonlySet<string> {
  const rewriter = new BodyRewriter(program.bytes, target, tables, plan.reachesAllocator);
  for (let i = range[0]; i < range[1]; i++) {
    before?.(i);
    const func = program.importedFunctions + i;
    const type = program.types[program.functions[func]!]!;
    rewriter.rewrite(program.bodies[i]!, type, plan.functions[i]!, out, plan.elision?.actions(i));
    tables.hints.endBody(target.functionMap[func]!, rewriter.headerBytes);
    after?.(i);
  }
  return rewriter.called;
}

export interface BodyOutput {
  readonly tables: CodeTables;
  readonly out: Writer;
  /** Indices of bodies: the first, and the one behind the last. */
  readonly range: readonly [number, number];
  /** Makes the plan of a body that is about to be written, where the plan does not hold it already. */
  readonly before?: (body: number) => void;
  readonly after?: (body: number) => void;
}
