// Which bodies hold a byte that stands among certain others. The engine's own search for a byte passes over the rest of the code
// several times faster than a loop does, so that few bodies are looked at closely.

import type { Body, Module } from './module.ts';

/** Indices of the bodies that hold `byte` at a place of which something is true, in order. */
export function bodiesWhere(
  { bytes, bodies }: Module,
  byte: number,
  holds: (at: number, body: Body) => boolean,
): number[] {
  const found: number[] = [];
  let i = 0;
  let at = 0;
  while (i < bodies.length) {
    const body = bodies[i]!;
    at = bytes.indexOf(byte, Math.max(at, body.start));
    if (at < 0) break;
    while (i < bodies.length && bodies[i]!.end <= at) i++;
    const holder = bodies[i];
    if (!holder || at < holder.start) continue;
    if (holds(at, holder)) {
      found.push(i++);
      at = holder.end;
    } else at++;
  }
  return found;
}
